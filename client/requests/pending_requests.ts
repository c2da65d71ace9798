import type { Exchange } from "./exchange.ts";
import type { Req } from "../api/types.ts";

/** Replies to that many abandoned requests are recognised; older ones would show up as missed. */
const ABANDONED_MAX = 10_000;

/**
 * The requests that wait for a reply, found by `req` alone: some servers answer
 * with another target. A request is entered before it is sent, so that no reply
 * can be faster than its entry.
 */
export class Pending {
  readonly #byReq = new Map<Req, Exchange>();
  /** Sent on the present connection and not answered; the proxy counts these. */
  readonly #inFlight = new Set<Req>();
  /** Given up by the caller; the reply still comes and means nothing. */
  readonly #abandoned = new Set<Req>();

  get size(): number {
    return this.#byReq.size;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  has(req: Req): boolean {
    return this.#byReq.has(req);
  }

  add(req: Req, exchange: Exchange): void {
    this.#byReq.set(req, exchange);
  }

  /** Notes that the request goes on the wire. */
  sent(req: Req): void {
    this.#inFlight.add(req);
  }

  /** The wire refused it. */
  notSent(req: Req): void {
    this.#inFlight.delete(req);
  }

  /** What a reply belongs to; "abandoned" when nobody wants it, undefined when it is a stranger's. */
  answered(req: unknown): Exchange | "abandoned" | undefined {
    if (typeof req !== "string" && typeof req !== "number") return undefined;
    this.#inFlight.delete(req);
    if (this.#abandoned.delete(req)) return "abandoned";
    return this.#byReq.get(req);
  }

  /** The request is settled. */
  remove(req: Req): void {
    this.#byReq.delete(req);
  }

  /** The caller gave up; a reply that still comes is swallowed. */
  abandon(req: Req): void {
    this.#byReq.delete(req);
    this.#abandoned.add(req);
    if (this.#abandoned.size <= ABANDONED_MAX) return;
    for (const oldest of this.#abandoned) {
      this.#abandoned.delete(oldest);
      return;
    }
  }

  /** The connection is gone: hands over what was in flight on it. */
  takeInFlight(): Exchange[] {
    const exchanges: Exchange[] = [];
    for (const req of this.#inFlight) {
      const exchange = this.#byReq.get(req);
      if (exchange !== undefined) exchanges.push(exchange);
    }
    this.#inFlight.clear();
    return exchanges;
  }

  all(): Exchange[] {
    return [...this.#byReq.values()];
  }
}
