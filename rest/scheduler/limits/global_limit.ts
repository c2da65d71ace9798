import { Deque } from "../../collections/deque.ts";
import { type HeapNode, IndexedHeap } from "../../collections/indexed_heap.ts";

/**
 * The limit on all requests of one identity: at most `limit` arrivals at
 * Discord in any second (Discord docs, "Global Rate Limit": 50 per second).
 *
 * What Discord counts is arrival, which lies somewhere between our start and
 * the answer. A token is therefore safe to use again one second after the
 * answer that used it, or after the arrival itself where the answer tells it.
 * Where it does not, or none came yet: since a request does arrive at some
 * time, at the latest one second and a margin after its start. The margin is
 * the spread of latencies seen: how much faster the next user of the token can
 * be on its way in. Kept so, no window of Discord's, wherever it begins and of
 * whichever kind, can hold more than `limit` arrivals.
 */

const WINDOW_MS = 1_000;
/** The least margin: below it the noise of timers on a busy machine is not covered. */
const MARGIN_MIN_MS = 50;
/** The most: an answer can be slow for reasons that have nothing to do with the way in. */
const MARGIN_MAX_MS = 1_000;
/** The slowest of so many is one end of the spread, and how often it is read. */
const LATENCIES_MAX = 64;
const REVIEW_EVERY = 16;
/** The fastest of the last one or two thousand is the other end: one stall must not make all forget it. */
const LEAST_EVERY = 1_024;
/**
 * Before so many have been seen, answers slower than this are a crowd's that
 * meets a cold process: slow all together, until they suddenly are not.
 */
const COLD_COUNT = 256;
const CROWD_MS = 250;

/** One token in use. */
export interface GlobalPermit extends HeapNode {
  readonly startedAtMs: number;
  /** Infinity while its answer is out. */
  arrivedByMs: number;
  /** Its arrival is known, and nothing has to be guessed from its start. */
  isDated: boolean;
  isReturned: boolean;
}

/** Tokens that the process before this one has used, and when they are free again. */
export interface FormerUse {
  readonly used: number;
  readonly untilMs: number;
}

/** Counts the arrivals of one identity and says when the next request may start. */
export class GlobalLimit {
  /** Per second; may change under way. */
  limit: number;
  #former: FormerUse;
  readonly #byStart = new Deque<GlobalPermit>();
  readonly #byArrival = new IndexedHeap<GlobalPermit>((permit) =>
    permit.arrivedByMs
  );
  readonly #latenciesMs: number[] = [];
  #latencyCount = 0;
  #leastMs = Infinity;
  #formerLeastMs = Infinity;
  #marginMs = MARGIN_MAX_MS;
  #used = 0;

  /** `former`: what the process before this one has used; where only a moment is known, half is taken as used until then. */
  constructor(limit: number, former: FormerUse | number) {
    this.limit = limit;
    this.#former = typeof former === "number"
      ? { used: Math.floor(limit / 2), untilMs: former }
      : former;
  }

  /** Another process has sent for this identity meanwhile. */
  assume(former: FormerUse): void {
    this.#former = former;
  }

  get marginMs(): number {
    return this.#marginMs;
  }

  used(nowMs: number): number {
    this.#takeBack(nowMs);
    return this.#used;
  }

  /** 0 when a token is free, else when to ask again; Infinity: only an answer can help. */
  freeAtMs(nowMs: number): number {
    this.#takeBack(nowMs);
    const { used, untilMs } = this.#former;
    const isPartUsed = nowMs < untilMs;
    const limit = isPartUsed ? this.limit - used : this.limit;
    if (this.#used < limit) return 0;
    const next = this.#nextReturnAtMs();
    return isPartUsed ? Math.min(next, untilMs) : next;
  }

  /** Whether `count` tokens are free; after `freeAtMs` said that one is. */
  hasRoomFor(count: number): boolean {
    return this.#used + count <= this.limit / 2;
  }

  take(nowMs: number): GlobalPermit {
    const permit: GlobalPermit = {
      startedAtMs: nowMs,
      arrivedByMs: Infinity,
      heapIndex: -1,
      isDated: false,
      isReturned: false,
    };
    this.#used++;
    this.#byStart.push(permit);
    return permit;
  }

  /** `arrivedByMs`: by when it had arrived at Discord, where its answer told; if not, by the answer's own moment. */
  answered(
    permit: GlobalPermit,
    answeredAtMs: number,
    arrivedByMs: number | undefined,
  ): void {
    permit.arrivedByMs = arrivedByMs ?? answeredAtMs;
    permit.isDated = arrivedByMs !== undefined;
    if (!permit.isReturned) this.#byArrival.push(permit);
    this.#learn(answeredAtMs - permit.startedAtMs);
  }

  #takeBack(nowMs: number): void {
    for (;;) {
      const first = this.#byArrival.peek();
      if (first === undefined || first.arrivedByMs + WINDOW_MS > nowMs) break;
      this.#return(first);
    }
    for (;;) {
      const first = this.#byStart.peek();
      if (first === undefined) break;
      const isKnown = first.isReturned || first.isDated;
      const dueAtMs = first.startedAtMs + WINDOW_MS + this.#marginMs;
      if (!isKnown && dueAtMs > nowMs) break;
      this.#byStart.shift();
      if (!isKnown) this.#return(first);
    }
  }

  #return(permit: GlobalPermit): void {
    if (permit.isReturned) return;
    permit.isReturned = true;
    this.#byArrival.remove(permit);
    this.#used--;
  }

  #nextReturnAtMs(): number {
    const arrivedByMs = this.#byArrival.peek()?.arrivedByMs ?? Infinity;
    const startedAtMs = this.#byStart.peek()?.startedAtMs ?? Infinity;
    return Math.min(arrivedByMs, startedAtMs + this.#marginMs) + WINDOW_MS;
  }

  #learn(latencyMs: number): void {
    this.#latenciesMs[this.#latencyCount++ % LATENCIES_MAX] = latencyMs;
    this.#leastMs = Math.min(this.#leastMs, latencyMs);
    if (this.#latencyCount % REVIEW_EVERY !== 0) return;
    const mostMs = Math.max(...this.#latenciesMs);
    const isCold = this.#latencyCount < COLD_COUNT && mostMs > CROWD_MS;
    const leastMs = isCold ? 0 : Math.min(this.#leastMs, this.#formerLeastMs);
    const spread = mostMs - leastMs;
    this.#marginMs = Math.min(MARGIN_MAX_MS, Math.max(MARGIN_MIN_MS, spread));
    if (this.#latencyCount % LEAST_EVERY !== 0) return;
    this.#formerLeastMs = this.#leastMs;
    this.#leastMs = Infinity;
  }
}
