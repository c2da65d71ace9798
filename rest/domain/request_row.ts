import type { WaitReason } from "./wait_reason.ts";

/** A waiting request, without anything of its content. */
export interface RequestRow {
  readonly id: number;
  readonly route: string;
  readonly major: string;
  readonly caller: string;
  readonly waitedMs: number;
  readonly reason: WaitReason;
  /** Its place in its line, from 1. */
  readonly place: number;
  /** It leaves no earlier; undefined: an answer or an operator decides. */
  readonly earliestInMs: number | undefined;
}

/** A request of an earlier process, of which nobody can know whether Discord executed it. */
export interface UnknownOutcome {
  /** Sorts by acceptance. */
  readonly id: string;
  readonly route: string;
  /** Method and path; null where that holds a token. */
  readonly target: string | null;
  /** Whose limits it counted against. */
  readonly identity: string;
  readonly caller: string;
  /** What its caller calls it: its `Idempotency-Key`, its location, or its session and `req`; null: nothing. */
  readonly name: string | null;
  /** In ms since 1970. */
  readonly acceptedAt: number;
}
