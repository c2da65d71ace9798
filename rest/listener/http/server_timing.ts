import type { Timing } from "../../domain/wait_reason.ts";

/** Tells where a request's time went (W3C Server Timing); browsers and tracing tools draw it. */
export const TIMING_HEADER = "server-timing";

const NO_TIME: Timing = { waitMs: 0, reason: undefined };

/** `queue;dur=120;desc="bucket", discord;dur=80, attempts;desc="2"`; what never came into the queue waited for nothing. */
export function serverTimingOf(timing: Timing = NO_TIME): string {
  const { waitMs, reason, discordMs, attempts = 1 } = timing;
  const desc = reason === undefined ? "" : `;desc="${reason}"`;
  let text = `queue;dur=${Math.round(waitMs)}${desc}`;
  if (discordMs !== undefined) text += `, discord;dur=${Math.round(discordMs)}`;
  if (attempts > 1) text += `, attempts;desc="${attempts}"`;
  return text;
}
