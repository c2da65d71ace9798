import {
  ALL_RIGHTS,
  type KeyEntry,
  type KeyRights,
} from "../../domain/access.ts";
import {
  type Digest,
  digestFromHex,
  digestOf,
  isSameDigest,
} from "./digest.ts";
import { ProvenSecrets } from "./proven_secrets.ts";

/** A configured key that a caller has sent. */
export interface Key {
  /** Its name in the configuration; safe to log. */
  readonly name: string;
  /** Distinguishes it from an earlier or later key of the same name. */
  readonly sha256: string;
  readonly rights: KeyRights;
}

/** All keys in force. */
export interface KeyRing {
  /** How often the keys have been replaced. */
  readonly generation: number;
  /** The configured key that was presented; undefined where it is none. */
  keyOf(presented: string): Key | undefined;
  /** The key as it is now; undefined where it has been revoked. */
  current(key: Key): Key | undefined;
  /** The key with this name; undefined where there is none. */
  keyNamed(name: string): Key | undefined;
  /** False where every key may do everything, so that no rights have to be looked up. */
  readonly hasBounds: boolean;
  /** The rights of the key with this name; undefined where there is none. */
  rightsOf(name: string): KeyRights | undefined;
  /** Replaces all keys. */
  replace(keys: readonly KeyEntry[]): void;
}

interface KeyWithDigest {
  readonly key: Key;
  readonly digest: Digest;
}

/** Creates a ring of keys, of which only the digests are kept. */
export function createKeyRing(
  keys: readonly KeyEntry[],
  isSame: (one: Digest, other: Digest) => boolean = isSameDigest,
): KeyRing {
  let byName = byNameOf(keys);
  let proven = new ProvenSecrets<Key>();
  let hasBounds = areBound(keys);
  let generation = 0;

  function prove(presented: string): Key | undefined {
    const digest = digestOf(presented);
    let found: Key | undefined;
    // Always compare all of them: stopping early would tell which key came close.
    for (const entry of byName.values()) {
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
      const key = byName.get(name)?.key;
      return key?.sha256 === sha256 ? key : undefined;
    },
    keyNamed: (name) => byName.get(name)?.key,
    rightsOf: (name) => byName.get(name)?.key.rights,
    replace(keys) {
      byName = byNameOf(keys);
      hasBounds = areBound(keys);
      proven = new ProvenSecrets();
      generation++;
    },
  };
}

function areBound(keys: readonly KeyEntry[]): boolean {
  return keys.some(({ rights }) => rights !== ALL_RIGHTS);
}

function byNameOf(
  keys: readonly KeyEntry[],
): ReadonlyMap<string, KeyWithDigest> {
  return new Map(keys.map((key) => {
    const { name, sha256, rights } = key;
    const digest = digestFromHex(sha256);
    return [name, { key: { name, sha256, rights }, digest }];
  }));
}
