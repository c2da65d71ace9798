import type { Key } from "./key_ring.ts";

/** An address, and the last key that came from it. */
interface KnownAddress {
  /** Undefined: a configured bot's token, which cannot be revoked. */
  key: Key | undefined;
  provedAtMs: number;
  /** When it last became the newest of all. */
  movedAtMs: number;
}

/** How long an address stays known; a running bot uses its key more often. */
const KNOWN_MS = 3_600_000;

/** As many hosts as a large private network has, at some 200 bytes each. */
const ADDRESSES_MAX = 10_000;

/** How exact the order of addresses is: moving one with every request would cost time for nothing. */
const MOVED_MS = 60_000;

/**
 * The addresses that a key has come from lately. A call without a key from such
 * an address is taken for one of the same program.
 */
export class KnownAddresses {
  readonly #known = new Map<string, KnownAddress>();

  get size(): number {
    return this.#known.size;
  }

  /** Notes that a caller at `address` has proved to know `key`. */
  add(address: string, key: Key | undefined, nowMs: number): void {
    const known = this.#known.get(address);
    if (known !== undefined && nowMs - known.movedAtMs < MOVED_MS) {
      known.key = key;
      known.provedAtMs = nowMs;
      return;
    }
    this.#known.delete(address);
    this.#known.set(address, { key, provedAtMs: nowMs, movedAtMs: nowMs });
    if (this.#known.size <= ADDRESSES_MAX) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }

  /** Whether a key that `isValid` came from there within the last hour. */
  has(
    address: string,
    nowMs: number,
    isValid: (key: Key) => boolean,
  ): boolean {
    const known = this.#known.get(address);
    if (known === undefined || nowMs - known.provedAtMs > KNOWN_MS) {
      return false;
    }
    return known.key === undefined || isValid(known.key);
  }
}
