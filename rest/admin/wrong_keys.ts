import { RecentMap } from "../collections/recent_map.ts";

/** Everybody mistypes; after so many tries it is no slip any more. */
const FREE_TRIES = 3;
const WAIT_FIRST_MS = 1_000;
const WAIT_MAX_MS = 60_000;
/** Addresses remembered. */
const ADDRESSES = 1_000;

interface Tries {
  count: number;
  untilMs: number;
}

/** Makes whoever tries wrong keys wait longer and longer, by the address. */
export class WrongKeys {
  readonly #byAddress = new RecentMap<string, Tries>(ADDRESSES);

  /** How long this address has to wait before it may try; 0: not at all. */
  waitMs(address: string, nowMs: number): number {
    const untilMs = this.#byAddress.get(address)?.untilMs ?? 0;
    return Math.max(0, untilMs - nowMs);
  }

  note(address: string, nowMs: number): void {
    const count = (this.#byAddress.get(address)?.count ?? 0) + 1;
    const waitMs = count < FREE_TRIES
      ? 0
      : Math.min(WAIT_MAX_MS, WAIT_FIRST_MS * 2 ** (count - FREE_TRIES));
    this.#byAddress.set(address, { count, untilMs: nowMs + waitMs });
  }
}
