import { Deque } from "../collections/deque.ts";

/** A request's turn among those of its order group that pass this door. */
export interface Turn {
  /** Gives the turn to the next one; to call it twice does no harm. */
  end(): void;
}

/**
 * Keeps the order of requests that a door hands on: HTTP/1.1 connections
 * overtake one another, so the next one of an order group leaves when the one
 * before has been accepted, or has an end.
 */
export class OrderLines {
  readonly #lines = new Map<string, Deque<() => void>>();

  /** Whether anybody of this group has not been accepted yet. */
  has(key: string): boolean {
    return this.#lines.size > 0 && this.#lines.has(key);
  }

  /** Takes the last place of a group and calls `begin` when its turn has come, which may be at once. */
  enter(key: string, begin: (turn: Turn) => void): void {
    const line = this.#lines.get(key);
    if (line !== undefined) return line.push(() => begin(this.#turn(key)));
    this.#lines.set(key, new Deque());
    begin(this.#turn(key));
  }

  #turn(key: string): Turn {
    let isOver = false;
    return {
      end: () => {
        if (isOver) return;
        isOver = true;
        this.#next(key);
      },
    };
  }

  #next(key: string): void {
    const begin = this.#lines.get(key)?.shift();
    if (begin === undefined) this.#lines.delete(key);
    else begin();
  }
}
