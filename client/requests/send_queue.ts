import type { Clock } from "../api/ports.ts";
import type { Exchange } from "./exchange.ts";

/** Below this many spent entries tidying costs more than it saves. */
const TIDY_ABOVE = 64;

/** The requests of one order group while the proxy's wait lasts. */
interface DelayedGroup {
  readonly exchanges: Exchange[];
  untilMs: number;
  cancelTimer: () => void;
}

/**
 * The requests that wait in this process, first in, first out. An order group
 * (one verb and path) can be delayed while the others go on: a refused request
 * delays only those that must not overtake it.
 */
export class SendQueue {
  readonly #clock: Clock;
  readonly #onDelayOver: () => void;
  /** In order from `#head` on. Requests that were taken or removed stay until the next tidying. */
  #queue: Exchange[] = [];
  #head = 0;
  readonly #delayed = new Map<string, DelayedGroup>();
  /** Everything that waits, delayed groups included. */
  readonly #waiting = new Set<Exchange>();
  #bytes = 0;

  /** `onDelayOver` is called when a delayed group may go on. */
  constructor(clock: Clock, onDelayOver: () => void) {
    this.#clock = clock;
    this.#onDelayOver = onDelayOver;
  }

  get size(): number {
    return this.#waiting.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Puts a new request at the end. */
  push(exchange: Exchange): void {
    this.#queue.push(exchange);
    this.#enter(exchange);
  }

  /** Puts requests back where they belong: before everything younger. */
  putBack(exchanges: readonly Exchange[]): void {
    for (const exchange of exchanges) this.#enter(exchange);
    this.#merge(exchanges);
  }

  /**
   * Makes a request wait, and with it the others of its order group. Of several
   * waits the one that ends last counts.
   */
  delay(exchange: Exchange, waitMs: number): void {
    this.#enter(exchange);
    const { orderKey } = exchange;
    const untilMs = this.#clock.nowMs() + waitMs;
    const group = this.#delayed.get(orderKey);
    if (group === undefined) {
      const cancelTimer = this.#endDelayAfter(waitMs, orderKey);
      const exchanges = [exchange];
      this.#delayed.set(orderKey, { exchanges, untilMs, cancelTimer });
      return;
    }
    group.exchanges.push(exchange);
    if (group.untilMs >= untilMs) return;
    group.cancelTimer();
    group.cancelTimer = this.#endDelayAfter(waitMs, orderKey);
    group.untilMs = untilMs;
  }

  /** The next request that may go, taken out; undefined when there is none. */
  next(): Exchange | undefined {
    while (this.#head < this.#queue.length) {
      const exchange = this.#queue[this.#head++];
      if (exchange === undefined || !this.#waiting.has(exchange)) continue;
      const group = this.#delayed.get(exchange.orderKey);
      if (group !== undefined) {
        group.exchanges.push(exchange);
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
    if (this.#queue.length > 2 * this.#waiting.size + TIDY_ABOVE) this.#tidy();
    return true;
  }

  /** Everything that waits, in order. */
  all(): Exchange[] {
    return [...this.#waiting].sort(byOrder);
  }

  /** Cancels every timer; what waits stays. */
  stop(): void {
    for (const { cancelTimer } of this.#delayed.values()) cancelTimer();
  }

  #endDelayAfter(waitMs: number, orderKey: string): () => void {
    return this.#clock.after(waitMs, () => {
      const { exchanges = [] } = this.#delayed.get(orderKey) ?? {};
      this.#delayed.delete(orderKey);
      // They are older than the requests that came meanwhile, and so come next.
      this.#merge(exchanges.filter((one) => this.#waiting.has(one)));
      this.#onDelayOver();
    });
  }

  #enter(exchange: Exchange): void {
    if (this.#waiting.has(exchange)) return;
    this.#waiting.add(exchange);
    this.#bytes += exchange.bytes;
  }

  #merge(exchanges: readonly Exchange[]): void {
    // A request removed and put back may still have its spent entry in the queue.
    const queue = new Set([...this.#remaining(), ...exchanges]);
    this.#queue = [...queue].sort(byOrder);
    this.#head = 0;
  }

  #remaining(): Exchange[] {
    return this.#queue
      .slice(this.#head)
      .filter((exchange) => this.#waiting.has(exchange));
  }

  #tidy(): void {
    this.#queue = this.#remaining();
    this.#head = 0;
  }
}

function byOrder(one: Exchange, other: Exchange): number {
  return one.order - other.order;
}
