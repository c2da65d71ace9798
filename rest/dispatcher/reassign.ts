import type { Identity } from "../domain/identity.ts";
import type { Clock } from "../domain/ports.ts";
import type { Refusal } from "../domain/refusal.ts";
import type { Scheduler } from "../scheduler/types.ts";
import { refusalOf } from "./answering/refusals.ts";
import { askOf } from "./ask.ts";
import type { Job } from "./job.ts";
import type { Register } from "../idempotency/register.ts";

/** Which requests get another identity, and which one. */
export interface Reassignment {
  /** The identity that they have. */
  readonly fromId: string;
  readonly to: Identity;
  /** Whether the requests of this caller are reassigned, too. */
  readonly isIncluded: (caller: string) => boolean;
}

/** What reassigning touches: the scheduler, and the register, which knows a request by its token. */
export interface ReassignDeps {
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly register: Register<Job>;
  readonly onRefusal: (job: Job, refusal: Refusal) => void;
}

/**
 * Gives waiting requests another token, in the order in which they came, and
 * returns how many have it now. Requests in flight keep their token.
 */
export function reassignJobs(
  jobs: Iterable<Job>,
  { fromId, to, isIncluded }: Reassignment,
  deps: ReassignDeps,
): number {
  let reassigned = 0;
  for (const job of [...jobs]) {
    const { identity, caller } = job.request;
    const isOne = job.state === "waiting" && identity.id === fromId;
    if (isOne && isIncluded(caller) && reassignJob(job, to, deps)) reassigned++;
  }
  return reassigned;
}

function reassignJob(
  job: Job,
  identity: Identity,
  { scheduler, clock, register, onRefusal }: ReassignDeps,
): boolean {
  const nowMs = clock.nowMs();
  // Between a poll and our acting on it, the scheduler may have leased or refused it.
  if (scheduler.cancel(job.id, nowMs) !== "cancelled") return false;
  const resume = register.suspend(job, nowMs);
  job.request = { ...job.request, identity };
  for (const ticket of job.tickets) {
    ticket.request = { ...ticket.request, identity };
  }
  const refused = scheduler.enqueue(askOf(job), nowMs);
  if (refused !== undefined) {
    onRefusal(job, refusalOf(refused, job.sent));
    return false;
  }
  resume();
  return true;
}

/**
 * Gives requests of an identity its new token, and returns how many wait with
 * it. Those in flight get it, too: should they go again, they go with it.
 */
export function renewToken(jobs: Iterable<Job>, identity: Identity): number {
  let waiting = 0;
  for (const job of jobs) {
    if (job.request.identity.id !== identity.id) continue;
    job.request = { ...job.request, identity };
    for (const ticket of job.tickets) {
      ticket.request = { ...ticket.request, identity };
    }
    if (job.state === "waiting") waiting++;
  }
  return waiting;
}
