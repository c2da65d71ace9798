import type { SimChange } from "../sim/options.ts";
import type { Shot } from "./shots.ts";

/** One row of the table: a world, what is asked of it, and how fast it could go. */
export interface BenchCase {
  readonly name: string;
  readonly about: string;
  /** From the first request to the last answer, for somebody who knows Discord's state. */
  readonly idealMs: number;
  /** The goal: at most this many times the ideal. */
  readonly reach: number;
  /** True where a perfect client gets no 429, so that we must not either. */
  readonly isQuiet: boolean;
  /** True where the messages of a channel have to arrive in the order they were handed over. */
  readonly isOrdered?: boolean;
  readonly sim: SimChange;
  /** Set for the simulated Discord and every subject alike; 50 when not said. */
  readonly globalLimit?: number;
  /** Volleys that are sent and awaited, one after the other, before the measurement; then the bench rests for `restMs`. */
  readonly warmUp?: {
    readonly volleys: ReadonlyArray<readonly Shot[]>;
    readonly restMs: number;
  };
  /** Requests sent this long before the measurement, and not awaited. */
  readonly background?: {
    readonly shots: readonly Shot[];
    readonly headStartMs: number;
  };
  readonly shots: readonly Shot[];
}

/** Latency to Discord unless a case has its own: 30 to 70 ms. */
export const NEAR = { latencyOut: { minMs: 30, maxMs: 70 } } as const;

/** Announced, and wide enough never to bind. */
export const WIDE = { limit: 1_000, periodMs: 1_000 } as const;
