import type { RouteFacts } from "../../domain/route.ts";
import { FairQueue } from "./fair_queue.ts";
import { newBucket } from "../limits/bucket.ts";
import { GlobalLimit } from "../limits/global_limit.ts";
import type { HashFacts } from "../limits/bucket_registry.ts";
import type {
  Identity,
  Lane,
  Line,
  LineTable,
  State,
  Waiting,
} from "../state.ts";
import type { Ask } from "../types.ts";

/** For so long after the start a global limit is taken as half spent: the process before this one may have. */
const PART_USED_MS = 1_000;

interface NewLine {
  readonly ask: Ask;
  readonly lane: Lane;
  readonly facts: HashFacts | undefined;
  readonly nowMs: number;
}

/** The line a request belongs to, if there is one. */
export function knownLine(
  state: State,
  { route }: Ask,
  { identity }: Lane,
): Line | undefined {
  const facts = factsOf(state, route);
  const lines = facts === undefined
    ? identity.byRoute.get(route.key)
    : identity.byHash.get(facts.hash);
  return lines?.get(route.major);
}

/** The line a request belongs to, made if need be. */
export function lineFor(
  state: State,
  ask: Ask,
  lane: Lane,
  nowMs: number,
): Line {
  const known = knownLine(state, ask, lane);
  if (known !== undefined) return known;
  const facts = factsOf(state, ask.route);
  const line = newLine({ ask, lane, facts, nowMs });
  enterTable(line);
  state.lines.add(line);
  lane.lines++;
  if (facts === undefined) unhashedOf(state, ask.route.key).add(line);
  // It may never be used, and has to be forgotten all the same.
  state.idle.push({ line, sinceMs: nowMs });
  return line;
}

function factsOf(state: State, route: RouteFacts): HashFacts | undefined {
  const hash = state.registry.hashOf(route.key);
  return hash === undefined ? undefined : state.registry.factsOf(hash);
}

/** Puts a line where requests find it; returns the one that is there already, if so. */
function enterTable(line: Line): Line | undefined {
  const { table, name } = placeOf(line);
  let lines = table.get(name);
  if (lines === undefined) {
    lines = new Map();
    table.set(name, lines);
  }
  const there = lines.get(line.major);
  if (there === undefined) lines.set(line.major, line);
  return there;
}

function leaveTable(line: Line): void {
  const { table, name } = placeOf(line);
  const lines = table.get(name);
  // A line that was merged has left already, and another may stand there.
  if (lines?.get(line.major) !== line) return;
  lines.delete(line.major);
  if (lines.size === 0) table.delete(name);
}

function placeOf(
  { bucket, lane, routeKey }: Line,
): { table: LineTable; name: string } {
  const { byHash, byRoute } = lane.identity;
  return bucket === undefined
    ? { table: byRoute, name: routeKey }
    : { table: byHash, name: bucket.facts.hash };
}

function newLine({ ask, lane, facts, nowMs }: NewLine): Line {
  const { route } = ask;
  // In the order of how often it is read, as of a `Waiting`.
  return {
    lane,
    bucket: facts === undefined ? undefined : newBucket(facts),
    mergedInto: undefined,
    candidates: undefined,
    subs: undefined,
    waiting: 0,
    inFlight: 0,
    soleCaller: undefined,
    callers: undefined,
    pausedUntilMs: 0,
    isHalted: false,
    waitHistory: undefined,
    isCautious: false,
    consecutive429s: 0,
    ready: undefined,
    wake: undefined,
    kind: "line",
    major: route.major,
    label: route.label,
    routeKey: route.key,
    last429AtMs: -Infinity,
    idleSinceMs: nowMs,
    isListedIdle: true,
  };
}

/** Follows a line to the one it was merged into. */
export function currentLine(line: Line): Line {
  let current = line;
  while (current.mergedInto !== undefined) current = current.mergedInto;
  return current;
}

/** A request whose route got another hash meanwhile belongs to another line. */
export function homeOf(
  state: State,
  waiting: Waiting,
  nowMs: number,
): Line {
  const { registry } = state;
  const old = currentLine(waiting.line);
  if (waiting.registryChanges === registry.changes) return old;
  const { ask, lane } = waiting;
  const hash = registry.hashOf(ask.route.key);
  const isHome = hash === undefined || old.bucket?.facts.hash === hash ||
    registry.factsOf(hash) === undefined;
  if (!isHome) return lineFor(state, ask, lane, nowMs);
  waiting.registryChanges = registry.changes;
  return old;
}

/** Lines of a route that wait for its hash. */
function unhashedOf(state: State, routeKey: string): Set<Line> {
  let lines = state.unhashed.get(routeKey);
  if (lines === undefined) {
    lines = new Set();
    state.unhashed.set(routeKey, lines);
  }
  return lines;
}

/**
 * Gives a line without a hash its hash: it becomes the line of that bucket.
 * Returns the line that already was that, if there is one; the two must merge.
 */
export function giveHash(
  state: State,
  line: Line,
  facts: HashFacts,
): Line | undefined {
  forgetUnhashed(state, line);
  leaveTable(line);
  line.bucket = newBucket(facts);
  const there = enterTable(line);
  if (there === undefined) return undefined;
  line.bucket = undefined;
  state.lines.delete(line);
  return there;
}

/** Drops a line that nothing waits in; one that was merged stood in no list any more. */
export function forgetLine(state: State, line: Line): void {
  leaveTable(line);
  state.lines.delete(line);
  forgetUnhashed(state, line);
  if (--line.lane.lines === 0) listIdleLane(state, line.lane);
}

/** Notes a lane as one to be forgotten when there are too many. */
export function listIdleLane(state: State, lane: Lane): void {
  if (lane.isListedIdle) return;
  lane.isListedIdle = true;
  state.idleLanes.push(lane);
}

function forgetUnhashed(state: State, line: Line): void {
  const siblings = state.unhashed.get(line.routeKey);
  if (siblings === undefined) return;
  siblings.delete(line);
  if (siblings.size === 0) state.unhashed.delete(line.routeKey);
}

/** The lane a request goes through, made if need be. */
export function laneFor(state: State, ask: Ask): Lane {
  const which = ask.route.lane;
  const identity = identityFor(state, ask.identityId);
  const known = identity.lanes.get(which);
  if (known !== undefined) return known;
  const isLimited = which === "bot";
  const lane: Lane = {
    kind: "lane",
    which,
    identity,
    limit: isLimited
      ? new GlobalLimit(
        state.options.globalLimitOf(ask.identityId),
        state.startedAtMs + PART_USED_MS,
      )
      : undefined,
    ready: new FairQueue(),
    lastReason: "global",
    lockedUntilMs: 0,
    isCautious: false,
    inFlight: 0,
    waiting: 0,
    lines: 0,
    isListedIdle: false,
    wake: undefined,
  };
  state.lanes.add(lane);
  identity.lanes.set(which, lane);
  // The request it is made for may yet be refused, before it has a line.
  listIdleLane(state, lane);
  return lane;
}

function identityFor(state: State, id: string): Identity {
  let identity = state.identities.get(id);
  if (identity === undefined) {
    identity = {
      kind: "identity",
      id,
      lanes: new Map(),
      byHash: new Map(),
      byRoute: new Map(),
      groups: new Map(),
      credential: "unproven",
      wake: undefined,
    };
    state.identities.set(id, identity);
  }
  return identity;
}
