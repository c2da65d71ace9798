import { forgetOldest } from "../../collections/forget_oldest.ts";
import {
  INVALID_WEBHOOK_TOKEN,
  type LimitReport,
  UNKNOWN_WEBHOOK,
} from "../../domain/limit_report.ts";
import type { LaneName } from "../../domain/lane.ts";
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
  state: State,
  { route, identityId, isOwnToken }: Ask,
  nowMs: number,
): Refused | undefined {
  if (state.rejections.size === 0) return undefined;
  return found(state, { ...route, identityId, isOwnToken }, nowMs);
}

/** The same for a request that was taken in. */
export function rejectionOfWaiting(
  state: State,
  waiting: Waiting,
  nowMs: number,
): Refused | undefined {
  if (state.rejections.size === 0) return undefined;
  return found(state, subjectOf(waiting), nowMs);
}

/** What rejections are named after. */
interface Subject {
  readonly identityId: string;
  readonly isOwnToken: boolean;
  readonly lane: LaneName;
  readonly key: string;
  readonly major: string;
  readonly webhookId: string | undefined;
}

function subjectOf({ line, lane, webhookId, isOwnToken }: Waiting): Subject {
  return {
    identityId: lane.identity.id,
    isOwnToken,
    lane: lane.name,
    key: line.routeKey,
    major: line.major,
    webhookId,
  };
}

function found(
  { rejections }: State,
  subject: Subject,
  nowMs: number,
): Refused | undefined {
  for (const name of namesOf(subject)) {
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
  waiting: Waiting,
  { status, errorCode }: LimitReport,
  nowMs: number,
): void {
  const { rejections } = state;
  const { isOwnToken, webhookId, line, lane: { name: lane } } = waiting;
  if (status === 404 && errorCode === UNKNOWN_WEBHOOK) {
    // A follow-up's 404 is about its message.
    if (lane === "interaction" || webhookId === undefined) return;
    remember(state, `webhook ${webhookId}`, {
      untilMs: nowMs + WEBHOOK_MS,
      times: 1,
      code: "webhook_gone",
      message: "Unknown Webhook",
    });
  } else if (status === 401 && errorCode === INVALID_WEBHOOK_TOKEN) {
    remember(state, `token ${line.major}`, {
      untilMs: nowMs + WEBHOOK_MS,
      times: 1,
      code: "webhook_unauthorized",
      message: "Invalid Webhook Token",
    });
  } else if (lane !== "bot" || isOwnToken || !hasToken(waiting)) {
    return;
  } else if (status === 401) {
    noteToken(state, waiting, nowMs);
  } else if (status < 400 && rejections.size > 0) {
    rejections.delete(tokenName(subjectOf(waiting)));
  }
}

/** A 401 to a token that a caller brought: it may be about the route alone. */
function noteToken(state: State, waiting: Waiting, nowMs: number): void {
  const name = tokenName(subjectOf(waiting));
  const times = (state.rejections.get(name)?.times ?? 0) + 1;
  remember(state, name, {
    untilMs: nowMs + tokenMs(times),
    times,
    code: "token_unauthorized",
    message: `Discord answered 401 to this token on ${waiting.label}`,
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

function namesOf(subject: Subject): string[] {
  const { lane, webhookId, major, isOwnToken } = subject;
  if (lane !== "bot") return [`webhook ${webhookId}`, `token ${major}`];
  const ofWebhook = webhookId === undefined ? [] : [`webhook ${webhookId}`];
  return isOwnToken ? ofWebhook : [...ofWebhook, tokenName(subject)];
}

function tokenName({ identityId, key }: Subject): string {
  return `${identityId} ${key}`;
}

function hasToken({ lane }: Waiting): boolean {
  return lane.identity.id !== "none";
}
