import { Deque } from "../rest/collections/deque.ts";
import { createScheduler } from "../rest/scheduler/scheduler.ts";
import type { Ask, Outcome, Scheduler } from "../rest/scheduler/types.ts";
import { type BucketState, judge } from "../sim/model/bucket.ts";
import { answeredOf, askOf } from "./asks.ts";

/** Microseconds per request, each kind of call by itself. */
export interface Costs {
  readonly enqueueUs: number;
  readonly leaseUs: number;
  readonly settleUs: number;
}

/** Discord's most usual limit. */
const BUCKET = { limit: 5, periodMs: 5_000, kind: "sliding" } as const;
const TOKEN_MS = BUCKET.periodMs / BUCKET.limit;
const ANSWER_MS = 50;
/** Past the first second, in which limits count as part-used. */
const START_MS = 10_000;
interface Flight {
  readonly ask: Ask;
  readonly answeredAtMs: number;
  readonly outcome: Outcome;
}

/**
 * A scheduler under steady load on a simulated clock: every line is refilled
 * when one of its requests is done, so that as many wait at the end as at the
 * beginning. Only the scheduler's own calls are timed.
 */
export class SchedulerWorld {
  readonly #scheduler: Scheduler;
  readonly #buckets = new Map<string, BucketState>();
  readonly #waiting = new Map<number, Ask>();
  readonly #flights = new Deque<Flight>();
  readonly #spentMs = { enqueue: 0, lease: 0, settle: 0 };
  #nowMs = START_MS;
  #wakeAtMs: number | undefined;
  #nextId = 1;
  #settled = 0;

  constructor(lines: number, perLine: number) {
    this.#scheduler = createScheduler({
      globalLimitOf: () => Number.MAX_SAFE_INTEGER,
      maxWaitMs: Number.MAX_SAFE_INTEGER,
      waitingMax: 2 * lines * perLine,
    });
    for (let line = 0; line < lines; line++) {
      // One after the other within the time of a token: lines that began
      // together would stay in step, and thousands be due at one instant.
      this.#advanceTo(START_MS + line / lines * TOKEN_MS);
      for (let turn = 0; turn < perLine; turn++) {
        this.#enqueue(askOf(line, this.#nextId++));
      }
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

  #enqueue(ask: Ask): void {
    this.#waiting.set(ask.id, ask);
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
    for (const id of leases) this.#depart(this.#waiting.get(id) as Ask);
    return wakeAtMs;
  }

  #depart(ask: Ask): void {
    const arrivedAtMs = this.#nowMs + ANSWER_MS / 2;
    const { major } = ask.route;
    const verdict = judge(this.#buckets.get(major), BUCKET, arrivedAtMs);
    if (!verdict.isAllowed) throw new Error(`${major} was overspent`);
    this.#buckets.set(major, verdict.next);
    const answeredAtMs = this.#nowMs + ANSWER_MS;
    const outcome = answeredOf(verdict, this.#nowMs, answeredAtMs);
    this.#flights.push({ ask, answeredAtMs, outcome });
  }

  #land({ ask, outcome }: Flight): void {
    this.#waiting.delete(ask.id);
    const fromMs = performance.now();
    this.#scheduler.settle(ask.id, outcome, this.#nowMs);
    this.#spentMs.settle += performance.now() - fromMs;
    this.#settled++;
    this.#enqueue({ ...ask, id: this.#nextId++ });
  }
}
