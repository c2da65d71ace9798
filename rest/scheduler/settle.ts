import { keyNameOf } from "../domain/caller.ts";
import { invariant } from "../domain/invariant.ts";
import type { LimitReport } from "../domain/limit_report.ts";
import {
  advance,
  delay,
  dissolve,
  letOthersPass,
  makeCandidate,
  refresh,
  reopenForOthers,
  retire,
} from "./flow.ts";
import { noteUnauthorized, refuseFor } from "./health/credential_check.ts";
import { noteRejection } from "./health/rejections.ts";
import { noteSilent, noteTaken } from "./limits/bucket.ts";
import { backOffAfter, notePassed } from "./limits/counter.ts";
import { countersOf } from "./limits/counters_of.ts";
import { learnFrom, readBucket } from "./limits/learn.ts";
import { closeCounter, type Closed, type Denial } from "./limits/limited.ts";
import { leaveSub, park } from "./limits/sub_limits.ts";
import { countWaiting, uncountInFlight } from "./queues/occupancy.ts";
import type { State, Waiting } from "./state.ts";
import type { Settlement, Verdict } from "./types.ts";

/** Ends a lease and says whether the request is done or goes again. */
export function settle(
  state: State,
  id: number,
  outcome: Settlement,
  nowMs: number,
): Verdict {
  const waiting = state.waiting.get(id);
  invariant(waiting?.state === "leased", `request ${id} is not leased`);
  uncountInFlight(state, waiting);
  const isBlocked = state.breaker.state !== "closed";
  const verdict = conclude(state, waiting, outcome, nowMs);
  givePermitBack(state, waiting, outcome, nowMs);
  const { lane, group } = waiting;
  if (verdict === "done") {
    retire(state, waiting);
    if (group !== undefined) advance(state, group, nowMs);
    // A probe that ended without proving anything lets the next one try.
    leaveSub(state, waiting, nowMs);
  } else if (lane.identity.credential === "rejected") {
    refuseFor(state, waiting, nowMs);
  }
  lookAgain(state, waiting, nowMs);
  // Whatever the probe of a breaker brought, every lane has waited for it.
  if (isBlocked) reopenLanes(state);
  else if (lane.ready.size > 0) state.readyLanes.add(lane);
  return verdict;
}

