import type { Journal } from "../domain/journal.ts";
import { cancelledRefusal } from "../domain/own_refusals.ts";
import type { Clock } from "../domain/ports.ts";
import type { Register } from "../idempotency/register.ts";
import type { TicketHandler } from "./answering/ticket.ts";
import type { Job, JobTicket } from "./job.ts";

/** What callers leave behind, and who takes it. */
export interface LeavingDeps {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly register: Register<Job>;
  /** Takes a waiting job out of the queue; false: it does not wait any more. */
  readonly takeOut: (job: Job) => boolean;
}

/** What becomes of a job when its caller leaves, or takes it back. */
export class Leaving implements TicketHandler {
  readonly #deps: LeavingDeps;

  constructor(deps: LeavingDeps) {
    this.#deps = deps;
  }

  callerLeft(ticket: JobTicket): void {
    const { job } = ticket;
    if (job === undefined) return;
    const { state } = job;
    if (job.isWanted || state === "ending" || state === "done") {
      const sent = state === "waiting" ? job.sent : null;
      job.detach(ticket);
      ticket.reject(cancelledRefusal({ sent }));
      if (state === "ending") this.#leaveBehind(job);
    } else if (state === "waiting" && !job.outlivesCallers) {
      this.#deps.takeOut(job);
    } else if (job.isWrite) {
      this.#leaveBehind(job);
    }
  }

  takeBack(ticket: JobTicket): "cancelled" | "sent" | "done" {
    const { job } = ticket;
    if (job === undefined || job.state === "ending") return "done";
    // A request that may have run will be answered.
    if (job.state !== "waiting" || job.mayHaveRun) return "sent";
    if (job.tickets.some((other) => other !== ticket && other.isWanted)) {
      job.detach(ticket);
      ticket.reject(cancelledRefusal({ sent: false }));
      return "cancelled";
    }
    return this.#deps.takeOut(job) ? "cancelled" : "sent";
  }

  /** A write goes on without a caller, unless an equal one before it does so already. */
  #leaveBehind(job: Job): void {
    const { clock, register, journal, takeOut } = this.#deps;
    const nowMs = clock.nowMs();
    const isSecondTry = job.state === "waiting" && job.isSecondTryAtMost &&
      register.isSecondTry(job, nowMs);
    if (isSecondTry && takeOut(job)) return;
    register.leave(job, nowMs);
    journal.detached(job);
  }
}
