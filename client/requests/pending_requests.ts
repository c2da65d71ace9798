import type { Req } from "../api/replies.ts";
import type { Exchange } from "./exchange.ts";

/** Replies to this many abandoned requests are recognised; older ones would show up as missed. */
const ABANDONED_MAX = 10_000;

/**
 * The requests without a reply, found by `req` alone, because some servers
 * answer with another target. A request is added before it is sent, so that no
 * reply can come before its entry.
 */
export class PendingRequests {
  readonly #byReq = new Map<Req, Exchange>();
  /** Sent on the present connection and not answered; the proxy counts these against `maxInFlight`. */
  readonly #inFlight = new Set<Req>();
  /** Abandoned by the caller after they were sent; their replies still come and are ignored. */
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

  /** The request is about to be handed to the socket. */
  sent(req: Req): void {
    this.#inFlight.add(req);
  }

  /** The socket did not take it. */
  notSent(req: Req): void {
    this.#inFlight.delete(req);
  }

  /** Finds what a reply belongs to: "abandoned" when nobody waits for it, undefined when this process sent no such request. */
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

  /** The caller no longer waits; a reply that still comes is ignored. */
  abandon(req: Req): void {
    this.#byReq.delete(req);
    this.#abandoned.add(req);
    if (this.#abandoned.size <= ABANDONED_MAX) return;
    for (const oldest of this.#abandoned) {
      this.#abandoned.delete(oldest);
      return;
    }
  }

  /** Takes out what was in flight on a connection that is lost. */
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
