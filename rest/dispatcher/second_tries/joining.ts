import type { FactSink } from "../../domain/fact.ts";
import { botOf } from "../../domain/identity.ts";
import { cancelledRefusal } from "../../domain/own_refusals.ts";
import type { Clock } from "../../domain/ports.ts";
import type { Scheduler } from "../../scheduler/types.ts";
import { lostAnswerRefusal } from "../answering/refusals.ts";
import type { Job, JobTicket } from "../job.ts";
import type { Orphan } from "./orphan.ts";
import type { Orphans } from "./orphans.ts";
import type { SingleFlight } from "./single_flight.ts";

/** What a new caller can join. */
export interface JoiningDeps {
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly facts: FactSink;
  readonly orphans: Orphans;
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
    const { orphans, clock } = this.#deps;
    if (orphans.isEmpty) return false;
    const orphan = orphans.adopt(ticket.request, clock.nowMs());
    if (orphan === undefined) return false;
    if (orphan.job === undefined) this.#follow(orphan, ticket);
    else this.#takeOver(orphan.job, ticket);
    this.#tell("adopted", ticket);
    return true;
  }

  /**
   * For a write whose leaving caller was told of just now: its second try, if
   * it is among these and has not been sent. Whoever waits for that waits for
   * the first then, and the second is taken out of the queue.
   */
  reunite(orphan: Job, candidates: Iterable<Job>): Job | undefined {
    const { orphans, scheduler, clock } = this.#deps;
    for (const twin of candidates) {
      const [ticket] = twin.tickets;
      if (twin.state !== "waiting" || twin.mayHaveRun) continue;
      if (ticket === undefined || !ticket.isWanted) continue;
      if (!orphans.isSame(orphan.request, twin.request)) continue;
      // What the scheduler has chosen or refused already is told with its next poll.
      if (scheduler.cancel(twin.id, clock.nowMs()) !== "cancelled") continue;
      twin.state = "done";
      this.#takeOver(orphan, ticket);
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

  async #follow(orphan: Orphan, ticket: JobTicket): Promise<void> {
    const answer = await orphan.kept;
    if (!ticket.isWanted) {
      this.#deps.orphans.giveBack(orphan);
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
