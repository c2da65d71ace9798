import type { FactSink } from "../../domain/fact.ts";
import { botOf } from "../../domain/identity.ts";
import { cancelledRefusal } from "../../domain/own_refusals.ts";
import type { Clock } from "../../domain/ports.ts";
import type { Scheduler } from "../../scheduler/types.ts";
import { lostAnswerRefusal } from "../answering/refusals.ts";
import type { Job, JobTicket } from "../job.ts";
import type { DetachedWrite } from "./detached_write.ts";
import type { DetachedWrites } from "./detached_writes.ts";
import type { SingleFlight } from "./single_flight.ts";

/** What a new caller can join. */
export interface JoiningDeps {
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly facts: FactSink;
  readonly detachedWrites: DetachedWrites;
  /** Undefined: every read is sent for itself. */
  readonly flights: SingleFlight | undefined;
  /** The scheduler has something new to think about. */
  readonly onChange: () => void;
}

/** Lets a new caller have what is on its way already, where that is the same thing. */
export class Joining {
  readonly #deps: JoiningDeps;

  constructor(deps: JoiningDeps) {
    this.#deps = deps;
  }

  /** False: there is nothing to join, the request must be queued. */
  join(ticket: JobTicket): boolean {
    return ticket.request.method === "GET"
      ? this.#joinRead(ticket)
      : this.#adopt(ticket);
  }

  /** Waits with an identical read that has not left yet. */
  #joinRead(ticket: JobTicket): boolean {
    const job = this.#deps.flights?.find(ticket.request);
    if (job === undefined) return false;
    job.attach(ticket);
    this.#raise(job, ticket);
    this.#tell("joined", ticket);
    return true;
  }

  /** Takes up an identical write whose caller left. */
  #adopt(ticket: JobTicket): boolean {
    const { detachedWrites, clock } = this.#deps;
    if (detachedWrites.isEmpty) return false;
    const detached = detachedWrites.adopt(ticket.request, clock.nowMs());
    if (detached === undefined) return false;
    if (detached.job === undefined) this.#follow(detached, ticket);
    else this.#takeOver(detached.job, ticket);
    this.#tell("adopted", ticket);
    return true;
  }

  /**
   * For a write whose leaving caller was told of just now: its second try, if
   * it is among these and has not been sent. Whoever waits for that waits for
   * the first then, and the second is taken out of the queue.
   */
  reunite(detached: Job, candidates: Iterable<Job>): Job | undefined {
    const { detachedWrites, scheduler, clock } = this.#deps;
    for (const twin of candidates) {
      const [ticket] = twin.tickets;
      if (twin.state !== "waiting" || twin.mayHaveRun) continue;
      if (ticket === undefined || !ticket.isWanted) continue;
      if (!detachedWrites.isSame(detached.request, twin.request)) continue;
      // What the scheduler has chosen or refused already is told with its next poll.
      if (scheduler.cancel(twin.id, clock.nowMs()) !== "cancelled") continue;
      twin.state = "done";
      this.#takeOver(detached, ticket);
      this.#tell("adopted", ticket);
      return twin;
    }
    return undefined;
  }

  #takeOver(job: Job, ticket: JobTicket): void {
    for (const former of job.tickets.splice(0)) {
      former.reject(cancelledRefusal({ sent: null }));
    }
    // One copy of the body is enough; the new caller's is accounted to somebody.
    if (job.state === "waiting") job.request = ticket.request;
    job.attach(ticket);
    this.#raise(job, ticket);
  }

  async #follow(detached: DetachedWrite, ticket: JobTicket): Promise<void> {
    const answer = await detached.kept;
    if (!ticket.isWanted) {
      this.#deps.detachedWrites.giveBack(detached);
      ticket.reject(cancelledRefusal({ sent: true }));
    } else if (answer === undefined) ticket.reject(lostAnswerRefusal());
    else ticket.resolve(answer);
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
