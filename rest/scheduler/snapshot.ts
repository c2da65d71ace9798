import type { Line, State } from "./state.ts";
import type { SchedulerSnapshot } from "./types.ts";

/** Lines and hashes told at most, the busiest first: a page shows no more. */
const LINES_MAX = 1_000;

/** Plain data about everything that waits and everything learnt. */
export function snapshotOf(state: State, nowMs: number): SchedulerSnapshot {
  return {
    waiting: state.waiting.size - state.inFlight,
    inFlight: state.inFlight,
    bytes: state.bytes,
    invalid: {
      count: state.invalid.count(nowMs),
      ceiling: state.invalid.ceiling,
    },
    breaker: { state: state.breaker.state, untilMs: state.breaker.untilMs },
    identities: identitiesOf(state, nowMs),
    hashes: [...state.registry.all()].slice(0, LINES_MAX).map((facts) => ({
      hash: facts.hash,
      limit: facts.limit,
      intervalMs: facts.intervalMs,
      kind: facts.kind,
    })),
    lines: [...state.lines.values()]
      .sort((a, b) => b.waiting - a.waiting || b.inFlight - a.inFlight)
      .slice(0, LINES_MAX).map(lineView),
  };
}

function identitiesOf(
  state: State,
  nowMs: number,
): SchedulerSnapshot["identities"] {
  return [...state.lanes.values()].flatMap((lane) => {
    const { limit, identity, lockedUntilMs } = lane;
    if (limit === undefined) return [];
    return [{
      id: identity.id,
      globalLimit: limit.limit,
      globalUsed: limit.used(nowMs),
      globalLockedUntilMs: lockedUntilMs > nowMs ? lockedUntilMs : undefined,
      credential: identity.credential,
    }];
  });
}

function lineView(line: Line): SchedulerSnapshot["lines"][number] {
  return {
    label: line.label,
    major: line.major,
    hash: line.counters[0]?.bucket?.facts.hash,
    waiting: line.waiting,
    inFlight: line.inFlight,
    wakeAtMs: line.waitsFor?.wake?.atMs,
  };
}
