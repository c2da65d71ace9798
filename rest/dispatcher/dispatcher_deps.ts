import type { FactSink } from "../domain/fact.ts";
import type { Clock, Random, Upstream } from "../domain/ports.ts";
import type { Scheduler } from "../scheduler/types.ts";
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
