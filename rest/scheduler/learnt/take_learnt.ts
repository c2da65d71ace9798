import type {
  LearntCounter,
  LearntHash,
  LearntIdentity,
  LearntState,
  Moment,
} from "../../domain/learnt_state.ts";
import { newBucket } from "../limits/bucket.ts";
import { EMPTY_MAX_MS, type FormerEnd } from "../limits/doubt.ts";
import type { HashFacts } from "../limits/bucket_registry.ts";
import { newCounter } from "../limits/counter.ts";
import { enter } from "../limits/counters_of.ts";
import { forgetUse, identityFor } from "../queues/lines.ts";
import type { Counter, Identity, State } from "../state.ts";
import { formerSubName } from "./former_subs.ts";

/**
 * Goes on with what the process before this one learnt, as far as it can still
 * be true. Where that process was killed, it may have sent requests after it
 * wrote this down, for up to a second: what it used last counts as empty at the
 * end of that second, and whatever it may have used is asked carefully, with
 * one request that goes first.
 */

/** What was learnt is written down this often. */
const SAVE_EVERY_MS = 1_000;
/** Limits and hashes are believed for a day: Discord changes them now and then. */
const BELIEVED_MAX_MS = 86_400_000;
/** Two proxies read one calendar each for itself: so much later than now is no calendar that was set. */
const CALENDAR_STEP_MS = 1_000;
/**
 * And by so much it may be wrong, which is half of a way to Redis and back at
 * either end. In doubt Discord's clock is behind: until the first answer tells,
 * requests leave so much later.
 */
const CALENDAR_DOUBT_MS = 25;
/** The global limit counts one second, and a twentieth more for the way there. */
const GLOBAL_MS = 1_050;

/** How moments of the former process become moments of this one. */
interface Passage {
  readonly state: State;
  readonly learnt: LearntState;
  readonly nowMs: number;
  /** On our clock. */
  readonly atMs: (wallMs: number) => number;
  /** When the former process may have sent its last request. */
  readonly end: FormerEnd;
}

/**
 * Takes in what another process has learnt. What is known here of Discord's
 * limits stays; of how far identities have used them the other process knows
 * more, since it has sent for them meanwhile.
 */
export function takeLearnt(
  state: State,
  learnt: LearntState,
  { nowMs, wallMs }: Moment,
): void {
  const ageMs = wallMs - learnt.savedAtWallMs;
  // A calendar that went backwards tells nothing of how long ago it was.
  if (ageMs < -CALENDAR_STEP_MS || ageMs > BELIEVED_MAX_MS) return;
  const endedAtWallMs = learnt.savedAtWallMs +
    (learnt.isFinal ? 0 : SAVE_EVERY_MS);
  const passage: Passage = {
    state,
    learnt,
    nowMs,
    atMs: (atWallMs) => atWallMs - wallMs + nowMs,
    end: {
      endedAtMs: endedAtWallMs - wallMs + nowMs,
      endedAtServerMs: endedAtWallMs + (learnt.offsetMs ?? 0),
    },
  };
  forgetOver(state, nowMs);
  takeCommon(passage);
  for (const identity of learnt.identities) takeGlobal(passage, identity);
  // Without Discord's clock the moments of buckets mean nothing.
  if (learnt.offsetMs === undefined) return;
  state.clockOffset.assume(
    learnt.offsetMs + wallMs - nowMs - CALENDAR_DOUBT_MS,
  );
  if (!learnt.isFinal) state.former.end = passage.end;
  for (const hash of learnt.hashes) state.registry.restore(factsOf(hash));
  for (const route of learnt.routes) state.registry.restoreRoute(route);
  for (const identity of learnt.identities) takeIdentity(passage, identity);
}

/** Identities come and go as long as the process runs. */
function forgetOver({ former: { globals, locks } }: State, nowMs: number) {
  for (const [id, { untilMs }] of globals) {
    if (untilMs <= nowMs) globals.delete(id);
  }
  for (const [id, untilMs] of locks) if (untilMs <= nowMs) locks.delete(id);
}

/** What all tokens share. */
function takeCommon({ state, learnt, nowMs, atMs }: Passage): void {
  for (const [channel, guild] of learnt.guilds) {
    state.guilds.set(channel, guild);
  }
  state.invalid.restore(learnt.invalid, { nowMs, atMs });
  const { breaker } = learnt;
  const breakerUntilMs = breaker === undefined ? 0 : atMs(breaker.untilWallMs);
  if (breaker !== undefined && breakerUntilMs > nowMs) {
    state.breaker.restore(breakerUntilMs, breaker.openings);
  }
  for (const { name, untilWallMs, ...rest } of learnt.rejections) {
    const untilMs = atMs(untilWallMs);
    if (untilMs > nowMs) state.rejections.set(name, { untilMs, ...rest });
  }
}

