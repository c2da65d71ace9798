import { LANES } from "../../domain/lane.ts";
import { newBucket } from "./bucket.ts";
import type { HashFacts, RouteRecord } from "./bucket_registry.ts";
import { isAtRest, newCounter } from "./counter.ts";
import type { CounterRole } from "./counter_role.ts";
import type { Counter, Identity, Line, State } from "../state.ts";

/**
 * Which counters a line has, by what the registry knows of its route: its own
 * bucket, the one it may share with other lines of its hash, those that 429s
 * have named beside it. Nothing else about a line ever moves.
 */

/** Everybody's, where a counter is not known to be a guild's. */
const EVERYBODY = "*";
/** Hidden limits are believed so long after their last 429: then they are met anew, with one request. */
const HIDDEN_MEMORY_MS = 600_000;
/** Nothing is told about a limit that has not been met for so long. */
const HIDDEN_IDLE_MS = 60_000;

/** The counters of a line, found anew where the registry has changed. */
export function countersOf(state: State, line: Line): readonly Counter[] {
  if (line.registryChanges !== state.registry.changes) point(state, line);
  return line.counters;
}

function point(state: State, line: Line): void {
  line.registryChanges = state.registry.changes;
  const found = findCounters(state, line);
  const { counters } = line;
  const isSame = found.length === counters.length &&
    found.every((counter, index) => counter === counters[index]);
  if (isSame) return;
  for (const counter of found) counter.lines++;
  line.counters = found;
  for (const counter of counters) leave(state, counter);
}

function findCounters(state: State, line: Line): Counter[] {
  const { registry } = state;
  const { routeKey, major, lane } = line;
  const { identity } = lane;
  const route = registry.recordOf(routeKey);
  const own = ownCounter(line, registry.factsOfRoute(routeKey));
  const found = [own];
  if (mayShare(line)) found.push(...sharedCounters(state, line, route));
  for (const hash of route?.seconds ?? []) {
    const facts = registry.factsOf(hash);
    if (facts === undefined || own.bucket?.facts === facts) continue;
    found.push(tableCounter(identity, "second", hash, major, facts));
  }
  const hidden = identity.counters.get(hiddenName(routeKey))?.get(major);
  if (hidden !== undefined) found.push(hidden);
  return found;
}

/** Interactions are each their own (staff, discord-api-docs #2701), and may not wait for one another. */
function mayShare({ major, lane }: Line): boolean {
  return major !== "" && LANES[lane.name].mayShareCounters;
}

function sharedCounters(
  state: State,
  line: Line,
  route: RouteRecord | undefined,
): Counter[] {
  const { routeKey, lane } = line;
  const { identity } = lane;
  if (route === undefined) {
    const name = `unseen ${routeKey}`;
    return [tableCounter(identity, "unseen", name, EVERYBODY, undefined)];
  }
  const found: Counter[] = [];
  const facts = state.registry.factsOfRoute(routeKey);
  const isCommon = facts !== undefined && facts.spread !== "separate" &&
    !line.isSeparate;
  if (isCommon) found.push(commonCounter(state, line, facts));
  if (route.isShared) found.push(sharedHidden(line));
  return found;
}

/** The counter that a line shares with others of its hash, in its guild where that is known. */
export function commonCounter(
  state: State,
  { lane, major }: Line,
  facts: HashFacts,
): Counter {
  const place = state.guilds.get(major) ?? EVERYBODY;
  const name = `common ${facts.hash}`;
  return tableCounter(lane.identity, "common", name, place, facts);
}

/** The hidden counter that all lines of a route share. */
export function sharedHidden({ lane, routeKey }: Line): Counter {
  const name = hiddenName(routeKey);
  return tableCounter(lane.identity, "hidden", name, EVERYBODY, undefined);
}

/** The hidden counter of one line. */
export function ownHidden(state: State, line: Line): Counter {
  const { lane, routeKey, major } = line;
  const { identity } = lane;
  const name = hiddenName(routeKey);
  const known = identity.counters.get(name)?.get(major);
  if (known !== undefined) return known;
  state.registry.touch();
  return tableCounter(identity, "hidden", name, major, undefined);
}

