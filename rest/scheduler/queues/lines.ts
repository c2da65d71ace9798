import { LANES } from "../../domain/lane.ts";
import { drop, leave } from "../limits/counters_of.ts";
import { FairQueue } from "./fair_queue.ts";
import { GlobalLimit } from "../limits/global_limit.ts";
import type { Identity, Lane, Line, State } from "../state.ts";
import { takeFormerSubs } from "../learnt/former_subs.ts";
import type { Ask } from "../types.ts";
import { wakeAt } from "./wakes.ts";

/** For so long after the start a global limit is taken as half spent: the process before this one may have. */
const PART_USED_MS = 1_000;

/** The line a request belongs to, if there is one. */
export function knownLine(
  { route }: Ask,
  { identity }: Lane,
): Line | undefined {
  return identity.lines.get(route.key)?.get(route.major);
}

/** Makes the line a request belongs to, where there is none. */
export function newLine(
  state: State,
  { route }: Ask,
  lane: Lane,
  nowMs: number,
): Line {
  const { lines } = lane.identity;
  // In the order of how often it is read, as of a `Waiting`.
  const line: Line = {
    lane,
    counters: NONE,
    registryChanges: -1,
    entry: undefined,
    waitsFor: undefined,
    readyOn: undefined,
    candidates: undefined,
    subs: undefined,
    waiting: 0,
    delayed: undefined,
    inFlight: 0,
    soleCaller: undefined,
    callers: undefined,
    kind: "line",
    major: route.major,
    label: route.label,
    routeKey: route.key,
    isSeparate: false,
    isHalted: false,
    waitHistory: undefined,
    idleSinceMs: nowMs,
    isListedIdle: true,
  };
  let majors = lines.get(route.key);
  if (majors === undefined) {
    majors = new Map();
    lines.set(route.key, majors);
  }
  majors.set(route.major, line);
  takeFormerSubs(state, line);
  state.lines.add(line);
  lane.lines++;
  // It may never be used, and has to be forgotten all the same.
  state.idle.push({ line, sinceMs: nowMs });
  return line;
}

const NONE: never[] = [];

/** Drops a line that nothing waits in. Once dropped, another may have its name. */
export function forgetLine(state: State, line: Line): void {
  if (!state.lines.delete(line)) return;
  const { lane, routeKey, major, counters } = line;
  const { lines } = lane.identity;
  const majors = lines.get(routeKey);
  majors?.delete(major);
  if (majors?.size === 0) lines.delete(routeKey);
  line.counters = NONE;
  for (const counter of counters) leave(state, counter);
  if (--lane.lines === 0) listIdleLane(state, lane);
}

/**
 * Forgets, as after a start, how far the limits of an identity's own lane are
 * used, but for lines where something waits or is under way. Webhooks and
 * interactions belong to whoever sends for them, not to their identity's owner.
 */
export function forgetUse(state: State, identity: Identity): void {
  const lane = identity.lanes.get("bot");
  if (lane === undefined) return;
  for (const majors of [...identity.lines.values()]) {
    for (const line of [...majors.values()]) {
      const isIdle = line.waiting === 0 && line.inFlight === 0;
      if (line.lane === lane && isIdle) forgetLineAndUse(state, line);
    }
  }
  if (lane.lines > 0 || lane.inFlight > 0) return;
  wakeAt(state, lane, undefined);
  state.lanes.delete(lane);
  state.readyLanes.delete(lane);
  identity.lanes.delete(lane.name);
}

function forgetLineAndUse(state: State, line: Line): void {
  const { counters, subs } = line;
  for (const sub of subs ?? []) wakeAt(state, sub, undefined);
  forgetLine(state, line);
  for (const counter of counters) {
    if (counter.lines > 0) continue;
    wakeAt(state, counter, undefined);
    drop(counter);
  }
}

/** Notes a lane as one to be forgotten when there are too many. */
export function listIdleLane(state: State, lane: Lane): void {
  if (lane.isListedIdle) return;
  lane.isListedIdle = true;
  state.idleLanes.push(lane);
}

/** The lane a request goes through, made if need be. */
export function laneFor(state: State, ask: Ask): Lane {
  const name = ask.route.lane;
  const identity = identityFor(state, ask);
  const known = identity.lanes.get(name);
  if (known !== undefined) return known;
  const { isGloballyLimited } = LANES[name];
  const lane: Lane = {
    kind: "lane",
    name,
    identity,
    limit: isGloballyLimited ? newLimit(state, identity) : undefined,
    ready: new FairQueue(),
    urgentInARow: 0,
    lastReason: "global",
    lockedUntilMs: isGloballyLimited
      ? state.former.locks.get(identity.id) ?? 0
      : 0,
    isCautious: false,
    inFlight: 0,
    waiting: 0,
    lines: 0,
    isListedIdle: false,
    wake: undefined,
  };
  state.lanes.add(lane);
  identity.lanes.set(name, lane);
  // The request it is made for may yet be refused, before it has a line.
  listIdleLane(state, lane);
  return lane;
}

function newLimit(state: State, { id }: Identity): GlobalLimit {
  return new GlobalLimit(
    state.options.globalLimitOf(id),
    state.former.globals.get(id) ?? state.startedAtMs + PART_USED_MS,
  );
}

/** The standing of a token, made if need be. */
export function identityFor(
  state: State,
  { identityId: id, isOwnToken: isOwn }: Pick<
    Ask,
    "identityId" | "isOwnToken"
  >,
): Identity {
  let identity = state.identities.get(id);
  if (identity === undefined) {
    identity = {
      kind: "identity",
      id,
      lanes: new Map(),
      lines: new Map(),
      counters: new Map(),
      groups: new Map(),
      isOwn,
      credential: "unproven",
      isProven: isOwn || id === "none",
      rejections: 0,
      former: state.former.end,
      wake: undefined,
    };
    state.identities.set(id, identity);
  }
  return identity;
}
