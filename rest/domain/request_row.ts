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