/** The bucket of that hash and the line's major parameter. */
export function bucketCounter(
  { lane, major }: Line,
  facts: HashFacts,
  role: CounterRole = "own",
): Counter {
  return tableCounter(lane.identity, role, facts.hash, major, facts);
}

function ownCounter(line: Line, facts: HashFacts | undefined): Counter {
  const { lane, major, routeKey, counters } = line;
  const { identity } = lane;
  const [current] = counters;
  if (facts === undefined) {
    const isUnmeasured = current !== undefined && current.bucket === undefined;
    return isUnmeasured
      ? current
      : newCounter(identity, "own", routeKey, major);
  }
  const known = identity.counters.get(facts.hash)?.get(major);
  if (known !== undefined) {
    if (current?.bucket === undefined) takePause(current, known);
    return known;
  }
  // What is under way on a counter that nobody had measured is spent on this bucket.
  if (current === undefined || current.bucket !== undefined) {
    return bucketCounter(line, facts);
  }
  current.name = facts.hash;
  current.bucket = newBucket(facts, identity.former);
  enter(identity, current);
  return current;
}

/** What a counter was told before it had a name holds for the one it turns out to be. */
function takePause(from: Counter | undefined, into: Counter): void {
  if (from === undefined) return;
  into.pausedUntilMs = Math.max(into.pausedUntilMs, from.pausedUntilMs);
  into.isCautious ||= from.isCautious;
}

function tableCounter(
  identity: Identity,
  role: CounterRole,
  name: string,
  place: string,
  facts: HashFacts | undefined,
): Counter {
  const known = identity.counters.get(name)?.get(place);
  if (known !== undefined) return known;
  const counter = newCounter(identity, role, name, place);
  if (facts !== undefined) counter.bucket = newBucket(facts, identity.former);
  enter(identity, counter);
  return counter;
}

/** Puts a counter into its identity's table. */
export function enter(identity: Identity, counter: Counter): void {
  const { name, place } = counter;
  let places = identity.counters.get(name);
  if (places === undefined) {
    places = new Map();
    identity.counters.set(name, places);
  }
  places.set(place, counter);
}

/** A line points to it no more. What it knows is kept until it is at rest. */
export function leave(state: State, counter: Counter): void {
  if (--counter.lines > 0) return;
  if (counter.bucket === undefined && counter.role === "own") return;
  state.orphans.push(counter);
}

/** Orphans looked at per poll: enough to keep up, few enough not to be felt. */
const LOOKS_MAX = 16;

/** Forgets counters that no line has and that know nothing any more. */
export function forgetOrphans(state: State, nowMs: number): void {
  const looks = Math.min(LOOKS_MAX, state.orphans.size);
  for (let look = 0; look < looks; look++) {
    const counter = state.orphans.shift();
    if (counter === undefined || counter.lines > 0) continue;
    if (isAtRest(state, counter, nowMs)) drop(counter);
    else state.orphans.push(counter);
  }
}

/** Takes a counter out of its identity's table. */
export function drop(counter: Counter): void {
  const { identity, name, place } = counter;
  const places = identity.counters.get(name);
  // It may have left before, and another stand there.
  if (places?.get(place) !== counter) return;
  places.delete(place);
  if (places.size === 0) identity.counters.delete(name);
}

/** A hidden limit that has not been met for long is met anew. */
export function isStale(
  { role, last429AtMs, lastSentAtMs, pausedUntilMs, inFlight, bucket }: Counter,
  nowMs: number,
): boolean {
  if (role !== "hidden" || inFlight > 0 || nowMs < pausedUntilMs) return false;
  const windowMs = bucket?.facts.windowMs ?? 0;
  const lastMs = Math.max(last429AtMs, lastSentAtMs, pausedUntilMs);
  return nowMs - lastMs > Math.max(HIDDEN_IDLE_MS, 2 * windowMs) ||
    nowMs - last429AtMs > Math.max(HIDDEN_MEMORY_MS, 4 * windowMs);
}

function hiddenName(routeKey: string): string {
  return `hidden ${routeKey}`;
}
