import type { Clock } from "../../domain/ports.ts";
import { HeldBytes, type Taking } from "./held_bytes.ts";

/** A part of the bytes of bodies that may be held: what is taken here is taken there, too. */
export class HeldShare {
  readonly #own: HeldBytes;
  readonly #all: HeldBytes;

  constructor(limitBytes: number, all: HeldBytes, clock: Clock) {
    this.#own = new HeldBytes(limitBytes, clock);
    this.#all = all;
  }

  /** Takes room that is free right now, and says whether there was. */
  tryTake(bytes: number): boolean {
    if (!this.#own.tryTake(bytes)) return false;
    if (this.#all.tryTake(bytes)) return true;
    this.#own.give(bytes);
    return false;
  }

  /** Waits for room in the part first, then among all. */
  async take(
    bytes: number,
    untilMs: number,
    callerGone: AbortSignal,
  ): Promise<Taking> {
    const own = await this.#own.take(bytes, untilMs, callerGone);
    if (own !== "taken") return own;
    const taking = await this.#all.take(bytes, untilMs, callerGone);
    if (taking !== "taken") this.#own.give(bytes);
    return taking;
  }

  give(bytes: number): void {
    this.#own.give(bytes);
    this.#all.give(bytes);
  }
}
