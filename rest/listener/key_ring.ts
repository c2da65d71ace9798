import { ALL_RIGHTS, type KeyEntry, type KeyRights } from "../domain/access.ts";
import {
  type Digest,
  digestFromHex,
  digestOf,
  isSameDigest,
} from "./digest.ts";
import { ProvenSecrets } from "./proven_secrets.ts";

/** A key a caller has proved to know. */
export interface Key {
  /** How the operator calls it; safe to log. */
  readonly name: string;
  /** Tells it from another key of the same name, before or after it. */
  readonly sha256: string;
  readonly rights: KeyRights;
}

/** The keys that open the proxy. */
export interface KeyRing {
  /** Counts how often the keys were replaced. */
  readonly generation: number;
  /** The key that was presented, or undefined where it is none of ours. */
  keyOf(presented: string): Key | undefined;
  /** The key as it is now; undefined where it has been taken away since it was shown. */
  current(key: Key): Key | undefined;
  /** False where every key may do everything, so that nothing has to be looked up. */
  readonly hasBounds: boolean;
  /** What the key of this name may do; undefined where there is none. */
  rightsOf(name: string): KeyRights | undefined;
  /** Puts these keys in the place of all that were there. */
  replace(keys: readonly KeyEntry[]): void;
}

interface HeldKey {
  readonly key: Key;
  readonly digest: Digest;
}

/** A ring of keys, held as digests. */
export function createKeyRing(
  keys: readonly KeyEntry[],
  isSame: (one: Digest, other: Digest) => boolean = isSameDigest,
): KeyRing {
  let held = holdAll(keys);
  let proven = new ProvenSecrets<Key>();
  let hasBounds = areBound(keys);
  let generation = 0;

  function prove(presented: string): Key | undefined {
    const digest = digestOf(presented);
    let found: Key | undefined;
    // All of them, always: leaving early would tell which key came close.
    for (const entry of held.values()) {
      if (isSame(digest, entry.digest)) found = entry.key;
    }
    if (found !== undefined) proven.add(presented, found);
    return found;
  }

  return {
    get generation() {
      return generation;
    },
    get hasBounds() {
      return hasBounds;
    },
    keyOf: (presented) => proven.find(presented) ?? prove(presented),
    current({ name, sha256 }) {
      const key = held.get(name)?.key;
      return key?.sha256 === sha256 ? key : undefined;
    },
    rightsOf: (name) => held.get(name)?.key.rights,
    replace(keys) {
      held = holdAll(keys);
      hasBounds = areBound(keys);
      proven = new ProvenSecrets();
      generation++;
    },
  };
}

function areBound(keys: readonly KeyEntry[]): boolean {
  return keys.some(({ rights }) => rights !== ALL_RIGHTS);
}

function holdAll(keys: readonly KeyEntry[]): ReadonlyMap<string, HeldKey> {
  return new Map(keys.map((key) => {
    const { name, sha256, rights } = key;
    const digest = digestFromHex(sha256);
    return [name, { key: { name, sha256, rights }, digest }];
  }));
}
