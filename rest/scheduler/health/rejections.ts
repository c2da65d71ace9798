import { forgetOldest } from "../../collections/forget_oldest.ts";
import {
  INVALID_WEBHOOK_TOKEN,
  type LimitReport,
  UNKNOWN_WEBHOOK,
} from "../../domain/limit_report.ts";
import type { State, Waiting } from "../state.ts";
import type { Ask, Refused, Rejection } from "../types.ts";

/**
 * What Discord has refused for good: webhooks that are gone, tokens that are
 * wrong. Asking again would change nothing and bring the address nearer to a
 * block (Discord docs, "Invalid Request Limit"), so for a while the proxy
 * gives the answer itself.
 */

/** How long a webhook is remembered as gone, or its token as wrong. */
const WEBHOOK_MS = 600_000;
/** A token that a caller brought is refused this long after Discord's first 401, twice as long after each further one. */
const TOKEN_MS = 60_000;
const TOKEN_MAX_MS = 600_000;
/** Rejections kept; the oldest is forgotten. */
const REJECTIONS_MAX = 10_000;

/** What a request is told that Discord would refuse as it has before; undefined: it may go. */
export function rejectionOf(
  { rejections }: State,
  ask: Ask,
  nowMs: number,
): Refused | undefined {
  if (rejections.size === 0) return undefined;
  for (const name of namesOf(ask)) {
    const found = rejections.get(name);
    if (found === undefined || nowMs >= found.untilMs) continue;
    const { code, message, untilMs } = found;
    return { code, message, retryAfterMs: untilMs - nowMs };
  }
  return undefined;
}

/** Learns from an answer that was no 429 what Discord will refuse again, or does no more. */
export function noteRejection(
  state: State,
  { ask }: Waiting,
  { status, errorCode }: LimitReport,
  nowMs: number,
): void {
  const { rejections } = state;
  const { route, isOwnToken } = ask;
  if (status === 404 && errorCode === UNKNOWN_WEBHOOK) {
    // A follow-up's 404 is about its message.
    if (route.lane === "interaction" || route.webhookId === undefined) return;
    remember(state, `webhook ${route.webhookId}`, {
      untilMs: nowMs + WEBHOOK_MS,
      times: 1,
      code: "webhook_gone",
      message: "Unknown Webhook",
    });
  } else if (status === 401 && errorCode === INVALID_WEBHOOK_TOKEN) {
    remember(state, `token ${route.major}`, {
      untilMs: nowMs + WEBHOOK_MS,
      times: 1,
      code: "webhook_unauthorized",
      message: "Invalid Webhook Token",
    });
  } else if (route.lane !== "bot" || isOwnToken || !hasToken(ask)) {
    return;
  } else if (status === 401) {
    noteToken(state, ask, nowMs);
  } else if (status < 400 && rejections.size > 0) {
    rejections.delete(tokenName(ask));
  }
}

/** A 401 to a token that a caller brought: it may be about the route alone. */
function noteToken(state: State, ask: Ask, nowMs: number): void {
  const times = (state.rejections.get(tokenName(ask))?.times ?? 0) + 1;
  remember(state, tokenName(ask), {
    untilMs: nowMs + tokenMs(times),
    times,
    code: "token_unauthorized",
    message: `Discord answered 401 to this token on ${ask.route.label}`,
  });
}

/** How long a brought token is refused after so many 401s in a row. */
export function tokenMs(times: number): number {
  return Math.min(TOKEN_MAX_MS, TOKEN_MS * 2 ** (times - 1));
}

function remember(
  { rejections }: State,
  name: string,
  rejection: Rejection,
): void {
  rejections.delete(name);
  rejections.set(name, rejection);
  forgetOldest(rejections, REJECTIONS_MAX);
}

function namesOf(ask: Ask): string[] {
  const { route, isOwnToken } = ask;
  if (route.lane !== "bot") {
    return [`webhook ${route.webhookId}`, `token ${route.major}`];
  }
  const ofWebhook = route.webhookId === undefined
    ? []
    : [`webhook ${route.webhookId}`];
  return isOwnToken ? ofWebhook : [...ofWebhook, tokenName(ask)];
}

function tokenName({ identityId, route }: Ask): string {
  return `${identityId} ${route.key}`;
}

function hasToken({ identityId }: Ask): boolean {
  return identityId !== "none";
}
