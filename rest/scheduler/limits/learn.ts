import type { BucketReport, LimitReport } from "../../domain/limit_report.ts";
import { dissolve, refresh } from "../flow.ts";
import type { Counter, Line, State, Waiting } from "../state.ts";
import { type Bucket, followClock, noteReport, noteSilent } from "./bucket.ts";
import type { HashFacts } from "./bucket_registry.ts";
import { countersOf } from "./counters_of.ts";
import { isOneCounter } from "./one_counter.ts";
import { countPassed } from "./untold.ts";

/**
 * What an answer that was no 429 teaches: which bucket it was, its numbers,
 * and whether the lines of its hash have counters of their own.
 */
export function learnFrom(
  state: State,
  waiting: Waiting,
  report: LimitReport,
  seen: BucketReport | undefined,
  nowMs: number,
): void {
  const { line, sub } = waiting;
  state.registry.noteAnswered(line.routeKey);
  if (report.guilds !== undefined) learnGuilds(state, line, report.guilds);
  if (seen === undefined) learnSilence(state, waiting, report);
  else if (seen.resetAfterMs > BELIEVED_MAX_MS) noteAbsurd(line, seen, report);
  else learnBucket(state, waiting, seen, report, nowMs);
  const atServerMs = decidedAtServerMs(state, report, seen);
  if (sub !== undefined) countPassed(sub.counter, atServerMs);
  for (const counter of countersOf(state, line)) {
    const isUntold = counter.role === "second" || counter.role === "hidden";
    if (isUntold) countPassed(counter, atServerMs);
  }
}

/** A bucket is not believed to need longer until it is full: one request asks. */
const BELIEVED_MAX_MS = 86_400_000;

/** Numbers that can hardly be true are no knowledge of their hash; an empty bucket closes its own line, until its next answer. */
function noteAbsurd(
  { counters: [own] }: Line,
  { remaining }: BucketReport,
  { receivedAtMs }: LimitReport,
): void {
  if (own === undefined || remaining > 0) return;
  own.pausedUntilMs = receivedAtMs + BELIEVED_MAX_MS;
  own.isCautious = true;
}

/** Which guild channels are in: a counter that lines share may be their guild's. */
function learnGuilds(
  { guilds }: State,
  { lane }: Line,
  told: ReadonlyArray<readonly [string, string]>,
): void {
  for (const [channel, guild] of told) {
    if (guilds.get(channel) === guild) continue;
    guilds.set(channel, guild);
    for (const majors of lane.identity.lines.values()) {
      const line = majors.get(channel);
      if (line !== undefined) line.registryChanges = NEVER;
    }
  }
}

/** Has a line's counters found anew. */
const NEVER = -1;

/** The answer's bucket, its `Reset` as far as it may be believed; learns from its clock. */
export function readBucket(
  state: State,
  report: LimitReport,
): BucketReport | undefined {
  const isClockTrusted = learnClock(state, report);
  const { bucket } = report;
  if (bucket === undefined || isClockTrusted) return bucket;
  const offsetMs = state.clockOffset.offsetMs ?? 0;
  return {
    ...bucket,
    // The two headers disagree; the time left, counted from receipt, is never too early.
    resetAtServerMs: report.receivedAtMs + bucket.resetAfterMs + offsetMs,
  };
}

/** When Discord decided on a request: told by its bucket, else when its answer was here. */
export function decidedAtServerMs(
  state: State,
  { receivedAtMs }: LimitReport,
  seen: BucketReport | undefined,
): number {
  return seen === undefined
    ? receivedAtMs + (state.clockOffset.offsetMs ?? 0)
    : seen.resetAtServerMs - seen.resetAfterMs;
}

