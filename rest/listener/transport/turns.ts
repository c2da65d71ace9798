import type { Connection } from "./connections.ts";

/** Requests of one connection that may wait for their turn: far more than any client sends ahead of answers. */
const WAITING_MAX = 16;

/**
 * Has the requests of a connection of HTTP/1.1 answered one after the other, as
 * they have to be (RFC 9112, 9.3.2). Side by side, answers would lie in memory
 * behind one that is late or that nobody reads, as many as somebody without a
 * key cares to ask for.
 */
export class Turns {
  readonly #connection: Connection;
  readonly #waiting: (() => void)[] = [];

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Begins now, or once those before are answered; cuts the connection where too many wait. */
  take(begin: () => void): void {
    if (this.#connection.isIdle) return begin();
    if (this.#waiting.length < WAITING_MAX) this.#waiting.push(begin);
    else this.#connection.destroy();
  }

  /** The one before has been answered. */
  next(): void {
    this.#waiting.shift()?.();
  }

  /** Nobody is there any more to be answered. */
  stop(): void {
    this.#waiting.length = 0;
  }
}
