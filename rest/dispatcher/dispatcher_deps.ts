import type { FactSink } from "../domain/fact.ts";
import type { Clock, Random, Upstream } from "../domain/ports.ts";
import type { Scheduler } from "../scheduler/types.ts";
import type { Digest } from "./second_tries/fingerprint.ts";

/** What operators decide about the queue. */
export interface DispatcherOptions {
  /** No retry begins when a request has been here this long. */
  readonly maxWaitMs: number;
  /** Identical reads that wait are sent once. */
  readonly isSingleFlight: boolean;
  /** For requests of the proxy's own. */
  readonly apiVersion: number;
}

/** What the queue is driven with. */
export interface DispatcherDeps {
  readonly scheduler: Scheduler;
  readonly upstream: Upstream;
  readonly clock: Clock;
  readonly random: Random;
  readonly facts: FactSink;
  readonly digest: Digest;
  readonly options: DispatcherOptions;
}
