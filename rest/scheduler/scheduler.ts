import { Deque } from "../collections/deque.ts";
import { RecentMap } from "../collections/recent_map.ts";
import { IndexedHeap } from "../collections/indexed_heap.ts";
import { ClockOffsetEstimator } from "./limits/clock_offset_estimator.ts";
import { Breaker } from "./health/breaker.ts";
import { Callers } from "./queues/callers.ts";
import { Expiries } from "./queues/expiries.ts";
import { makeCandidate, reopen, withdraw } from "./flow.ts";
import { leaseReady } from "./lease.ts";
import { noFormer } from "./learnt/former.ts";
import { learntOf } from "./learnt/learnt_of.ts";
import { takeLearnt } from "./learnt/take_learnt.ts";
import { BucketRegistry } from "./limits/bucket_registry.ts";
import { cancel, enqueue, renew, takeInNewcomers, urge } from "./intake.ts";
import { InvalidBudget } from "./health/invalid_budget.ts";
import { SCHEDULER_DEFAULTS, type SchedulerOptions } from "./options.ts";
import {
  preview,
  setHalted,
  waitedFor,
  waitingRequests,
  waitOf,
} from "./reasons.ts";
import { release, reopenLanes, settle } from "./settle.ts";
import { snapshotOf } from "./snapshot.ts";
import { type State, type SubLimit, type Waiting, type Wake } from "./state.ts";
import { forgetOrphans } from "./limits/counters_of.ts";
import { takeParked, watchSub } from "./limits/sub_limits.ts";
import { forgetIdle, forgetLanes } from "./queues/sweep.ts";
import {
  nextCheckAtMs,
  noteChecked,
  recheck,
  takeChecks,
} from "./health/credential_check.ts";
import type { SharedHealth } from "../domain/shared_health.ts";
import type { Poll, Refused, Scheduler } from "./types.ts";
import { wakeAt } from "./queues/wakes.ts";

/**
 * The machine that decides who may send, and when. It is told what happens
 * (`enqueue`, `settle`, `cancel`) and asked what may go (`poll`); it knows no
 * clock, no timer and no network, so an hour of traffic is tested in a blink.
 *
 * Theory of operation. A request joins a *line*, the requests of one route and
 * major parameter, and where order means something an *order group*, whose
 * members go one after the other's answer. A line points at the *counters* that
 * its requests spend: its own bucket, one it shares, hidden ones. When all are
 * open the line is *ready* in its *lane*, which stands for a global limit; else
 * it waits at the counter that opens last. A lane serves by urgency and fairness
 * and takes a global token at that moment, so that nothing holds a token while
 * it waits for something else. Whatever waits for a moment is in one heap of
 * wake-ups; whatever waits for an answer is looked at again when the answer
 * settles its lease. Every change of a line ends in `refresh`, every change of a
 * counter in `reopen` (flow.ts), so no wake-up can be lost.
 *
 * Costs: a few heap operations per request, each logarithmic in what waits.
 */
export function createScheduler(
  options: Partial<SchedulerOptions> = {},
): Scheduler {
  const state = newState({ ...SCHEDULER_DEFAULTS, ...options });
  return {
    enqueue: (ask, nowMs) => enqueue(state, ask, nowMs),
    cancel: (id, nowMs) => cancel(state, id, nowMs),
    urge: (id, urgency, nowMs) => urge(state, id, urgency, nowMs),
    renew: (id, terms) => renew(state, id, terms),
    settle: (id, outcome, nowMs) => settle(state, id, outcome, nowMs),
    credentialChecked(identityId, isRejected, nowMs) {
      const identity = state.identities.get(identityId);
      if (identity === undefined) return;
      noteChecked(state, identity, isRejected, nowMs);
      reopenLanes(state);
    },
    setGlobalLimit: (identityId, limit) =>
      setGlobalLimit(state, identityId, limit),
    health: (nowMs) => healthOf(state, nowMs),
    heard(others, nowMs) {
      state.invalid.others = others.invalid;
      const { blockedForMs } = others;
      if (blockedForMs !== undefined) state.breaker.heard(nowMs + blockedForMs);
    },
    poll: (nowMs) => poll(state, nowMs),
    waitedFor: (id, nowMs) => waitedFor(state, id, nowMs),
    waitingRequests: (query, nowMs) => waitingRequests(state, query, nowMs),
    preview: (ask, nowMs) => preview(state, ask, nowMs),
    pause: (lineId, nowMs) =>
      setHalted(state, { lineId, isHalted: true }, nowMs),
    resume: (lineId, nowMs) =>
      setHalted(state, { lineId, isHalted: false }, nowMs),
    endAt(atMs) {
      state.endsAtMs = atMs;
    },
    learnt: (saving) => learntOf(state, saving),
    takeLearnt: (learnt, moment) => takeLearnt(state, learnt, moment),
    snapshot: (nowMs) => snapshotOf(state, nowMs),
  };
}

/** Channels whose guild is remembered, and at most twice as many: those of a bot at work. */
const GUILDS_MIN = 20_000;

/** Hashes and routes remembered: Discord has a few hundred of each. */
const REGISTRY_ENTRIES_MAX = 10_000;

