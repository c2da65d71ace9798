import type { Urgency } from "./urgency.ts";

/**
 * Which global limit a route counts against. `bot` is the identity's global
 * limit. Interactions and token webhooks do not count against it (Discord docs,
 * "Receiving and responding": interaction endpoints are not bound to the bot's
 * global rate limit) and have lanes of their own.
 */
export type LaneName = "bot" | "interaction" | "webhook";

/** What is true of every request in a lane. */
export interface LaneFacts {
  /** Whether Discord counts it against the identity's global limit. */
  readonly isGloballyLimited: boolean;
  /** Whether requests with other major parameters may share a counter with it. */
  readonly mayShareCounters: boolean;
  /** Its urgency where the caller names none. */
  readonly defaultUrgency: Urgency;
}

/** The lanes there are; a new one begins with a row here. */
export const LANES: Readonly<Record<LaneName, LaneFacts>> = {
  bot: {
    isGloballyLimited: true,
    mayShareCounters: true,
    // The default of RFC 9218.
    defaultUrgency: 3,
  },
  interaction: {
    isGloballyLimited: false,
    // Each interaction is counted by itself (staff, discord-api-docs #2701).
    mayShareCounters: false,
    // Discord waits 3 s for the answer to an interaction (docs: receiving and responding).
    defaultUrgency: 0,
  },
  webhook: {
    isGloballyLimited: false,
    mayShareCounters: true,
    defaultUrgency: 3,
  },
};
