import { Watch, type Watched } from "./watch.ts";

/** The exchanges under way, and how many have ended in this turn of the event loop. */
export class Exchanges extends Watch {
  #endedThisTurn = 0;

  get endedThisTurn(): number {
    return this.#endedThisTurn;
  }

  override delete(watched: Watched): void {
    super.delete(watched);
    if (this.#endedThisTurn++ === 0) setImmediate(this.#startTurn);
  }

  readonly #startTurn = (): void => {
    this.#endedThisTurn = 0;
  };
}
