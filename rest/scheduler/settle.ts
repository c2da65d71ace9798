import { forgetOldest } from "../collections/forget_oldest.ts";
import { keyNameOf } from "../domain/caller.ts";
import { invariant } from "../domain/invariant.ts";
import {
  type LimitReport,
  type RateLimited,
  UNKNOWN_WEBHOOK,
} from "../domain/limit_report.ts";
import {
  advance,
  delay,
  letOthersPass,
  makeCandidate,
  refresh,
  retire,
} from "./flow.ts";
import { noteUnauthorized, refuseFor } from "./health/credential_check.ts";
import { noteSilent } from "./limits/bucket.ts";
import { learnFrom } from "./limits/learn.ts";
import { leaveSub, limitSub, park, passSub } from "./limits/sub_limits.ts";
import { countWaiting, uncountInFlight } from "./queues/counters.ts";
import { currentLine, homeOf } from "./queues/lines.ts";
import type { Line, State, Waiting } from "./state.ts";
import type { Settlement, Verdict } from "./types.ts";

/** Webhook ids remembered as gone, for how long, and how many at most. */
const GONE_MS = 600_000;
const GONE_MAX = 10_000;
/** Repeated 429s on one line without a success between wait at least this, doubled each time: a mute one must not loop. */
const BACK_OFF_MS = 500;
const BACK_OFF_MAX_MS = 60_000;

/** Ends a lease and says whether the request is done or goes again. */
export function settle(
  state: State,
  id: number,
  outcome: Settlement,
  nowMs: number,
): Verdict {
  const waiting = state.waiting.get(id);
  invariant(waiting?.state === "leased", `request ${id} is not leased`);
  const sentFrom = currentLine(waiting.line);
  waiting.line = sentFrom;
  uncountInFlight(state, waiting);
  const isBlocked = state.breaker.state !== "closed";
  const verdict = conclude(state, waiting, outcome, nowMs);
  givePermitBack(state, waiting, outcome, nowMs);
  const { line, lane, group } = waiting;
  if (verdict === "done") {
    retire(state, waiting);
    if (group !== undefined) advance(state, group, nowMs);
    // A probe that ended without proving anything lets the next one try.
    leaveSub(state, waiting);
  } else if (lane.identity.credential === "rejected") {
    refuseFor(state, waiting, nowMs);
  }
  refresh(state, currentLine(sentFrom), nowMs);
  if (line !== sentFrom) refresh(state, line, nowMs);
  // Whatever the probe of a breaker brought, every lane has waited for it.
  if (isBlocked) reopen(state);
  else if (lane.ready.size > 0) state.readyLanes.add(lane);
  return verdict;
}

/**
 * Room for what lies between Discord's two limiters: the moment told is that
 * of the bucket's. The global one seems to count before that, for its 429
 * names no bucket (Discord docs, "Rate Limits"), and then needs none; so much
 * is for two counters that are a little apart.
 */
const BETWEEN_LIMITERS_MS = 3;

/** Tells the global limit when its token was used, as exactly as the answer allows. */
function givePermitBack(
  state: State,
  waiting: Waiting,
  outcome: Settlement,
  nowMs: number,
): void {
  const { lane, permit } = waiting;
  waiting.permit = undefined;
  if (permit === undefined || lane.limit === undefined) return;
  const report = outcome.kind === "lost" ? undefined : outcome.report;
  const answeredAtMs = report?.receivedAtMs ?? nowMs;
  const arrivedMs = report && state.clockOffset.sentAsIfAtMs(report);
  const arrivedByMs = arrivedMs === undefined
    ? undefined
    : Math.min(answeredAtMs, arrivedMs + BETWEEN_LIMITERS_MS);
  lane.limit.answered(permit, answeredAtMs, arrivedByMs);
}

function conclude(
  state: State,
  waiting: Waiting,
  outcome: Settlement,
  nowMs: number,
): Verdict {
  const report = outcome.kind === "lost" ? undefined : outcome.report;
  if (report === undefined) {
    noteLost(state, waiting, nowMs);
  } else {
    learnFrom(state, waiting, report, nowMs);
    noteHealth(state, waiting, report, nowMs);
  }
  if (outcome.kind === "retry") {
    // It would be refused before that: the answer there is serves the caller better.
    if (outcome.notBeforeMs >= waiting.expiresAtMs) return "done";
    waiting.isRetry = true;
    takeBack(state, waiting);
    delay(state, waiting, outcome.notBeforeMs);
    return "again";
  }
  if (report?.rateLimited === undefined) return "done";
  return limited(state, waiting, report, report.rateLimited, nowMs);
}

/** Books what an answer says beyond its bucket: failures, blocks, things that are gone. */
function noteHealth(
  state: State,
  waiting: Waiting,
  report: LimitReport,
  nowMs: number,
): void {
  const { line, lane, sub } = waiting;
  const { status, rateLimited } = report;
  const isInvalid = status === 401 || status === 403 ||
    (rateLimited !== undefined && rateLimited.scope !== "shared");
  if (isInvalid) noteInvalid(state, waiting, nowMs);
  if (report.isCloudflare403) {
    const { id, route } = waiting.ask;
    if (state.breaker.note403(id, route.key, nowMs)) warnOfBlock(state);
    return;
  }
  if (rateLimited?.isCloudflareBlock) return;
  state.breaker.passed(waiting.ask.id);
  if (status === 429) return;
  if (status === 401) noteUnauthorized(state, waiting);
  if (status === 404 && report.errorCode === UNKNOWN_WEBHOOK) {
    noteGone(state, waiting, nowMs);
  }
  line.consecutive429s = 0;
  // An answer to what left before the pause proves nothing about after it.
  if (report.sentAtMs >= line.pausedUntilMs) line.isCautious = false;
  if (report.sentAtMs >= lane.lockedUntilMs) lane.isCautious = false;
  if (sub === undefined) return;
  passSub(state, sub, waiting, report.sentAtMs);
  waiting.sub = undefined;
}

