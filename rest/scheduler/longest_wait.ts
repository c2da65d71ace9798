import type { State } from "./state.ts";
import type { Terms } from "./types.ts";

/**
 * A request that need not wait is leased by the poll after its coming. That is
 * so much later where the event loop is busy; a shorter wait would refuse what
 * could have gone.
 */
const FIRST_LOOK_MS = 50;

/** How long a request may be predicted to wait. */
export function allowedWaitMs(
  { options }: State,
  { longestWaitMs = Infinity }: Terms,
): number {
  return Math.min(options.maxWaitMs, longestWaitMs);
}

/** How long a request may really wait, since a prediction can be too low. */
export function longestWaitMsOf(state: State, terms: Terms): number {
  return Math.max(allowedWaitMs(state, terms), FIRST_LOOK_MS);
}
