import {
  type AddressBook,
  ADDRESSES_MAX,
  type AddressPort,
  type KeptAddress,
  KNOWN_MS,
} from "../../domain/kept_address.ts";
import type { Clock } from "../../domain/ports.ts";
import type { AddressMarks, Shown } from "./address_marks.ts";

/** An address, and what was last shown there. */
interface KnownAddress {
  shown: Shown;
  usedAtMs: number;
  /** When it last became the newest of all, and was kept. */
  movedAtMs: number;
}

/** How exact the order of addresses is, and what is kept of them: moving one with every request would cost time for nothing. */
const MOVED_MS = 60_000;

/** What known addresses are made with. */
export interface KnownAddressesDeps {
  readonly clock: Clock;
  readonly marks: AddressMarks;
}

/**
 * The addresses that a key has come from lately. A call without a key from such
 * an address is taken for one of the same program.
 */
export class KnownAddresses implements AddressPort {
  readonly #deps: KnownAddressesDeps;
  /** The one that moved first is the first. */
  readonly #known = new Map<string, KnownAddress>();
  #book: AddressBook | undefined;

  constructor(deps: KnownAddressesDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#known.size;
  }

  /** Notes that a caller at `address` has shown a key or a bot's token, where that may open it. */
  add(address: string, shown: Shown): void {
    const { clock, marks } = this.#deps;
    const nowMs = clock.nowMs();
    const known = this.#known.get(address);
    const isDue = known === undefined || isToMove(known, nowMs);
    if (isDue || known.shown !== shown) {
      if (!marks.isOpening(shown)) return;
      // What follows a key that was taken back is kept at once.
      if (isDue || !marks.isOpening(known.shown)) {
        return this.#move(address, shown, nowMs);
      }
    }
    known.shown = shown;
    known.usedAtMs = nowMs;
  }

  /** Whether a key that is still valid came from there within the last 30 days, or a call that this was asked about; from now on they begin anew. */
  use(address: string): boolean {
    const { clock, marks } = this.#deps;
    const nowMs = clock.nowMs();
    const known = this.#known.get(address);
    if (known === undefined || nowMs - known.usedAtMs > KNOWN_MS) return false;
    if (!marks.isOpening(known.shown)) return false;
    if (isToMove(known, nowMs)) this.#move(address, known.shown, nowMs);
    else known.usedAtMs = nowMs;
    return true;
  }

  keepIn(book: AddressBook): void {
    this.#book = book;
  }

  take(kept: readonly KeptAddress[]): void {
    const { clock, marks } = this.#deps;
    const [nowMs, wallMs] = [clock.nowMs(), clock.wallMs()];
    const inOrder = kept.toSorted((one, other) =>
      one.usedAtWallMs - other.usedAtWallMs
    );
    for (const one of inOrder) {
      // Another machine's calendar may be ahead of ours.
      const agoMs = Math.max(0, wallMs - one.usedAtWallMs);
      const usedAtMs = nowMs - agoMs;
      const known = this.#known.get(one.address);
      if (agoMs > KNOWN_MS || (known?.usedAtMs ?? -Infinity) >= usedAtMs) {
        continue;
      }
      const shown = marks.shownAt(one);
      if (shown === undefined) continue;
      this.#put(one.address, { shown, usedAtMs, movedAtMs: usedAtMs });
    }
  }

  /** Makes it the newest of all, and has it kept. */
  #move(address: string, shown: Shown, nowMs: number): void {
    this.#put(address, { shown, usedAtMs: nowMs, movedAtMs: nowMs });
    if (this.#book === undefined) return;
    const { clock, marks } = this.#deps;
    const kept = marks.mark(address, shown, clock.wallMs());
    if (kept !== undefined) this.#book.keep(kept);
  }

  #put(address: string, known: KnownAddress): void {
    this.#known.delete(address);
    this.#known.set(address, known);
    if (this.#known.size <= ADDRESSES_MAX) return;
    const [oldest] = this.#known.keys();
    if (oldest === undefined) return;
    this.#known.delete(oldest);
    this.#book?.forget(oldest);
  }
}

function isToMove({ movedAtMs }: KnownAddress, nowMs: number): boolean {
  return nowMs - movedAtMs >= MOVED_MS;
}
