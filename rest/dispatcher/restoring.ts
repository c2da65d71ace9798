import type { RestoredEntry } from "../domain/entry.ts";
import type { MessageNonce } from "../domain/message_nonce.ts";
import type { Clock } from "../domain/ports.ts";
import type { MessageNonces } from "../idempotency/nonces/message_nonces.ts";
import type { Register } from "../idempotency/register.ts";
import { Job, type JobTicket } from "./job.ts";

/** Brings requests of another process onto the clock of this one. */
export class Restoring {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The job of a request that waits again; its waits count from its acceptance. */
  jobOf(
    id: number,
    ticket: JobTicket,
    { entry, mayHaveRun }: RestoredEntry,
  ): Job {
    const job = new Job(id, ticket, this.#monotonic(entry.acceptedWallMs));
    job.entryId = entry.entryId;
    ticket.entry = job;
    job.isPromised = true;
    job.mayHaveRun = mayHaveRun;
    // One that may have been sent has met its deadline.
    job.attempts = mayHaveRun ? 1 : 0;
    job.nonce = this.#nonceOf(entry);
    return job;
  }

  /** Keeps what came of a write without a name, for its second try: the nonce of a message that failed, else the outcome. */
  keep(
    restored: RestoredEntry,
    { register, nonces }: {
      readonly register: Register<Job>;
      readonly nonces?: MessageNonces | undefined;
    },
  ): void {
    if (nonces?.restore(restored, this.#nonceOf(restored.entry))) return;
    register.detached.restore(
      restored,
      this.#monotonic(restored.untilWallMs ?? 0),
    );
  }

  #nonceOf({ nonce }: RestoredEntry["entry"]): MessageNonce | undefined {
    if (nonce === undefined) return undefined;
    const { added, sentWallMs } = nonce;
    const sentAtMs = sentWallMs === undefined
      ? undefined
      : this.#monotonic(sentWallMs);
    return { added, sentAtMs };
  }

  #monotonic(wallMs: number): number {
    return this.#clock.nowMs() - (this.#clock.wallMs() - wallMs);
  }
}
