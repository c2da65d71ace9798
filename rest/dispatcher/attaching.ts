import type { Outcome } from "../domain/entry.ts";
import type { FactSink } from "../domain/fact.ts";
import { botOf } from "../domain/identity.ts";
import type { Journal } from "../domain/journal.ts";
import { cancelledRefusal } from "../domain/own_refusals.ts";
import type { Clock } from "../domain/ports.ts";
import type { DetachedWrite } from "../idempotency/detached_writes.ts";
import type { Register } from "../idempotency/register.ts";
import type { Scheduler } from "../scheduler/types.ts";
import { lostAnswerRefusal } from "./answering/refusals.ts";
import { termsOf } from "./ask.ts";
import type { Job, JobTicket } from "./job.ts";

/** What a caller can be attached to. */
export interface AttachingDeps {
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly facts: FactSink;
  readonly journal: Journal;
  readonly register: Register<Job>;
  /** The scheduler has something new to think about. */
  readonly onChange: () => void;
}

/** Attaches callers to requests that are under way, or through, where the register says that they are the same. */
export class Attaching {
  readonly #deps: AttachingDeps;

  constructor(deps: AttachingDeps) {
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
    register.drop(job);
    this.#tell("adopted", ticket);
    return { second, ticket };
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

  #handOver(first: DetachedWrite<Job>, ticket: JobTicket): void {
    const { journal } = this.#deps;
    if (first.write !== undefined) this.#takeOver(first.write, ticket);
    else if (first.outcome !== undefined) {
      if (first.entry !== undefined) journal.gone(first.entry);
      giveOutcome(first.outcome, ticket);
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

  /** Last of all: whoever hears of it finds it done. */
  #tell(kind: "adopted" | "joined", ticket: JobTicket): void {
    const { route, caller, identity } = ticket.request;
    const bot = botOf(identity);
    this.#deps.facts({ kind, bot, label: route.label, caller });
  }
}

function giveOutcome(outcome: Outcome, ticket: JobTicket): void {
  if (outcome.kind === "answer") ticket.resolve(outcome.answer);
  else ticket.reject(lostAnswerRefusal());
}
