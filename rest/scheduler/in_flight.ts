import type { State, Waiting } from "./state.ts";

/** What is under way: of a line, of a lane and in all. */

/** Counts a request that is sent. */
export function depart(state: State, { line, lane }: Waiting): void {
  line.inFlight++;
  lane.inFlight++;
  state.inFlight++;
  if (line.bucket !== undefined) line.bucket.unheard++;
}

/** Counts it no more, whatever came of it. */
export function land(state: State, { line, lane }: Waiting): void {
  line.inFlight--;
  lane.inFlight--;
  state.inFlight--;
  const { bucket } = line;
  // It may be one that was sent before the newest answer: then one too few is
  // taken for unheard, which is never too much to wait.
  if (bucket !== undefined && bucket.unheard > 0) bucket.unheard--;
}
