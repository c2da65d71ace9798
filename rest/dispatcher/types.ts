import type { FactSink } from "../domain/fact.ts";
import type { Identity } from "../domain/identity.ts";
import type { Clock, Random, Submitter, Upstream } from "../domain/ports.ts";
import type { Scheduler } from "../scheduler/types.ts";
import type { DrainReport } from "./drain.ts";
import type { QueueControl } from "./queue_control.ts";
import type { Reassignment } from "./reassign.ts";
import type { Digest } from "./second_tries/fingerprint.ts";

/** What operators decide about the queue. */
export interface DispatcherOptions {
  /** No retry begins after a request has been in the queue for this time. */
  readonly maxWaitMs: number;
  /** Whether identical waiting reads are sent once. */
  readonly isSingleFlight: boolean;
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
  readonly options: DispatcherOptions;
}

/** The queue of the proxy: every request of every transport is submitted here. */
export interface Dispatcher extends Submitter {
  /**
   * Accepts nothing new, waits up to `forMs` for the accepted requests, refuses
   * the rest and closes the upstream. Called again, it returns the same report.
   */
  drain(forMs: number): Promise<DrainReport>;
  isDraining(): boolean;
  /** For operators. */
  readonly control: QueueControl;
  /** Gives waiting requests another token, and returns how many have it now. */
  reassign(which: Reassignment): number;
  /** Gives requests of this identity its new token, and returns how many of them wait. */
  renewToken(identity: Identity): number;
}
