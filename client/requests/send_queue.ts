import type { Exchange } from "./exchange.ts";

/**
 * The requests that wait in this process, first in, first out. A line (one
 * verb and path) can be held back while the others go on: one refused request
 * delays nobody but those that must not overtake it.
 */
export class Outbox {
  /** In order from `#head` on; taken and removed ones stay until the next tidying. */
  #line: Exchange[] = [];
  #head = 0;
  readonly #held = new Map<string, Exchange[]>();
  /** Everything that waits, held lines included. */
  readonly #waiting = new Set<Exchange>();
  #bytes = 0;

  get size(): number {
    return this.#waiting.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Puts a new request at the end. */
  push(exchange: Exchange): void {
    this.#line.push(exchange);
    this.#enter(exchange);
  }

  /** Puts requests back where they belong: before everything younger. */
  putBack(exchanges: readonly Exchange[]): void {
    for (const exchange of exchanges) this.#enter(exchange);
    this.#merge(exchanges);
  }

  /** Holds back a request and with it the others of its line. */
  hold(exchange: Exchange): void {
    this.#enter(exchange);
    this.#joinHeld(exchange);
  }

  /** Lets a held line go on; its requests are the oldest and so come next. */
  letGo(lineKey: string): void {
    const held = this.#held.get(lineKey) ?? [];
    this.#held.delete(lineKey);
    this.#merge(held.filter((exchange) => this.#waiting.has(exchange)));
  }

  /** The next request that may go, taken out; undefined when there is none. */
  next(): Exchange | undefined {
    while (this.#head < this.#line.length) {
      const exchange = this.#line[this.#head++];
      if (exchange === undefined || !this.#waiting.has(exchange)) continue;
      if (this.#held.has(exchange.lineKey)) {
        this.#joinHeld(exchange);
        continue;
      }
      this.remove(exchange);
      return exchange;
    }
    this.#tidy();
    return undefined;
  }

  /** Takes a request out wherever it waits; false when it does not. */
  remove(exchange: Exchange): boolean {
    if (!this.#waiting.delete(exchange)) return false;
    this.#bytes -= exchange.bytes;
    // Taken and removed entries never outnumber the waiting ones by much.
    if (this.#line.length > 2 * this.#waiting.size + TIDY_ABOVE) this.#tidy();
    return true;
  }

  /** Everything that waits, in order. */
  all(): Exchange[] {
    return [...this.#waiting].sort(byOrder);
  }

  #enter(exchange: Exchange): void {
    if (this.#waiting.has(exchange)) return;
    this.#waiting.add(exchange);
    this.#bytes += exchange.bytes;
  }

  #joinHeld(exchange: Exchange): void {
    const held = this.#held.get(exchange.lineKey);
    if (held === undefined) this.#held.set(exchange.lineKey, [exchange]);
    else held.push(exchange);
  }

  #merge(exchanges: readonly Exchange[]): void {
    // A request removed and put back may still have its spent entry in the line.
    const line = new Set([...this.#remaining(), ...exchanges]);
    this.#line = [...line].sort(byOrder);
    this.#head = 0;
  }

  #remaining(): Exchange[] {
    return this.#line
      .slice(this.#head)
      .filter((exchange) => this.#waiting.has(exchange));
  }

  #tidy(): void {
    this.#line = this.#remaining();
    this.#head = 0;
  }
}

/** Below this many spent entries tidying costs more than it saves. */
const TIDY_ABOVE = 64;

function byOrder(one: Exchange, other: Exchange): number {
  return one.order - other.order;
}
