import type { TurnoverMap } from "../collections/turnover_map.ts";
import type { HandedOver } from "../domain/owners.ts";
import type { ProxyRequest } from "../domain/request.ts";
import { type FactSink, refusedFact } from "../domain/fact.ts";
import type { Journal } from "../domain/journal.ts";
import { drainingRefusal, movedRefusal } from "../domain/own_refusals.ts";
import type { Clock } from "../domain/ports.ts";
import type { Refusal } from "../domain/refusal.ts";
import type { MessageNonces } from "../idempotency/nonces/message_nonces.ts";
import type { Register } from "../idempotency/register.ts";
import type { Scheduler } from "../scheduler/types.ts";
import type { Job } from "./job.ts";

/** What is refused before it is taken in. */
const NOT_SENT = false;

/** What ends the jobs that are left. */
export interface LeftOverDeps {
  readonly jobs: TurnoverMap<number, Job>;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly facts: FactSink;
  readonly journal: Journal;
  readonly register: Register<Job>;
  readonly nonces?: MessageNonces | undefined;
  /** Settles the lease of a job whose answer is not waited for. */
  readonly abandon: (job: Job) => void;
  readonly refuse: (job: Job, refusal: Refusal) => void;
}

/** Jobs that this process does not bring to their end: the next one goes on with them, or another proxy, or nobody. */
export class LeftOver {
  readonly #deps: LeftOverDeps;
  /** Called when nothing of what is handed over is under way any more. */
  readonly #releases = new Map<HandedOver, () => void>();

  constructor(deps: LeftOverDeps) {
    this.#deps = deps;
  }

  /**
   * At the end of a drain: what the journal keeps is left in it for the next
   * process, the rest is refused. Says how many waited unsent, and how many may
   * have run.
   */
  giveUp(): { readonly waiting: number; readonly inFlight: number } {
    const { jobs, scheduler, clock, journal, abandon, refuse } = this.#deps;
    let waiting = 0;
    let inFlight = 0;
    for (const job of jobs.values()) {
      if (job.state === "leased") {
        abandon(job);
        job.mayHaveRun = true;
      } else scheduler.cancel(job.id, clock.nowMs());
      if (job.sent === false) waiting++;
      else inFlight++;
      // Nobody may be told that what the next process sends was not sent.
      if (journal.keeps(job)) this.#setAside(job, drainingRefusal(null));
      else refuse(job, drainingRefusal(job.sent));
    }
    return { waiting, inFlight };
  }

  /**
   * Hands everything of a scope away: what waits is dropped, and its callers
   * are told `moved`. Settles when nothing of it is in flight any more.
   */
  async release(handed: HandedOver): Promise<void> {
    const { jobs, scheduler, clock, register, nonces } = this.#deps;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#releases.set(handed, resolve);
    for (const job of [...jobs.values()]) {
      if (!handed.hasRequest(job.request)) continue;
      if (job.state !== "waiting") continue;
      // What the scheduler has leased or refused comes back by itself.
      if (scheduler.cancel(job.id, clock.nowMs()) === "cancelled") {
        this.#setAside(job, movedRefusal(job.sent));
      }
    }
    this.noteClosed();
    await promise;
    register.release(handed);
    nonces?.release(handed);
  }

  /** Refuses what comes for a scope that is being handed away. */
  refusalFor(request: ProxyRequest): Refusal | undefined {
    return this.#isHandedOver(request) ? movedRefusal(NOT_SENT) : undefined;
  }

  /** A job waits again; true where its scope is another proxy's by now. */
  takes(job: Job): boolean {
    const { scheduler, clock } = this.#deps;
    if (!this.#isHandedOver(job.request)) return false;
    scheduler.cancel(job.id, clock.nowMs());
    this.#setAside(job, movedRefusal(job.sent));
    this.noteClosed();
    return true;
  }

  /** A job has ended. */
  noteClosed(): void {
    for (const [handed, resolve] of this.#releases) {
      const isLeft = this.#deps.jobs.values().some((job) =>
        handed.hasRequest(job.request)
      );
      if (isLeft) continue;
      this.#releases.delete(handed);
      resolve();
    }
  }

  #isHandedOver(request: ProxyRequest): boolean {
    if (this.#releases.size === 0) return false;
    return this.#releases.keys().some((handed) => handed.hasRequest(request));
  }

  /** Its callers are told, and the journal is not: somebody else goes on with it. */
  #setAside(job: Job, refusal: Refusal): void {
    const { jobs, register, facts } = this.#deps;
    job.state = "done";
    jobs.delete(job.id);
    register.detached.drop(job);
    register.close(job);
    facts(refusedFact(job.request, refusal));
    for (const ticket of job.tickets) ticket.reject(refusal);
  }
}
