import type {
  LearntBucket,
  LearntCounter,
  LearntHash,
  LearntIdentity,
  LearntRejection,
  LearntRoute,
  LearntState,
  LearntSubLimit,
  Saving,
} from "../../domain/learnt_state.ts";
import type { Bucket } from "../limits/bucket.ts";
import type { HashFacts, RouteRecord } from "../limits/bucket_registry.ts";
import { isAtRest } from "../limits/counter.ts";
import { isStale } from "../limits/counters_of.ts";
import type { Counter, Identity, State } from "../state.ts";

/**
 * Writes down what the next process may go on with. What is full, over or
 * forgotten soon is left out: a new process starts with that anyway.
 */

/** Counters of one identity that are written down: those of 2,000 channels at work take some 300 KiB. */
const COUNTERS_MAX = 2_000;
/** Counters looked at for that, and lines: some 2 ms. */
const LOOKS_MAX = 20_000;
/** Identities written down: callers may bring any number of tokens. */
const IDENTITIES_MAX = 200;
/** Channels whose guild is written down. */
const GUILDS_MAX = 5_000;
/** A counter that was used within this time is taken to be in use. */
const ACTIVE_MS = 2_000;

/** What is known now. */
export function learntOf(
  state: State,
  { nowMs, wallMs, isFinal, hasIdentity = () => true }: Saving,
): LearntState {
  const wallOf = (atMs: number) => atMs - nowMs + wallMs;
  const { clockOffset, registry, breaker, invalid } = state;
  const { offsetMs } = clockOffset;
  return {
    version: 1,
    savedAtWallMs: wallMs,
    isFinal,
    ...offsetMs === undefined ? {} : { offsetMs: offsetMs + nowMs - wallMs },
    hashes: [...registry.all()].map(hashOf),
    routes: [...registry.routes()].map(([key, route]) => routeOf(key, route)),
    guilds: [...state.guilds.entries()].slice(-GUILDS_MAX),
    invalid: invalid.learnt(nowMs, wallOf),
    ...breaker.untilMs === undefined ? {} : {
      breaker: {
        untilWallMs: wallOf(breaker.untilMs),
        openings: breaker.openings,
      },
    },
    rejections: rejectionsOf(state, nowMs, wallOf),
    identities: [...state.identities.values()]
      .filter(({ id }) => hasIdentity(id)).slice(0, IDENTITIES_MAX)
      .map((identity) => identityOf(state, identity, nowMs, wallOf)),
  };
}

type WallOf = (atMs: number) => number;

function hashOf(facts: HashFacts): LearntHash {
  const { hash, limit, kind, intervalMs, windowMs, isWindowExact } = facts;
  const { burst, spread } = facts;
  return {
    hash,
    limit,
    kind,
    windowMs,
    isWindowExact,
    spread,
    ...intervalMs === undefined ? {} : { intervalMs },
    ...burst === Infinity ? {} : { burst },
  };
}

function routeOf(key: string, route: RouteRecord): LearntRoute {
  const { hash, isHeaderless, isShared, seconds } = route;
  return {
    key,
    ...hash === undefined ? {} : { hash },
    ...isHeaderless ? { isHeaderless } : {},
    ...isShared ? { isShared } : {},
    ...seconds.length === 0 ? {} : { seconds },
  };
}

function rejectionsOf(
  { rejections }: State,
  nowMs: number,
  wallOf: WallOf,
): LearntRejection[] {
  return [...rejections].flatMap(([name, { untilMs, ...rest }]) =>
    untilMs > nowMs ? [{ name, untilWallMs: wallOf(untilMs), ...rest }] : []
  );
}

