import type { WaitReason } from "../domain/wait_reason.ts";
import { emptyReasonOf } from "./line_reason.ts";
import { backlogMs, gateOfLine, lineIdOf, waitOf } from "./reasons.ts";
import type { Identity, Line, State } from "./state.ts";
import type { SchedulerSnapshot } from "./types.ts";

/** Lines, hashes and callers told at most, the busiest first: a page shows no more. */
const ROWS_MAX = 1_000;

/** What one look at everything that waits finds. */
interface Survey {
  readonly reasons: Partial<Record<WaitReason, number>>;
  /** Who waits, and how many of each. */
  readonly callers: Map<string, number>;
  /** When the oldest of each came. */
  readonly oldest: Map<Line | Identity | State, number>;
}

/** Plain data about everything that waits and everything learnt. */
export function snapshotOf(state: State, nowMs: number): SchedulerSnapshot {
  const survey = surveyOf(state, nowMs);
  return {
    waiting: state.waiting.size - state.inFlight,
    inFlight: state.inFlight,
    bytes: state.bytes,
    oldestWaitMs: ageOf(survey, state, nowMs),
    reasons: survey.reasons,
    callers: [...survey.callers]
      .sort((a, b) => b[1] - a[1])
      .slice(0, ROWS_MAX)
      .map(([name, waiting]) => ({ name, waiting })),
    invalid: {
      count: state.invalid.count(nowMs),
      ceiling: state.invalid.ceiling,
    },
    breaker: { state: state.breaker.state, untilMs: state.breaker.untilMs },
    identities: identitiesOf(state, survey, nowMs),
    hashes: [...state.registry.all()].slice(0, ROWS_MAX).map((facts) => ({
      hash: facts.hash,
      limit: facts.limit,
      intervalMs: facts.intervalMs,
      kind: facts.kind,
    })),
    counters: sharedCountersOf(state).slice(0, ROWS_MAX),
    lines: [...state.lines.values()]
      .sort((a, b) => b.waiting - a.waiting || b.inFlight - a.inFlight)
      .slice(0, ROWS_MAX).map((line) => lineView(state, line, survey, nowMs)),
  };
}

/** The counters that are not just one line's own bucket, the busiest first. */
function sharedCountersOf(
  { identities }: State,
): Array<SchedulerSnapshot["counters"][number]> {
  const found: Array<SchedulerSnapshot["counters"][number]> = [];
  for (const { id, counters } of identities.values()) {
    for (const places of counters.values()) {
      for (const counter of places.values()) {
        const { role, name, place, lines, waiting, inFlight, bucket } = counter;
        if (role === "own") continue;
        found.push({
          identityId: id,
          role,
          name,
          place,
          lines,
          waitingLines: waiting?.size ?? 0,
          inFlight,
          limit: bucket?.facts.limit,
          pausedUntilMs: counter.pausedUntilMs,
        });
      }
    }
  }
  return found.sort((one, other) => other.waitingLines - one.waitingLines);
}

/** Requests stand in the order of their arrival, so the first of each is its oldest. */
function surveyOf(state: State, nowMs: number): Survey {
  const survey: Survey = { reasons: {}, callers: new Map(), oldest: new Map() };
  const { reasons, callers, oldest } = survey;
  for (const waiting of state.waiting.values()) {
    if (waiting.state === "leased") continue;
    const line = waiting.line;
    const { enqueuedAtMs, lane, caller } = waiting;
    for (const one of [state, lane.identity, line]) {
      if (!oldest.has(one)) oldest.set(one, enqueuedAtMs);
    }
    callers.set(caller.name, (callers.get(caller.name) ?? 0) + 1);
    const { reason } = waitOf(state, waiting, 1, nowMs);
    reasons[reason] = (reasons[reason] ?? 0) + 1;
  }
  return survey;
}

function ageOf(
  { oldest }: Survey,
  of: Line | Identity | State,
  nowMs: number,
): number {
  return nowMs - (oldest.get(of) ?? nowMs);
}

function identitiesOf(
  state: State,
  survey: Survey,
  nowMs: number,
): SchedulerSnapshot["identities"] {
  return [...state.identities.values()].map((identity) => {
    const lanes = [...identity.lanes.values()];
    const own = lanes.find(({ limit }) => limit !== undefined);
    const lockedUntilMs = own?.lockedUntilMs ?? 0;
    return {
      id: identity.id,
      waiting: lanes.reduce((sum, { waiting }) => sum + waiting, 0),
      inFlight: lanes.reduce((sum, { inFlight }) => sum + inFlight, 0),
      oldestWaitMs: ageOf(survey, identity, nowMs),
      globalLimit: own?.limit?.limit,
      globalUsed: own?.limit?.used(nowMs),
      globalLockedUntilMs: lockedUntilMs > nowMs ? lockedUntilMs : undefined,
      credential: identity.credential,
    };
  });
}

function lineView(
  state: State,
  line: Line,
  survey: Survey,
  nowMs: number,
): SchedulerSnapshot["lines"][number] {
  const isWaiting = line.waiting > 0;
  const gate = isWaiting ? gateOfLine(state, line, nowMs) : undefined;
  // Nothing closes it, and nobody may go before an answer or a retry.
  const isEmpty = gate === undefined && (line.candidates?.size ?? 0) === 0;
  const openAtMs = gate === undefined ? nowMs : gate.atMs;
  const nextAtMs = isEmpty ? line.delayed?.wake?.atMs : openAtMs;
  const lastMs = backlogMs(state, line, line.waiting - 1, nowMs);
  return {
    id: lineIdOf(line),
    identityId: line.lane.identity.id,
    label: line.label,
    major: line.major,
    hash: line.counters[0]?.bucket?.facts.hash,
    waiting: line.waiting,
    inFlight: line.inFlight,
    wakeAtMs: line.waitsFor?.wake?.atMs,
    reason: isWaiting
      ? gate?.reason ?? (isEmpty ? emptyReasonOf(state, line, nowMs) : "turn")
      : undefined,
    oldestWaitMs: ageOf(survey, line, nowMs),
    nextAtMs: isWaiting ? nextAtMs : undefined,
    clearAtMs: isWaiting && nextAtMs !== undefined
      ? Math.max(nextAtMs, nowMs + lastMs)
      : undefined,
    isPaused: line.isHalted,
  };
}
