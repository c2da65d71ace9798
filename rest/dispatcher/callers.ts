import type { FactSink } from "../domain/fact.ts";
import { botOf } from "../domain/identity.ts";
import type { Journal } from "../domain/journal.ts";
import { cancelledRefusal } from "../domain/own_refusals.ts";
import type { Clock } from "../domain/ports.ts";
import type { DetachedWrite } from "../idempotency/detached_writes.ts";
import type { Register } from "../idempotency/register.ts";
import type { Scheduler } from "../scheduler/types.ts";
import { refuseLostAnswer } from "./answering/lost_answer.ts";
import type { TicketHandler } from "./answering/ticket.ts";
import { termsOf } from "./ask.ts";
import type { Job, JobTicket } from "./job.ts";

/** What callers come to and leave. */
export interface CallersDeps {
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly facts: FactSink;
  readonly journal: Journal;
  readonly register: Register<Job>;
  /** Takes a waiting job out of the queue; false: it does not wait any more. */
  readonly takeOut: (job: Job) => boolean;
  /** The scheduler has something new to think about. */
  readonly onChange: () => void;
}

/**
 * Who waits for which job. Callers who come are attached to one that is under
 * way, or handed what came of it, where the register says that they are the
 * same; when they leave, a write goes on without them.
 */
export class Callers implements TicketHandler {
  readonly #deps: CallersDeps;

  constructor(deps: CallersDeps) {
    this.#deps = deps;
  }

  /** False: it is a request of its own and must be queued. */
  attach(ticket: JobTicket, isCallerGone: boolean): boolean {
    if (ticket.guarantee !== undefined) return false;
    if (ticket.request.method === "GET") return this.#share(ticket);
    return isCallerGone ? this.#dismiss(ticket) : this.#adopt(ticket);
  }

  /** Whether a job that is to be sent now is a second try; its caller waits for the first from now on. */
  isHandedOver(job: Job): boolean {
    const { register, clock } = this.#deps;
    const [ticket] = job.tickets;
    if (!job.isSecondTryAtMost || ticket?.isWanted !== true) return false;
    const first = register.firstOf(job, clock.nowMs());
    if (first === undefined) return false;
    job.detach(ticket);
    this.#handOver(first, ticket);
    return true;
  }

  /** For a detached write that ends now: the caller that waits for its second try, which is taken out of the queue. */
  takeSecondTry(
    job: Job,
  ): { readonly second: Job; readonly ticket: JobTicket } | undefined {
    const { register, scheduler, clock } = this.#deps;
    const second = register.secondTryOf(job);
    const ticket = second?.tickets.find(({ isWanted }) => isWanted);
    if (second === undefined || ticket === undefined) return undefined;
    // What the scheduler has chosen or refused already is told with its next poll.
    if (scheduler.cancel(second.id, clock.nowMs()) !== "cancelled") {
      return undefined;
    }
    second.state = "done";
    second.detach(ticket);
    register.detached.drop(job);
    this.#tell("adopted", ticket);
    return { second, ticket };
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

  /** Waits with an identical read that has not left yet. */
  #share(ticket: JobTicket): boolean {
    const job = this.#deps.register.readLike(ticket.request);
    if (job === undefined) return false;
    job.attach(ticket);
    this.#raise(job, ticket);
    this.#tell("joined", ticket);
    return true;
  }

  /** A try whose caller has left already is not sent beside another one of the same, and leaves what comes of that to the next. */
  #dismiss(ticket: JobTicket): boolean {
    const { register, clock } = this.#deps;
    if (!register.isNoNews(ticket.request, clock.nowMs())) return false;
    ticket.reject(cancelledRefusal({ sent: null }));
    return true;
  }

  /** Takes the place of a caller who left an identical write. */
  #adopt(ticket: JobTicket): boolean {
    const { register, clock } = this.#deps;
    const first = register.adopt(ticket.request, clock.nowMs());
    if (first === undefined) return false;
    this.#handOver(first, ticket);
    return true;
  }

  #handOver({ write, outcome, entry }: DetachedWrite<Job>, ticket: JobTicket) {
    if (write !== undefined) this.#takeOver(write, ticket);
    else if (outcome !== undefined) {
      const { journal, facts } = this.#deps;
      if (entry !== undefined) journal.gone(entry);
      if (outcome.kind === "answer") ticket.resolve(outcome.answer);
      else refuseLostAnswer(ticket, facts);
    }
    this.#tell("adopted", ticket);
  }

  #takeOver(job: Job, ticket: JobTicket): void {
    const { scheduler, clock } = this.#deps;
    for (const former of job.tickets) {
      job.detach(former);
      former.reject(cancelledRefusal({ sent: null }));
    }
    job.attach(ticket);
    if (job.state !== "waiting") return;
    const nowMs = clock.nowMs();
    // One copy of the body is enough; the new caller's is accounted to somebody, and the terms are its own.
    job.request = ticket.request;
    job.sinceMs = nowMs;
    scheduler.renew(job.id, termsOf(job));
    this.#raise(job, ticket);
    this.#deps.onChange();
  }

  #raise(job: Job, ticket: JobTicket): void {
    const { scheduler, clock, onChange } = this.#deps;
    const { urgency } = ticket.request;
    if (job.state !== "waiting" || !job.raise(urgency)) return;
    scheduler.urge(job.id, urgency, clock.nowMs());
    onChange();
  }

  /** A write goes on without a caller, unless an equal one before it does so already. */
  #leaveBehind(job: Job): void {
    const { clock, register, journal, takeOut } = this.#deps;
    const nowMs = clock.nowMs();
    // Whose rows are there side by side were two to the process that wrote them.
    const isSecondTry = job.state === "waiting" && job.isSecondTryAtMost &&
      !job.isPromised && register.isSecondTry(job, nowMs);
    if (isSecondTry && takeOut(job)) return;
    register.detached.add(job, nowMs);
    journal.detached(job);
  }

  /** Last of all: whoever hears of it finds it done. */
  #tell(kind: "adopted" | "joined", ticket: JobTicket): void {
    const { route, caller, identity } = ticket.request;
    const bot = botOf(identity);
    this.#deps.facts({ kind, bot, label: route.label, caller });
  }
}