function factsOf(
  { burst = Infinity, intervalMs, ...rest }: LearntHash,
): HashFacts {
  return { ...rest, burst, intervalMs, probeUntilMs: -Infinity };
}

/** What an identity has used of its global limit, and until when that is closed. */
function takeGlobal(
  { state, learnt: { isFinal }, nowMs, atMs, end }: Passage,
  { id, isOwn, globalUsed, globalLockedUntilWallMs }: LearntIdentity,
): void {
  const identity = identityFor(state, { identityId: id, isOwnToken: isOwn });
  forgetUse(state, identity);
  identity.former = isFinal ? undefined : end;
  const untilMs = end.endedAtMs + GLOBAL_MS;
  if (untilMs > nowMs) {
    const former = { used: isFinal ? globalUsed : Infinity, untilMs };
    state.former.globals.set(id, former);
    identity.lanes.get("bot")?.limit?.assume(former);
  }
  if (globalLockedUntilWallMs !== undefined) {
    const lockedUntilMs = atMs(globalLockedUntilWallMs);
    state.former.locks.set(id, lockedUntilMs);
    const lane = identity.lanes.get("bot");
    if (lane !== undefined) lane.lockedUntilMs = lockedUntilMs;
  }
}

function takeIdentity(passage: Passage, learnt: LearntIdentity): void {
  const { state } = passage;
  const { id, isOwn } = learnt;
  const identity = identityFor(state, { identityId: id, isOwnToken: isOwn });
  for (const counter of learnt.counters) {
    takeCounter(passage, identity, counter);
  }
  for (const { routeKey, major, fields, counter } of learnt.subLimits) {
    const name = formerSubName(id, routeKey, major);
    // Of one that nobody has asked about since, the newest is told.
    const former = (state.former.subs.get(name) ?? [])
      .filter((sub) => sub.fields.join() !== fields.join());
    const made = newCounter(identity, "hidden", "", major);
    fill(passage, made, counter);
    state.former.subs.set(name, [...former, { fields, counter: made }]);
  }
}

function takeCounter(
  passage: Passage,
  identity: Identity,
  learnt: LearntCounter,
): void {
  const { name, place, role } = learnt;
  const known = identity.counters.get(name)?.get(place);
  if (known !== undefined) {
    // What lines point to here is in use here.
    return known.lines > 0 ? undefined : fill(passage, known, learnt);
  }
  const counter = newCounter(identity, role, name, place);
  fill(passage, counter, learnt);
  enter(identity, counter);
  // No line points to it yet, so it is forgotten when it is full.
  passage.state.orphans.push(counter);
}

/** Gives a counter what is known of it. */
function fill(
  passage: Passage,
  counter: Counter,
  learnt: LearntCounter,
): void {
  const { state, atMs } = passage;
  const { hash, facts, bucket, learning } = learnt;
  const known = hash === undefined
    ? facts && factsOf(facts)
    : state.registry.factsOf(hash);
  if (known !== undefined && bucket !== undefined) {
    counter.bucket = { ...newBucket(known), ...bucket };
    counter.bucket.toldResetServerMs = bucket.resetAtServerMs;
    if (!passage.learnt.isFinal && learnt.isActive) {
      spend(counter.bucket, passage.end.endedAtServerMs);
    }
  }
  if (learning !== undefined) {
    counter.learning = { firstAtServerMs: Infinity, ...learning };
  }
  const { pausedUntilWallMs, last429AtWallMs, consecutive429s = 0 } = learnt;
  if (pausedUntilWallMs !== undefined) {
    counter.pausedUntilMs = atMs(pausedUntilWallMs);
  }
  if (last429AtWallMs !== undefined) {
    counter.last429AtMs = atMs(last429AtWallMs);
  }
  counter.consecutive429s = consecutive429s;
  counter.isCautious = learnt.isCautious === true || !passage.learnt.isFinal;
}

/** Takes it for empty at a moment, where it would not be empty for long. */
function spend(
  bucket: NonNullable<Counter["bucket"]>,
  atServerMs: number,
): void {
  const { kind, limit, intervalMs, windowMs } = bucket.facts;
  bucket.remaining = 0;
  if (kind === "sliding" && intervalMs !== undefined) {
    if (intervalMs > EMPTY_MAX_MS) return;
    bucket.resetAtServerMs = Math.max(
      bucket.resetAtServerMs,
      atServerMs + limit * intervalMs,
    );
  } else if (bucket.resetAtServerMs < atServerMs && windowMs <= EMPTY_MAX_MS) {
    bucket.resetAtServerMs = atServerMs + windowMs;
  }
}
