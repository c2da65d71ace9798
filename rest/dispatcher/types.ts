import type { HandedOver } from "../domain/owners.ts";
import type { RestoredEntry } from "../domain/entry.ts";
import type { FactSink } from "../domain/fact.ts";
import type { Journal, SendGuard } from "../domain/journal.ts";
import type { Identity } from "../domain/identity.ts";
import type {
  Clock,
  Random,
  Submitter,
  Ticket,
  Upstream,
} from "../domain/ports.ts";
import type {
  NamedRegister,
  RegisterOptions,
} from "../idempotency/register.ts";
import type { Scheduler } from "../scheduler/types.ts";
import type { CloseWayIn, DrainOptions, DrainReport } from "./drain.ts";
import type { MessageNonces } from "../idempotency/nonces/message_nonces.ts";
import type { QueueControl } from "./queue_control.ts";
import type { Reassignment } from "./reassign.ts";
import type { Digest } from "../idempotency/fingerprint.ts";

/** What operators decide about the queue. */
export interface DispatcherOptions
  extends Pick<RegisterOptions, "isSingleFlight" | "adoptMs" | "keptBytesMax"> {
  /** No retry begins after a request has been in the queue for this time. */
  readonly maxWaitMs: number;
  /** API version of the proxy's own requests. */
  readonly apiVersion: number;
}

/** What the dispatcher needs. */
export interface DispatcherDeps {
  readonly scheduler: Scheduler;
  readonly upstream: Upstream;
  readonly clock: Clock;
  readonly random: Random;
  readonly facts: FactSink;
  readonly digest: Digest;
  /** Draws the nonces of messages; they have none where this is left out. */
  readonly nonces?: MessageNonces | undefined;
  /** Is told of every change of a request; nothing is kept where it is left out. */
  readonly journal?: Journal | undefined;
  /** Whether this process may send for an identity; it always may where this is left out. */
  readonly maySend?: SendGuard | undefined;
  /** What the ids of an identity's entries begin with (`entryIdOf`); only a journal asks. */
  readonly epochOf?: ((identityId: string) => number) | undefined;
  /** Where their counters begin; 0 where it is left out. */
  readonly firstCounter?: number | undefined;
  readonly options: DispatcherOptions;
}

/** The queue of the proxy: every request of every transport is submitted here. */
export interface Dispatcher extends Submitter {
  /**
   * Goes on for up to `forMs` with everything that can be done by then, refuses
   * the rest and closes the upstream. When nothing waits any more, or the end is
   * near, `closeWayIn` is called; it settles when nobody can come any more.
   * Called again, it returns the same report.
   */
  drain(
    forMs: number,
    closeWayIn?: CloseWayIn,
    options?: DrainOptions,
  ): Promise<DrainReport>;
  isDraining(): boolean;
  /** Where requests with a name are kept. */
  readonly register: NamedRegister;
  /** For operators. */
  readonly control: QueueControl;
  /**
   * Goes on with a request of another process that waits again. Without a
   * guarantee nobody waits for it: a second try may take its place. To be called
   * in the order of their ids, before anything new is submitted for their
   * identities.
   */
  restore(restored: RestoredEntry): Ticket;
  /** Keeps what came of a write without a name in another process, for its second try. */
  restoreOutcome(restored: RestoredEntry): void;
  /**
   * Hands everything of a scope to another proxy: what waits is dropped, and
   * its callers are told `moved`. Settles when nothing of it is in flight any
   * more and nothing is remembered. Nothing may be submitted for it meanwhile.
   */
  release(handed: HandedOver): Promise<void>;
  /** Gives waiting requests another token, and returns how many have it now. */
  reassign(which: Reassignment): number;
  /** Gives requests of this identity its new token, and returns how many of them wait. */
  renewToken(identity: Identity): number;
}
