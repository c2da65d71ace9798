import type { Secret } from "../domain/secret.ts";
import { type Digest, digestOf, isSameDigest } from "./digest.ts";

/** A key a caller has proved to know. */
export interface Key {
  /** How the operator calls it; safe to log. */
  readonly name: string;
}

/** The keys that open the proxy. */
export interface KeyRing {
  /** The key that was presented, or undefined where it is none of ours. */
  keyOf(presented: string): Key | undefined;
}

/** A ring of fixed keys, held as digests. */
export function createKeyRing(
  keys: ReadonlyArray<{ readonly name: string; readonly key: Secret }>,
  isSame: (one: Digest, other: Digest) => boolean = isSameDigest,
): KeyRing {
  const held = keys.map(({ name, key }) => ({
    key: { name },
    digest: digestOf(key.reveal()),
  }));
  return {
    keyOf(presented) {
      const digest = digestOf(presented);
      let found: Key | undefined;
      // All of them, always: leaving early would tell which key came close.
      for (const entry of held) {
        if (isSame(digest, entry.digest)) found = entry.key;
      }
      return found;
    },
  };
}
