import { drainingRefusal } from "../domain/own_refusals.ts";
import type { Clock } from "../domain/ports.ts";
import type { Refusal } from "../domain/refusal.ts";
import type { Scheduler } from "../scheduler/types.ts";
import type { Job } from "./job.ts";

/** What ends the jobs that are left. */
export interface GiveUpDeps {
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  /** Settles the lease of a job whose answer is not waited for. */
  readonly abandon: (job: Job) => void;
  readonly refuse: (job: Job, refusal: Refusal) => void;
}

/** Refuses the requests that are left at the end of a drain; says how many waited unsent, and how many may have run. */
export function giveUp(
  jobs: ReadonlyMap<number, Job>,
  { scheduler, clock, abandon, refuse }: GiveUpDeps,
): { readonly waiting: number; readonly inFlight: number } {
  let waiting = 0;
  let inFlight = 0;
  for (const job of jobs.values()) {
    if (job.state === "leased") {
      abandon(job);
      job.mayHaveRun = true;
    } else scheduler.cancel(job.id, clock.nowMs());
    if (job.sent === false) waiting++;
    else inFlight++;
    refuse(job, drainingRefusal(job.sent));
  }
  return { waiting, inFlight };
}