function newState(options: SchedulerOptions): State {
  return {
    options,
    startedAtMs: options.startedAtMs,
    endsAtMs: Infinity,
    waiting: new Map(),
    callers: new Callers(),
    newcomers: [],
    lines: new Set(),
    idle: new Deque(),
    orphans: new Deque(),
    guilds: new RecentMap(GUILDS_MIN),
    lanes: new Set(),
    idleLanes: new Deque(),
    readyLanes: new Set(),
    identities: new Map(),
    wakes: new IndexedHeap<Wake>((wake) => wake.atMs),
    expiries: new Expiries(),
    registry: new BucketRegistry(REGISTRY_ENTRIES_MAX),
    clockOffset: new ClockOffsetEstimator(),
    invalid: new InvalidBudget(options.invalidCeiling, options.isInvalidShared),
    breaker: new Breaker(),
    rejections: new Map(),
    credentialChecks: [],
    checkProbe: undefined,
    warnings: [],
    former: noFormer(),
    refused: [],
    bytes: 0,
    inFlight: 0,
    seq: 0,
  };
}

function poll(state: State, nowMs: number): Poll {
  const leases: number[] = [];
  wakeDue(state, nowMs);
  takeInNewcomers(state, nowMs, leases);
  expire(state, nowMs);
  leaseReady(state, nowMs, leases);
  forgetIdle(state, nowMs);
  forgetOrphans(state, nowMs);
  forgetLanes(state, nowMs);
  const credentialChecks = takeChecks(state, nowMs);
  const nextMs = Math.min(
    nextCheckAtMs(state),
    state.wakes.peek()?.atMs ?? Infinity,
    state.expiries.peek()?.expiresAtMs ?? Infinity,
  );
  return {
    leases,
    refused: take(state.refused),
    credentialChecks,
    warnings: take(state.warnings),
    wakeAtMs: nextMs === Infinity ? undefined : nextMs,
  };
}

function healthOf(
  { invalid, breaker }: State,
  nowMs: number,
): SharedHealth {
  const isBlocked = breaker.isWaiting(nowMs);
  return {
    invalid: invalid.ownCount(nowMs),
    blockedForMs: isBlocked ? (breaker.untilMs ?? 0) - nowMs : undefined,
  };
}

/** A lane that is made later asks the options, and one that is forgotten has nothing to be told. */
function setGlobalLimit(
  state: State,
  identityId: string,
  limit: number,
): void {
  const lanes = state.identities.get(identityId)?.lanes.values() ?? [];
  for (const lane of lanes) {
    if (lane.limit !== undefined) lane.limit.limit = limit;
    if (lane.ready.size > 0) state.readyLanes.add(lane);
  }
}

const NOTHING: never[] = [];

function take<T>(list: T[]): readonly T[] {
  return list.length === 0 ? NOTHING : list.splice(0);
}

/** Refuses what has waited as long as it may. */
function expire(state: State, nowMs: number): void {
  for (;;) {
    const first = state.expiries.peek();
    if (first === undefined || first.expiresAtMs > nowMs) return;
    const reason = waitedFor(state, first.id, nowMs);
    const refused = { ...refusalOf(state, first, nowMs), waitedFor: reason };
    withdraw(state, first, nowMs);
    state.refused.push({ id: first.id, refused });
  }
}

/** Its place, if those before it have gone when it comes again. */
const FIRST = 1;

function refusalOf(state: State, waiting: Waiting, nowMs: number): Refused {
  const { enqueuedAtMs, longestAtMs } = waiting;
  // In a ban or a lock, or while what keeps it is known to go on, asking again
  // is not worth while.
  const worthAtMs = Math.max(
    waitOf(state, waiting, FIRST, nowMs).earliestAtMs ?? 0,
    waiting.lane.lockedUntilMs,
    state.breaker.untilMs ?? 0,
  );
  const retryAfterMs = Math.max(1_000, worthAtMs - nowMs);
  if (longestAtMs !== undefined) {
    const message = "Cannot send request: its deadline passed while it waited";
    return { code: "deadline", message, retryAfterMs };
  }
  const waitedMs = Math.round(nowMs - enqueuedAtMs);
  const waited = waitedMs < 1_000
    ? `${waitedMs} ms`
    : `${Math.round(waitedMs / 1_000)} s`;
  const message = `Cannot send request: it waited ${waited} for its limit`;
  return { code: "wait_too_long", message, retryAfterMs };
}

function wakeDue(state: State, nowMs: number): void {
  for (;;) {
    const first = state.wakes.peek();
    if (first === undefined || first.atMs > nowMs) return;
    const { target } = first;
    wakeAt(state, target, undefined);
    switch (target.kind) {
      case "counter":
        reopen(state, target, nowMs);
        break;
      case "lane":
        state.readyLanes.add(target);
        break;
      case "sub":
        wakeSub(state, target, nowMs);
        break;
      case "request":
        makeCandidate(state, target, nowMs);
        break;
      case "identity":
        recheck(state, target);
        break;
    }
  }
}

/** A sub-limit opens: its first go, as many as it has tokens. */
function wakeSub(state: State, sub: SubLimit, nowMs: number): void {
  for (const next of takeParked(state, sub, nowMs)) {
    release(state, next, nowMs);
  }
  watchSub(state, sub, nowMs);
}
