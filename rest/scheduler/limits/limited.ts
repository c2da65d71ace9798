import { LANES } from "../../domain/lane.ts";
import type {
  BucketReport,
  LimitReport,
  RateLimited,
} from "../../domain/limit_report.ts";
import type { Counter, Line, State, SubLimit, Waiting } from "../state.ts";
import { noteDenied } from "./bucket.ts";
import type { HashFacts } from "./bucket_registry.ts";
import { backOffAfter, pauseCounter } from "./counter.ts";
import {
  bucketCounter,
  commonCounter,
  countersOf,
  ownHidden,
  sharedHidden,
} from "./counters_of.ts";
import { decidedAtServerMs } from "./learn.ts";
import { limitedSub } from "./sub_limits.ts";
import { learnHidden, learnSecond } from "./untold.ts";

/** A 429 of Discord's limiter, and what is known of it. */
export interface Denial {
  readonly waiting: Waiting;
  readonly report: LimitReport;
  readonly rateLimited: RateLimited;
  readonly seen: BucketReport | undefined;
}

/** What a 429 closed, and until when. */
export interface Closed {
  readonly counter: Counter;
  readonly sub: SubLimit | undefined;
  readonly untilMs: number;
}

/** No counter is believed to be closed for longer: one request asks. Nothing but new roles' 48 h is known to last longer (discord-net #1451). */
const BELIEVED_MAX_MS = 86_400_000;

/** Closes the narrowest counter that explains a 429, and learns from its numbers. */
export function closeCounter(
  state: State,
  denial: Denial,
  nowMs: number,
): Closed {
  const { report, rateLimited, seen, waiting } = denial;
  const sub = subMet(state, denial);
  const counter = sub?.counter ?? counterMet(state, denial);
  const backOffMs = backOffAfter(counter, report);
  const toldMs = Math.min(rateLimited.retryAfterMs ?? 0, BELIEVED_MAX_MS);
  const waitMs = Math.max(toldMs, backOffMs);
  const untilMs = Math.max(nowMs, report.receivedAtMs) + waitMs;
  pauseCounter(counter, untilMs);
  if (counter.role === "hidden") {
    const deniedAtMs = decidedAtServerMs(state, report, seen);
    learnHidden(counter, deniedAtMs, deniedAtMs + waitMs);
  } else if (counter.role === "second" && seen !== undefined) {
    learnSecond(counter, seen, rateLimited.retryAfterMs);
  } else {
    noteEmpty(counter, seen);
  }
  const own = ownOf(state, waiting.line);
  if (counter !== own) {
    noteEmpty(own, seen);
    // It was told to this line: whatever becomes of what it shares, it waits.
    if (sub === undefined) {
      own.pausedUntilMs = Math.max(own.pausedUntilMs, untilMs);
    }
  }
  return { counter, sub, untilMs };
}

/** A 429 shows another limit's numbers as often as the bucket's own; only an empty bucket of the same name is believed. */
function noteEmpty({ bucket }: Counter, seen: BucketReport | undefined): void {
  if (seen === undefined || bucket?.facts.hash !== seen.hash) return;
  if (seen.remaining === 0) noteDenied(bucket, seen);
}

/** Tokens left, or a bucket of another name, on a body whose members are known (#1900, #2190). */
function subMet(
  state: State,
  { waiting, rateLimited, seen }: Denial,
): SubLimit | undefined {
  const { fields } = waiting;
  if (fields === undefined || rateLimited.scope === "shared") return undefined;
  if (seen === undefined) return undefined;
  const isHidden = seen.remaining > 0 || isOther(state, waiting.line, seen);
  return isHidden ? limitedSub(state, waiting, fields) : undefined;
}

function isOther(state: State, line: Line, seen: BucketReport): boolean {
  const [own] = countersOf(state, line);
  const hash = own?.bucket?.facts.hash;
  return hash !== undefined && hash !== seen.hash;
}

function counterMet(state: State, denial: Denial): Counter {
  const { waiting, rateLimited, seen } = denial;
  const { line } = waiting;
  const counters = countersOf(state, line);
  const unseen = counters.find(({ role }) => role === "unseen");
  if (unseen !== undefined) return unseenMet(unseen, ownOf(state, line));
  if (rateLimited.scope === "shared") return sharedMet(state, line);
  if (seen !== undefined && isOther(state, line, seen)) {
    return seen.remaining > 0
      ? ownHidden(state, line)
      : secondMet(state, denial, seen);
  }
  if (seen !== undefined && seen.remaining > 0) return ownHidden(state, line);
  return commonMet(state, line);
}

/** Nothing is known of this route: where a second one meets a 429, its lines are all under what that was. */
function unseenMet(unseen: Counter, own: Counter): Counter {
  const isFirst = unseen.told429Of === undefined;
  unseen.told429Of ??= own;
  return isFirst || unseen.told429Of === own ? own : unseen;
}

/** A bucket beside the route's own, by name and numbers (#7394, #8330). */
function secondMet(
  { registry }: State,
  { waiting, report }: Denial,
  seen: BucketReport,
): Counter {
  const { line } = waiting;
  const facts = registry.learn(seen, report.receivedAtMs);
  registry.addSecond(line.routeKey, seen.hash);
  return bucketCounter(line, facts, "second");
}

/** What lines of a route share, where they lose to each other; else the line's own. */
function sharedMet(state: State, line: Line): Counter {
  const { registry } = state;
  const isShared = registry.recordOf(line.routeKey)?.isShared ||
    isBesideSiblings(state, line);
  if (!isShared) return ownOf(state, line);
  registry.setShared(line.routeKey, isShared);
  return sharedHidden(line);
}

/** The same for lines of a hash. */
function commonMet(state: State, line: Line): Counter {
  const { registry } = state;
  const facts = registry.factsOfRoute(line.routeKey);
  if (facts === undefined) return ownOf(state, line);
  if (facts.spread !== "common") {
    const common = line.counters.find(({ role }) => role === "common");
    const isTried = common?.trial === line;
    if (!isTried && !isBesideSiblings(state, line)) return ownOf(state, line);
    registry.setSpread(facts, "common");
  }
  return joinCommon(state, line, facts);
}

function joinCommon(state: State, line: Line, facts: HashFacts): Counter {
  if (line.isSeparate) {
    line.isSeparate = false;
    state.registry.touch();
  }
  return commonCounter(state, line, facts);
}

function isBesideSiblings({ registry }: State, line: Line): boolean {
  const { major, lane, routeKey } = line;
  if (major === "" || !LANES[lane.name].mayShareCounters) return false;
  return registry.suspect(routeKey, `${lane.identity.id} ${major}`);
}

function ownOf(state: State, line: Line): Counter {
  return countersOf(state, line)[0] as Counter;
}
