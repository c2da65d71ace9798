import type { RequestRow } from "../domain/request_row.ts";
import type { WaitingRequest } from "../scheduler/types.ts";

/** A waiting request as its caller and operators are shown it; `nowMs` is the scheduler's clock. */
export function requestRowOf(
  { id, label, major, caller, acceptedAtMs, wait }: WaitingRequest,
  nowMs: number,
): RequestRow {
  const { reason, place, earliestAtMs } = wait;
  return {
    id,
    route: label,
    major,
    caller,
    waitedMs: Math.round(nowMs - acceptedAtMs),
    reason,
    place,
    earliestInMs: earliestAtMs === undefined
      ? undefined
      : Math.round(Math.max(0, earliestAtMs - nowMs)),
  };
}
