import type { BucketReport, LimitReport } from "../../domain/limit_report.ts";
import { followClock, noteReport, noteSilent } from "./bucket.ts";
import { makeCandidate, refresh } from "../flow.ts";
import type { HashFacts } from "./bucket_registry.ts";
import { mergeWaiting } from "../queues/counters.ts";
import { currentLine, giveHash, homeOf, lineFor } from "../queues/lines.ts";
import type { Line, State, Waiting } from "../state.ts";

/** What an answer teaches about buckets: which one it was, its numbers, its clock. */
export function learnFrom(
  state: State,
  waiting: Waiting,
  report: LimitReport,
  nowMs: number,
): void {
  const isClockTrusted = learnClock(state, report);
  const { bucket } = report;
  if (bucket === undefined) {
    learnSilence(state, waiting, report);
    return;
  }
  const offsetMs = state.clockOffset.offsetMs ?? 0;
  const seen = isClockTrusted ? bucket : {
    ...bucket,
    // The two headers disagree; the time left, counted from receipt, is never too early.
    resetAtServerMs: report.receivedAtMs + bucket.resetAfterMs + offsetMs,
  };
  if (report.status === 429) {
    learnFrom429(waiting.line, seen);
  } else {
    const facts = state.registry.learn(seen, nowMs);
    findLine(state, waiting, facts, report, nowMs);
    waiting.line = currentLine(waiting.line);
    noteOn(state, waiting, seen, report, nowMs);
  }
  // The route's hash changed, now or by another subject's answer.
  if (homeOf(state, waiting, nowMs) !== waiting.line) {
    rehome(state, waiting.line, nowMs);
  }
}

/** False where the answer's own clock must not be used. */
function learnClock(state: State, report: LimitReport): boolean {
  const { clockOffset } = state;
  const formerMs = clockOffset.setByMs;
  const isTrusted = clockOffset.learn(report);
  const stepMs = clockOffset.setByMs - formerMs;
  if (stepMs === 0) return isTrusted;
  // What was told by the former clock must not open an hour too late, or too early.
  for (const { bucket } of state.lines.values()) {
    if (bucket !== undefined) followClock(bucket, stepMs);
  }
  return isTrusted;
}

/** An answer without bucket headers: a route that has none, or one that left them out this time. */
function learnSilence(
  state: State,
  waiting: Waiting,
  report: LimitReport,
): void {
  const { line, ask } = waiting;
  if (line.bucket !== undefined) {
    noteSilent(
      line.bucket,
      report.receivedAtMs + (state.clockOffset.offsetMs ?? 0),
    );
    return;
  }
  // An error may come from before Discord's limiter, whatever its status.
  const isTelling = report.status >= 200 && report.status < 300 &&
    report.isBucketGarbled === undefined;
  if (isTelling) state.registry.noteHeaderless(ask.route.key);
}

/** A 429 shows another limit's numbers as often as the bucket's own; only an empty bucket of the same name is believed. */
function learnFrom429(line: Line, seen: BucketReport): void {
  const { bucket } = line;
  if (bucket?.facts.hash !== seen.hash || seen.remaining > 0) return;
  noteReport(bucket, seen);
}

/** Sees to it that the request's route and line carry the hash the answer named. */
function findLine(
  state: State,
  waiting: Waiting,
  facts: HashFacts,
  report: LimitReport,
  nowMs: number,
): void {
  const { line } = waiting;
  if (isHomeOf(state, waiting, facts)) return;
  const { ask } = waiting;
  const known = state.registry.hashOf(ask.route.key);
  if (known === facts.hash) {
    // The route has its hash already, but this line was made before that.
    if (line.bucket === undefined) joinHash(state, line, facts, nowMs);
    return;
  }
  // Deleting a message that is gone answers with another bucket than deleting
  // one that is there (#1295); an error must not rename the route.
  if (known !== undefined && report.status >= 400) return;
  if (!state.registry.assign(ask.route.key, facts.hash, nowMs)) return;
  if (known !== undefined) return;
  for (const sibling of [...state.unhashed.get(ask.route.key) ?? []]) {
    joinHash(state, sibling, facts, nowMs);
  }
}

function isHomeOf(state: State, waiting: Waiting, facts: HashFacts): boolean {
  return waiting.line.bucket?.facts === facts &&
    waiting.registryChanges === state.registry.changes;
}

/** Books the numbers on the line of that hash; the request's own line, if another, only lost a token. */
function noteOn(
  state: State,
  waiting: Waiting,
  seen: BucketReport,
  report: LimitReport,
  nowMs: number,
): void {
  const { line } = waiting;
  if (line.bucket?.facts.hash === seen.hash) {
    noteReport(line.bucket, seen);
    return;
  }
  if (line.bucket !== undefined) {
    noteSilent(
      line.bucket,
      report.sentAtMs + (state.clockOffset.offsetMs ?? 0),
    );
  }
  if (state.registry.hashOf(waiting.ask.route.key) !== seen.hash) return;
  const named = lineFor(state, waiting.ask, waiting.lane, nowMs);
  if (named.bucket !== undefined) noteReport(named.bucket, seen);
}

/** Gives a line its hash; where the bucket has a line already, everything moves there. */
function joinHash(
  state: State,
  line: Line,
  facts: HashFacts,
  nowMs: number,
): void {
  const target = giveHash(state, line, facts);
  if (target !== undefined) merge(state, line, target, nowMs);
  refresh(state, target ?? line, nowMs);
}

function merge(state: State, from: Line, into: Line, nowMs: number): void {
  const candidates = takeCandidates(from);
  from.mergedInto = into;
  mergeWaiting(from, into);
  into.inFlight += from.inFlight;
  into.pausedUntilMs = Math.max(into.pausedUntilMs, from.pausedUntilMs);
  into.isCautious ||= from.isCautious;
  into.isHalted ||= from.isHalted;
  from.inFlight = 0;
  for (const sub of from.subs ?? []) {
    sub.line = into;
    into.subs ??= [];
    into.subs.push(sub);
    for (const parked of sub.parked) parked.line = into;
  }
  from.subs = undefined;
  refresh(state, from, nowMs);
  for (const waiting of candidates) makeCandidate(state, waiting, nowMs);
}

/** Moves the waiting requests of a line that are at home elsewhere. */
function rehome(state: State, line: Line, nowMs: number): void {
  // `makeCandidate` looks up the line anew, so putting all back is moving those that must.
  for (const waiting of takeCandidates(line)) {
    makeCandidate(state, waiting, nowMs);
  }
  refresh(state, line, nowMs);
}

/** Empties a line's queue in the order of arrival. */
function takeCandidates(line: Line): Waiting[] {
  const taken: Waiting[] = [];
  const { candidates } = line;
  for (;;) {
    const entry = candidates?.peek(Infinity);
    if (entry === undefined) break;
    candidates?.remove(entry);
    entry.value.entry = undefined;
    taken.push(entry.value);
  }
  return taken.sort((a, b) => a.seq - b.seq);
}
