import { Deque } from "../rest/collections/deque.ts";
import { createScheduler } from "../rest/scheduler/scheduler.ts";
import type { Scheduler, Settlement } from "../rest/scheduler/types.ts";
import { type BucketState, judge } from "../sim/model/bucket.ts";
import { answeredOf, askOf } from "./asks.ts";

/** Microseconds per request, each kind of call by itself. */
export interface Costs {
  readonly enqueueUs: number;
  readonly leaseUs: number;
  readonly settleUs: number;
}

/** The settings of a world. */
export interface WorldShape {
  readonly lines: number;
  /** Requests in the scheduler at any time. */
  readonly waiting: number;
  /** Per second; where none is told, each line's own limit is all there is. */
  readonly globalLimit?: number;
}

/** Discord's most usual limit. */
const BUCKET = { limit: 5, periodMs: 5_000, kind: "sliding" } as const;
const TOKEN_MS = BUCKET.periodMs / BUCKET.limit;
const ANSWER_MS = 50;
/** Past the first second, in which limits count as part-used. */
const START_MS = 10_000;
interface Flight {
  readonly id: number;
  readonly answeredAtMs: number;
  readonly outcome: Settlement;
}

/**
 * A scheduler under steady load on a simulated clock: whenever a request is
 * done another one comes, so that as many wait at the end as at the beginning.
 * Where lines' own limits bind it comes into the same line; where the global
 * limit does, into the next one. Only the scheduler's own calls are timed, and
 * each ask is made just before it is handed over, as it is when it comes from
 * a socket.
 */
export class SchedulerWorld {
  readonly #shape: WorldShape;
  readonly #scheduler: Scheduler;
  readonly #buckets: (BucketState | undefined)[];
  /** The line of each request by its place among those that wait. */
  readonly #lineAt: Uint32Array;
  readonly #flights = new Deque<Flight>();
  readonly #spentMs = { enqueue: 0, lease: 0, settle: 0 };
  #nowMs = START_MS;
  #wakeAtMs: number | undefined;
  #nextLine = 0;
  #settled = 0;

  constructor(shape: WorldShape) {
    const { lines, waiting, globalLimit = Number.MAX_SAFE_INTEGER } = shape;
    this.#shape = shape;
    this.#buckets = new Array(lines);
    this.#lineAt = new Uint32Array(waiting);
    this.#scheduler = createScheduler({
      globalLimitOf: () => globalLimit,
      maxWaitMs: Number.MAX_SAFE_INTEGER,
      waitingMax: 2 * waiting,
    });
    for (let place = 0; place < waiting; place++) {
      // Spread over the time of a token: lines that began together would stay
      // in step, and thousands be due at one instant.
      this.#advanceTo(START_MS + place / waiting * TOKEN_MS);
      this.#enqueue(place, this.#takeLine());
    }
  }

  /** Runs until `count` more requests are done and replaced. */
  run(count: number): void {
    const until = this.#settled + count;
    while (this.#settled < until) this.#advanceTo(this.#nextEventMs());
  }

  /** What the next `count` requests cost, on average. */
  measure(count: number): Costs {
    const spent = this.#spentMs;
    const before = { ...spent };
    this.run(count);
    const us = (ms: number) => ms * 1_000 / count;
    return {
      enqueueUs: us(spent.enqueue - before.enqueue),
      leaseUs: us(spent.lease - before.lease),
      settleUs: us(spent.settle - before.settle),
    };
  }

  /** Polls and lands whatever is due until `atMs`, in order. */
  #advanceTo(atMs: number): void {
    for (let next = this.#nextEventMs(); next <= atMs;) {
      this.#nowMs = Math.max(this.#nowMs, next);
      const flight = this.#flights.peek();
      if (flight !== undefined && flight.answeredAtMs <= this.#nowMs) {
        this.#flights.shift();
        this.#land(flight);
      }
      this.#wakeAtMs = this.#poll();
      next = this.#nextEventMs();
    }
    this.#nowMs = Math.max(this.#nowMs, atMs);
  }

  #nextEventMs(): number {
    const landsAtMs = this.#flights.peek()?.answeredAtMs ?? Infinity;
    return Math.min(this.#wakeAtMs ?? Infinity, landsAtMs);
  }

  #takeLine(): number {
    return this.#nextLine++ % this.#shape.lines;
  }

  #enqueue(id: number, line: number): void {
    this.#lineAt[id % this.#shape.waiting] = line;
    const ask = askOf(line, id);
    const fromMs = performance.now();
    const refused = this.#scheduler.enqueue(ask, this.#nowMs);
    this.#spentMs.enqueue += performance.now() - fromMs;
    if (refused !== undefined) throw new Error(refused.message);
    this.#wakeAtMs = this.#nowMs;
  }

  #poll(): number | undefined {
    const fromMs = performance.now();
    const { leases, wakeAtMs } = this.#scheduler.poll(this.#nowMs);
    this.#spentMs.lease += performance.now() - fromMs;
    for (const id of leases) this.#depart(id);
    return wakeAtMs;
  }

  #depart(id: number): void {
    const line = this.#lineOf(id);
    const arrivedAtMs = this.#nowMs + ANSWER_MS / 2;
    const verdict = judge(this.#buckets[line], BUCKET, arrivedAtMs);
    if (!verdict.isAllowed) throw new Error(`Line ${line} was overspent`);
    this.#buckets[line] = verdict.next;
    const answeredAtMs = this.#nowMs + ANSWER_MS;
    const outcome = answeredOf(verdict, this.#nowMs, answeredAtMs);
    this.#flights.push({ id, answeredAtMs, outcome });
  }

  #land({ id, outcome }: Flight): void {
    const fromMs = performance.now();
    this.#scheduler.settle(id, outcome, this.#nowMs);
    this.#spentMs.settle += performance.now() - fromMs;
    this.#settled++;
    const { waiting, globalLimit } = this.#shape;
    const line = globalLimit === undefined
      ? this.#lineOf(id)
      : this.#takeLine();
    this.#enqueue(id + waiting, line);
  }

  #lineOf(id: number): number {
    return this.#lineAt[id % this.#shape.waiting] as number;
  }
}
