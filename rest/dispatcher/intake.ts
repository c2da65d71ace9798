import type { TurnoverMap } from "../collections/turnover_map.ts";
import type { ProxyRequest } from "../domain/request.ts";
import type { RestoredEntry } from "../domain/entry.ts";
import { entryIdOf } from "../domain/entry_id.ts";
import { type FactSink, queuedFact, refusedFact } from "../domain/fact.ts";
import type { Identity } from "../domain/identity.ts";
import { type Journal, NO_JOURNAL } from "../domain/journal.ts";
import { internalRefusal } from "../domain/own_refusals.ts";
import type { Clock } from "../domain/ports.ts";
import { Refusal } from "../domain/refusal.ts";
import type { Register } from "../idempotency/register.ts";
import type { Scheduler } from "../scheduler/types.ts";
import { refusalOf } from "./answering/refusals.ts";
import { askOf } from "./ask.ts";
import { Job, type JobTicket } from "./job.ts";
import type { MessageNonces } from "../idempotency/nonces/message_nonces.ts";
import { Restoring } from "./restoring.ts";

/** What takes jobs in. */
export interface IntakeDeps {
  readonly jobs: TurnoverMap<number, Job>;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly facts: FactSink;
  readonly journal: Journal;
  readonly register: Register<Job>;
  readonly nonces?: MessageNonces | undefined;
  readonly epochOf?: ((identityId: string) => number) | undefined;
  readonly firstCounter?: number | undefined;
  /** Why nothing is taken in for an identity any more; undefined: it is. `sent` is for the refusal. */
  readonly refusalFor: (
    request: ProxyRequest,
    sent: false | null,
  ) => Refusal | undefined;
  /** Its token may have to be checked. */
  readonly know: (identity: Identity) => void;
  /** Takes a waiting job out of the queue; its callers are told why it is not kept. */
  readonly takeOut: (job: Job) => boolean;
  /** The scheduler has something new to think about. */
  readonly onChange: () => void;
}

/** Takes requests into care: makes jobs of them, names them, and tells scheduler, register and journal. */
export class Intake {
  readonly #deps: IntakeDeps;
  readonly #restoring: Restoring;
  /** What the ids of entries begin with where nobody knows better. */
  readonly #startedWallMs: number;
  #nextId = 1;

  constructor(deps: IntakeDeps) {
    this.#deps = deps;
    this.#restoring = new Restoring(deps.clock);
    this.#startedWallMs = deps.clock.wallMs();
  }

  /** `sent` is what a refusal says about earlier sends of the same request. */
  take(ticket: JobTicket, sent: false | null): void {
    const { clock, journal } = this.#deps;
    const nowMs = clock.nowMs();
    const id = this.#nextId++;
    const job = new Job(id, ticket, nowMs);
    // Who waits for an answer over HTTP is told at once to come again.
    job.outlivesProxy = ticket.guarantee?.frame !== undefined &&
      journal.mayKeep(job);
    if (this.#enqueue(job, ticket, sent, nowMs)) this.#accept(job, ticket);
  }

  /** Takes in a request of another process, whose journal knows it. */
  restore(ticket: JobTicket, restored: RestoredEntry): void {
    const { clock, journal } = this.#deps;
    const job = this.#restoring.jobOf(this.#nextId++, ticket, restored);
    const isTaken = this.#enqueue(job, ticket, job.sent, clock.nowMs());
    // With a guarantee somebody keeps the refusal.
    if (!isTaken && job.guarantee === undefined) journal.gone(job);
  }

  /** Keeps what came of a write of another process. */
  restoreOutcome(restored: RestoredEntry): void {
    this.#restoring.keep(restored, this.#deps);
  }

  #enqueue(
    job: Job,
    ticket: JobTicket,
    sent: false | null,
    nowMs: number,
  ): boolean {
    const { jobs, scheduler, register, nonces, facts } = this.#deps;
    const { request } = job;
    const closed = this.#deps.refusalFor(request, sent);
    const refused = closed === undefined
      ? scheduler.enqueue(askOf(job), nowMs)
      : undefined;
    const refusal = refused === undefined ? closed : refusalOf(refused, sent);
    if (refusal !== undefined) {
      facts(refusedFact(request, refusal));
      ticket.reject(refusal);
      return false;
    }
    job.nonce ??= nonces?.nonceFor(job, nowMs);
    jobs.set(job.id, job);
    register.accept(job);
    if (job.older !== undefined) job.shareNamesWith(job.older);
    this.#deps.know(request.identity);
    facts(queuedFact(request));
    this.#deps.onChange();
    return true;
  }

  /** Where the journal cannot keep a job, it is taken out again as soon as it waits. */
  #accept(job: Job, ticket: JobTicket): void {
    const { journal, epochOf, firstCounter = 0, takeOut } = this.#deps;
    if (journal === NO_JOURNAL) return;
    const epoch = epochOf?.(job.request.identity.id) ?? this.#startedWallMs;
    job.entryId = entryIdOf(epoch, firstCounter + job.id);
    ticket.entry = job;
    ticket.accepted = journal.accepted(job);
    ticket.accepted?.catch((error) => {
      if (job.state === "done") return;
      job.unkept = error instanceof Refusal ? error : internalRefusal(job.sent);
      if (job.state === "waiting") takeOut(job);
    });
  }
}