function warnOfBlock(state: State): void {
  state.warnings.push("Stopped sending: Cloudflare blocks this address");
}

function noteInvalid(state: State, waiting: Waiting, nowMs: number): void {
  const { invalid } = state;
  const { caller, route } = waiting.ask;
  const wasNear = invalid.isNear(nowMs);
  const wasKeyNear = invalid.isKeyNear(caller, nowMs);
  invalid.note(route.key, nowMs, caller);
  if (!wasKeyNear && invalid.isKeyNear(caller, nowMs)) {
    state.warnings.push(
      `Key ${keyNameOf(caller)} has used up its share of invalid requests: ` +
        `${
          invalid.countOf(caller, nowMs)
        } of ${invalid.ceiling} in 10 minutes, its failing routes are refused`,
    );
  }
  if (wasNear || !invalid.isNear(nowMs)) return;
  state.warnings.push(
    `Near the limit of invalid requests: ${invalid.count(nowMs)} of ` +
      `${invalid.ceiling} in 10 minutes, failing routes are held`,
  );
}

function noteGone(state: State, waiting: Waiting, nowMs: number): void {
  const { route } = waiting.ask;
  if (route.webhookId === undefined || route.lane === "interaction") return;
  state.gone.delete(route.webhookId);
  state.gone.set(route.webhookId, nowMs + GONE_MS);
  forgetOldest(state.gone, GONE_MAX);
}

/** No answer: Discord may have counted the request all the same. */
function noteLost(state: State, waiting: Waiting, nowMs: number): void {
  state.breaker.lost(waiting.ask.id);
  const { bucket } = waiting.line;
  if (bucket === undefined) return;
  noteSilent(bucket, nowMs + (state.clockOffset.offsetMs ?? 0));
}

/** Lets a parked request try again, at the head of what waits. */
export function release(state: State, waiting: Waiting, nowMs: number): void {
  waiting.state = "held";
  waiting.isRetry = true;
  if (waiting.group === undefined) makeCandidate(state, waiting, nowMs);
  else advance(state, waiting.group, nowMs);
}

/** Has every lane looked at again. */
export function reopen(state: State): void {
  for (const lane of state.lanes.values()) {
    if (lane.ready.size > 0) state.readyLanes.add(lane);
  }
}

/**
 * A 429: pauses the narrowest thing that explains it. What was refused was not
 * executed, so it goes again and keeps its place, unless the wait is too long.
 */
function limited(
  state: State,
  waiting: Waiting,
  report: LimitReport,
  rateLimited: RateLimited,
  nowMs: number,
): Verdict {
  // Of a hash that changed under way it is the new bucket that was met.
  waiting.line = homeOf(state, waiting, nowMs);
  const { line, lane } = waiting;
  const backOffMs = backOffAfter(line, report);
  const fromMs = Math.max(nowMs, report.receivedAtMs);
  const untilMs = fromMs + Math.max(rateLimited.retryAfterMs ?? 0, backOffMs);
  const isSub = isSubLimit(line, report, rateLimited);
  let againAtMs = untilMs;
  if (rateLimited.isCloudflareBlock) {
    if (!state.breaker.isWaiting(fromMs)) warnOfBlock(state);
    againAtMs = state.breaker.open(rateLimited.retryAfterMs, fromMs);
  } else if (rateLimited.scope === "global") {
    lane.lockedUntilMs = Math.max(lane.lockedUntilMs, untilMs);
    lane.isCautious = true;
  } else if (!isSub) {
    line.pausedUntilMs = Math.max(line.pausedUntilMs, untilMs);
    line.isCautious = true;
  }
  const sub = isSub ? limitSub(state, waiting, report, untilMs) : undefined;
  if (againAtMs >= waiting.expiresAtMs) return "done";
  waiting.isRetry = true;
  takeBack(state, waiting);
  if (sub === undefined) {
    makeCandidate(state, waiting, nowMs);
  } else {
    park(state, sub, waiting);
    letOthersPass(state, waiting, nowMs);
  }
  return "again";
}

/** How long this line waits at least: nothing for the first two 429s in a row, then more and more. */
function backOffAfter(line: Line, report: LimitReport): number {
  // Those that left together are met by the limit together: that is one backOffAfter.
  if (report.sentAtMs >= line.last429AtMs) line.consecutive429s++;
  line.last429AtMs = Math.max(line.last429AtMs, report.receivedAtMs);
  if (line.consecutive429s < 3) {
    return line.consecutive429s === 1 ? 0 : BACK_OFF_MS;
  }
  return Math.min(
    BACK_OFF_MAX_MS,
    BACK_OFF_MS * 2 ** (line.consecutive429s - 2),
  );
}

/** Tokens left, or a bucket of another name: a limit beside the one we know (#1900, #2190). */
function isSubLimit(
  line: Line,
  report: LimitReport,
  rateLimited: RateLimited,
): boolean {
  const { bucket } = report;
  if (bucket === undefined || rateLimited.scope === "shared") return false;
  if (rateLimited.scope === "global") return false;
  const isKnown = line.bucket === undefined ||
    line.bucket.facts.hash === bucket.hash;
  return bucket.remaining > 0 || !isKnown;
}

/** A settled request waits again; its place in its order group it never lost. */
function takeBack(state: State, waiting: Waiting): void {
  countWaiting(state, waiting);
  state.expiries.add(waiting);
}
