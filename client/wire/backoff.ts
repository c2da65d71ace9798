import type { ReconnectWait } from "./close_codes.ts";

/** First ceiling: a restart on the same machine takes about this long. */
const BASE_MS = 250;

/** Highest ceiling: a proxy that came back is found within 15 s, and 1000 bots ask it 133 times a second at most. */
const CEILING_MS = 15_000;

/** Over how long the clients of a restarting proxy spread (section 2.3, 1012). */
const SPREAD_MS = 5_000;

/** Shortest wait after being closed for flooding (section 2.3, 4429). */
const PENALTY_MS = 5_000;

/**
 * How long to wait before the next attempt. Full jitter: anything between zero
 * and the ceiling, so that clients cut off together do not return together.
 *
 * @param attempt 1 for the first attempt after a loss
 * @param random a number in [0, 1)
 */
export function reconnectDelayMs(
  wait: ReconnectWait,
  attempt: number,
  random: number,
): number {
  const ceilingMs = Math.min(CEILING_MS, BASE_MS * 2 ** (attempt - 1));
  switch (wait) {
    case "backoff":
      return random * ceilingMs;
    case "longest":
      return random * CEILING_MS;
    case "spread":
      return random * SPREAD_MS;
    case "penalty":
      return PENALTY_MS + random * ceilingMs;
  }
}