/** Has everything looked at that waited for this answer. */
function lookAgain(state: State, waiting: Waiting, nowMs: number): void {
  const { line, counters } = waiting;
  const isSeen = state.registry.recordOf(line.routeKey) !== undefined;
  for (const counter of counters) {
    if (counter.role === "unseen" && isSeen) dissolve(state, counter, nowMs);
    else {
      if (counter.trial === line) counter.trial = undefined;
      reopenForOthers(state, counter, line, nowMs);
    }
  }
  refresh(state, line, nowMs);
  for (const counter of line.counters) {
    // One that this answer named.
    if (counters.includes(counter)) continue;
    reopenForOthers(state, counter, line, nowMs);
  }
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
  const seen = report === undefined ? undefined : readBucket(state, report);
  if (report === undefined) {
    noteLost(state, waiting, nowMs);
  } else {
    if (report.status !== 429) learnFrom(state, waiting, report, seen, nowMs);
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
  const { rateLimited } = report;
  return limited(state, { waiting, report, rateLimited, seen }, nowMs);
}

/** Books what an answer says beyond its bucket: failures, blocks, things that are gone. */
function noteHealth(
  state: State,
  waiting: Waiting,
  report: LimitReport,
  nowMs: number,
): void {
  const { line, lane, counters } = waiting;
  const { status, rateLimited } = report;
  const isInvalid = status === 401 || status === 403 ||
    (rateLimited !== undefined && rateLimited.scope !== "shared");
  if (isInvalid) noteInvalid(state, waiting, nowMs);
  if (report.isCloudflare403) {
    const isNew = state.breaker.note403(waiting.id, line.routeKey, nowMs);
    if (isNew) warnOfBlock(state);
    return;
  }
  if (rateLimited?.isCloudflareBlock) return;
  state.breaker.passed(waiting.id);
  if (status === 429) return;
  if (status === 401) noteUnauthorized(state, waiting, nowMs);
  noteRejection(state, waiting, report, nowMs);
  if (status < 400) lane.identity.isProven = true;
  state.registry.clearSuspects(line.routeKey);
  for (const counter of counters) notePassed(counter, report.sentAtMs);
  // An answer to what left before the pause proves nothing about after it.
  if (report.sentAtMs >= lane.lockedUntilMs) lane.isCautious = false;
}

function warnOfBlock(state: State): void {
  state.warnings.push("Stopped sending: Cloudflare blocks this address");
}

function noteInvalid(state: State, waiting: Waiting, nowMs: number): void {
  const { invalid } = state;
  const { caller: { name: caller }, line: { routeKey } } = waiting;
  const wasNear = invalid.isNear(nowMs);
  const wasKeyNear = invalid.isKeyNear(caller, nowMs);
  invalid.note(routeKey, nowMs, caller);
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

/** No answer: Discord may have counted the request all the same. */
function noteLost(state: State, waiting: Waiting, nowMs: number): void {
  const { line } = waiting;
  state.breaker.lost(waiting.id);
  state.registry.noteAnswered(line.routeKey);
  const atServerMs = nowMs + (state.clockOffset.offsetMs ?? 0);
  for (const { role, bucket } of countersOf(state, line)) {
    if (bucket === undefined) continue;
    if (role === "own" || role === "common") noteSilent(bucket, atServerMs);
    else noteTaken(bucket, atServerMs);
  }
}

/** Lets a parked request try again, at the head of what waits. */
export function release(state: State, waiting: Waiting, nowMs: number): void {
  waiting.state = "held";
  waiting.isRetry = true;
  if (waiting.group === undefined) makeCandidate(state, waiting, nowMs);
  else advance(state, waiting.group, nowMs);
}

/** Has every lane looked at again. */
export function reopenLanes(state: State): void {
  for (const lane of state.lanes.values()) {
    if (lane.ready.size > 0) state.readyLanes.add(lane);
  }
}

/**
 * A 429: pauses the narrowest thing that explains it. What was refused was not
 * executed, so it goes again and keeps its place, unless the wait is too long.
 */
function limited(state: State, denial: Denial, nowMs: number): Verdict {
  const { waiting, report } = denial;
  const { isCloudflareBlock, retryAfterMs, scope } = denial.rateLimited;
  const fromMs = Math.max(nowMs, report.receivedAtMs);
  let closed: Closed | undefined;
  let againAtMs: number;
  if (isCloudflareBlock) {
    if (!state.breaker.isWaiting(fromMs)) warnOfBlock(state);
    againAtMs = state.breaker.open(retryAfterMs, fromMs);
  } else if (scope === "global") {
    againAtMs = lock(waiting, report, fromMs, retryAfterMs);
  } else {
    closed = closeCounter(state, denial, nowMs);
    againAtMs = closed.untilMs;
  }
  if (againAtMs >= waiting.expiresAtMs) return "done";
  waiting.isRetry = true;
  takeBack(state, waiting);
  if (closed?.sub === undefined) {
    makeCandidate(state, waiting, nowMs);
  } else {
    park(state, closed.sub, waiting, nowMs);
    letOthersPass(state, waiting, nowMs);
  }
  return "again";
}

/** A global limit is a matter of a second: what is told beyond this is asked about. */
const LOCK_MAX_MS = 60_000;

/** A 429 of the global limit closes its lane. */
function lock(
  { lane, line }: Waiting,
  report: LimitReport,
  fromMs: number,
  retryAfterMs: number | undefined,
): number {
  const [own] = line.counters;
  const backOffMs = own === undefined ? 0 : backOffAfter(own, report);
  const toldMs = Math.min(retryAfterMs ?? 0, LOCK_MAX_MS);
  const untilMs = fromMs + Math.max(toldMs, backOffMs);
  lane.lockedUntilMs = Math.max(lane.lockedUntilMs, untilMs);
  lane.isCautious = true;
  return untilMs;
}

/** A settled request waits again; its place in its order group it never lost. */
function takeBack(state: State, waiting: Waiting): void {
  countWaiting(state, waiting);
  state.expiries.add(waiting);
}