/** False where the answer's own clock must not be used. */
function learnClock(state: State, report: LimitReport): boolean {
  const { clockOffset } = state;
  const formerMs = clockOffset.setByMs;
  const isTrusted = clockOffset.learn(report);
  const stepMs = clockOffset.setByMs - formerMs;
  if (stepMs === 0) return isTrusted;
  // What was told by the former clock must not open an hour too late, or too early.
  for (const bucket of allBuckets(state)) followClock(bucket, stepMs);
  return isTrusted;
}

function* allBuckets(state: State): Iterable<Bucket> {
  for (const { counters } of state.identities.values()) {
    for (const places of counters.values()) {
      for (const { bucket } of places.values()) {
        if (bucket !== undefined) yield bucket;
      }
    }
  }
}

/** An answer without bucket headers: a route that has none, or one that left them out this time. */
function learnSilence(
  state: State,
  { line }: Waiting,
  report: LimitReport,
): void {
  const offsetMs = state.clockOffset.offsetMs ?? 0;
  for (const { role, bucket } of countersOf(state, line)) {
    const isTold = role === "own" || role === "common";
    if (!isTold || bucket === undefined) continue;
    noteSilent(bucket, report.receivedAtMs + offsetMs);
  }
  // An error may come from before Discord's limiter, whatever its status.
  const isTelling = report.status >= 200 && report.status < 300 &&
    report.isBucketGarbled === undefined;
  if (isTelling) state.registry.noteHeaderless(line.routeKey);
}

function learnBucket(
  state: State,
  waiting: Waiting,
  seen: BucketReport,
  report: LimitReport,
  nowMs: number,
): void {
  const { registry } = state;
  const { line, together } = waiting;
  const facts = registry.learn(seen, nowMs);
  facts.burst = Math.max(facts.burst, together);
  nameRoute(state, line, facts, report, nowMs);
  const [own, ...others] = countersOf(state, line);
  if (own?.bucket?.facts !== facts) {
    noteElsewhere(state, line, facts, seen, report);
    return;
  }
  noteReport(own.bucket, seen);
  const common = others.find(({ role }) => role === "common");
  if (common !== undefined) noteCommon(state, line, common, seen, nowMs);
}

/** Sees to it that the route carries the hash the answer named. */
function nameRoute(
  { registry }: State,
  { routeKey }: Line,
  { hash }: HashFacts,
  { status }: LimitReport,
  nowMs: number,
): void {
  const known = registry.hashOf(routeKey);
  if (known === hash) return;
  // Deleting a message that is gone answers with another bucket than deleting
  // one that is there (#1295); an error must not rename the route.
  if (known !== undefined && status >= 400) return;
  registry.assign(routeKey, hash, nowMs);
}

/** Books the numbers on the bucket of that hash; the line's own, which is another, only lost a token. */
function noteElsewhere(
  state: State,
  line: Line,
  facts: HashFacts,
  seen: BucketReport,
  { sentAtMs }: LimitReport,
): void {
  const [own] = line.counters;
  if (own?.bucket !== undefined) {
    noteSilent(own.bucket, sentAtMs + (state.clockOffset.offsetMs ?? 0));
  }
  const named = line.lane.identity.counters.get(facts.hash)?.get(line.major);
  if (named?.bucket !== undefined) noteReport(named.bucket, seen);
}

/** Books the numbers on what many lines may share, or finds that they do not. */
function noteCommon(
  state: State,
  line: Line,
  common: Counter,
  seen: BucketReport,
  nowMs: number,
): void {
  const { bucket, told } = common;
  if (bucket === undefined) return;
  const isShown = told === undefined || told.line === line ||
    isOneCounter(told.report, seen, bucket.facts);
  if (isShown) {
    noteReport(bucket, seen);
    common.told = { line, report: seen };
    return;
  }
  if (bucket.facts.spread === "common") {
    // Others have lost to each other here: it is this one that is apart.
    line.isSeparate = true;
    state.registry.touch();
    refresh(state, line, nowMs);
    return;
  }
  state.registry.setSpread(bucket.facts, "separate");
  dissolve(state, common, nowMs);
}