function identityOf(
  state: State,
  identity: Identity,
  nowMs: number,
  wallOf: WallOf,
): LearntIdentity {
  const lane = identity.lanes.get("bot");
  const lockedUntilMs = lane?.lockedUntilMs ?? 0;
  return {
    id: identity.id,
    isOwn: identity.isOwn,
    globalUsed: lane?.limit?.used(nowMs) ?? 0,
    ...lockedUntilMs > nowMs
      ? { globalLockedUntilWallMs: wallOf(lockedUntilMs) }
      : {},
    counters: countersOf(state, identity, nowMs, wallOf),
    subLimits: subLimitsOf(identity, nowMs, wallOf),
  };
}

function countersOf(
  state: State,
  identity: Identity,
  nowMs: number,
  wallOf: WallOf,
): LearntCounter[] {
  const found: LearntCounter[] = [];
  let looks = 0;
  for (const places of identity.counters.values()) {
    for (const counter of places.values()) {
      if (++looks > LOOKS_MAX || found.length >= COUNTERS_MAX) return found;
      const isOver = counter.role === "hidden"
        ? isStale(counter, nowMs)
        : isAtRest(state, counter, nowMs);
      if (isOver) continue;
      const learnt = counterOf(counter, nowMs, wallOf);
      if (learnt !== undefined) found.push(learnt);
    }
  }
  return found;
}

/** Few lines have any, and this runs too seldom to be compiled: each line costs as little as it can. */
function subLimitsOf(
  { lines }: Identity,
  nowMs: number,
  wallOf: WallOf,
): LearntSubLimit[] {
  const found: LearntSubLimit[] = [];
  let looks = 0;
  for (const majors of lines.values()) {
    for (const line of majors.values()) {
      if (++looks > LOOKS_MAX) return found;
      if (line.subs === undefined) continue;
      for (const { fields, counter } of line.subs) {
        if (isStale(counter, nowMs)) continue;
        const { routeKey, major } = line;
        const learnt = counterOf(counter, nowMs, wallOf);
        if (learnt === undefined) continue;
        found.push({ routeKey, major, fields, counter: learnt });
      }
    }
  }
  return found;
}

/** Undefined of a counter that says nothing to a new process. */
function counterOf(
  counter: Counter,
  nowMs: number,
  wallOf: WallOf,
): LearntCounter | undefined {
  const { role, name, place, bucket, learning, consecutive429s } = counter;
  if (role === "unseen") return undefined;
  const { pausedUntilMs, last429AtMs, lastSentAtMs, inFlight } = counter;
  const isActive = inFlight > 0 || nowMs - lastSentAtMs < ACTIVE_MS;
  return {
    role,
    name,
    place,
    ...bucket === undefined ? {} : {
      ...role === "hidden"
        ? { facts: hashOf(bucket.facts) }
        : { hash: bucket.facts.hash },
      bucket: bucketOf(bucket),
    },
    ...learning === undefined ? {} : { learning: learningOf(learning) },
    ...pausedUntilMs > nowMs
      ? { pausedUntilWallMs: wallOf(pausedUntilMs) }
      : {},
    ...counter.isCautious ? { isCautious: true } : {},
    ...consecutive429s === 0 ? {} : { consecutive429s },
    ...last429AtMs === -Infinity
      ? {}
      : { last429AtWallMs: wallOf(last429AtMs) },
    ...isActive ? { isActive } : {},
  };
}

function bucketOf(bucket: Bucket): LearntBucket {
  const { resetAtServerMs, remaining } = bucket;
  const { decidedAtServerMs, openedAtServerMs } = bucket;
  return {
    // A bucket that was never spent resets in the year one.
    resetAtServerMs: Math.max(0, resetAtServerMs),
    remaining,
    ...decidedAtServerMs === undefined ? {} : { decidedAtServerMs },
    ...openedAtServerMs === -Infinity ? {} : { openedAtServerMs },
  };
}

function learningOf(
  { firstAtServerMs, ...rest }: NonNullable<Counter["learning"]>,
): NonNullable<LearntCounter["learning"]> {
  return firstAtServerMs === Infinity ? rest : { ...rest, firstAtServerMs };
}
