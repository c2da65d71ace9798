import { entryIdOf } from "../domain/entry_id.ts";
import { type Journal, NO_JOURNAL } from "../domain/journal.ts";
import { internalRefusal } from "../domain/own_refusals.ts";
import type { Clock } from "../domain/ports.ts";
import { Refusal } from "../domain/refusal.ts";
import type { Job, JobTicket } from "./job.ts";

/** What acceptance is made with. */
export interface AcceptanceDeps {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly epochOf?: ((identityId: string) => number) | undefined;
  /** Takes a waiting job out of the queue; its callers are told why it is not kept. */
  readonly takeOut: (job: Job) => boolean;
}

/** Takes jobs into care: names them, and tells the journal of them. */
export class Acceptance {
  readonly #deps: AcceptanceDeps;
  /** What the ids of entries begin with where nobody knows better. */
  readonly #startedWallMs: number;

  constructor(deps: AcceptanceDeps) {
    this.#deps = deps;
    this.#startedWallMs = deps.clock.wallMs();
  }

  /** Where the journal cannot keep a job, it is taken out again as soon as it waits. */
  accept(job: Job, ticket: JobTicket): void {
    const { journal, epochOf, takeOut } = this.#deps;
    if (journal === NO_JOURNAL) return;
    const epoch = epochOf?.(job.request.identity.id) ?? this.#startedWallMs;
    job.entryId = entryIdOf(epoch, job.id);
    ticket.entry = job;
    ticket.accepted = journal.accepted(job);
    ticket.accepted?.catch((error) => {
      if (job.state === "done") return;
      const sent = job.mayHaveRun ? null : false;
      job.unkept = error instanceof Refusal ? error : internalRefusal(sent);
      if (job.state === "waiting") takeOut(job);
    });
  }
}
