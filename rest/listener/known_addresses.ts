import type { Key } from "./key_ring.ts";

/** An address that has sent a key, and which. */
interface KnownAddress {
  /** Undefined: it sent the token of a bot of ours, which nobody takes back. */
  key: Key | undefined;
  provedAtMs: number;
  /** When it was last moved behind all others. */
  movedAtMs: number;
}

/** A bot that has logged in asks for something with its key more often than this. */
const KNOWN_MS = 3_600_000;

/** As many hosts as a private network of containers has, at some 200 bytes each. */
const ADDRESSES_MAX = 10_000;

/** The order of addresses is kept to this: to move one with every request would cost more than it tells. */
const MOVED_MS = 60_000;

/**
 * The addresses that a key has come from lately: who calls from there without
 * a key is taken for the same program.
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
