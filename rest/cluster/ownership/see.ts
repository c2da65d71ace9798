import type { BeatReply } from "./beat.ts";
import { readRecord } from "./records.ts";
import { rankingOf } from "./ranking.ts";
import { lose, type ScopeState, type State } from "./state.ts";
import { livingAt } from "./takes.ts";
import {
  CLOCK_STEP_MS,
  GUARD_MS,
  LEASE_MS,
  RENEW_MS,
  TAKE_MARGIN_MS,
} from "./timing.ts";

/** What one answer of Redis' is judged by. */
interface Look {
  readonly reply: BeatReply;
  readonly sentAtMs: number;
  readonly nowMs: number;
  /** Redis' clock went as ours did since the last look, so it tells how old a lease is. */
  readonly isClockSteady: boolean;
}

/** Takes in what Redis said to the beat that was sent at `sentAtMs`. */
export function see(
  state: State,
  reply: BeatReply,
  sentAtMs: number,
  nowMs: number,
): void {
  const isClockSteady = readClock(state, reply.redisMs, sentAtMs, nowMs);
  const look = { reply, sentAtMs, nowMs, isClockSteady };
  state.isRedisAway = false;
  state.consents.clear();
  state.nextBeatAtMs = sentAtMs + RENEW_MS;
  // Redis has lost us, so it may have lost a record that came after our last look:
  // where there is none, a whole lease is waited for from now on.
  if (reply.joined !== state.joined) {
    for (const one of state.scopes.values()) one.seen = undefined;
  }
  seeMembers(state, look);
  for (const one of state.scopes.values()) seeRecord(one, look);
  for (const { scope, epoch } of reply.taken) adopt(state, scope, epoch, look);
  for (const one of state.scopes.values()) renewed(state, one, look);
  handOver(state, nowMs);
}

/** Whether Redis' clock has gone as ours did since the last look. */
function readClock(
  state: State,
  redisMs: number,
  sentAtMs: number,
  nowMs: number,
): boolean {
  const before = state.offset;
  const offset = {
    low: redisMs - nowMs,
    high: redisMs - sentAtMs,
    atMs: nowMs,
  };
  state.offset = offset;
  if (before === undefined || nowMs - before.atMs > LEASE_MS) return false;
  return offset.low <= before.high + CLOCK_STEP_MS &&
    offset.high >= before.low - CLOCK_STEP_MS;
}

function seeMembers(state: State, { reply, nowMs }: Look): void {
  const { members, joined, version, redisMs } = reply;
  const before = new Map(state.members.map((one) => [one.id, one.seenMs]));
  for (const { id, seenMs } of members) {
    // Our first sight of one may be of its last sign of life.
    const isNews = before.has(id) ? before.get(id) !== seenMs : true;
    const ageMs = before.has(id) ? 0 : Math.max(0, redisMs - seenMs);
    if (isNews) state.seenAtMs.set(id, nowMs - ageMs);
  }
  const ids = new Set(members.map(({ id }) => id));
  for (const id of state.seenAtMs.keys()) {
    if (!ids.has(id)) state.seenAtMs.delete(id);
  }
  Object.assign(state, { members, joined, version });
}

function seeRecord(one: ScopeState, look: Look): void {
  const { reply, nowMs, isClockSteady } = look;
  const text = reply.records.get(one.scope) ?? "";
  if (text === one.seen) return;
  const record = readRecord(text);
  one.seen = text;
  one.record = record;
  one.unchangedSinceMs = nowMs;
  one.strangeSinceMs = undefined;
  one.epochSeen = Math.max(one.epochSeen, record?.epoch ?? 0);
  if (record !== undefined) {
    one.owned = record.ownerId === undefined ? undefined : record;
  }
  if (record !== undefined && record.ownerId === undefined) {
    one.lapsesAtMs = nowMs;
    return;
  }
  // Whoever owns it has sent its renewal before now: a lease from now on it is over.
  const restMs = (record?.untilMs ?? Infinity) - reply.redisMs;
  const waitMs = isClockSteady
    ? Math.min(LEASE_MS, Math.max(0, restMs))
    : LEASE_MS;
  one.lapsesAtMs = nowMs + waitMs + TAKE_MARGIN_MS;
}

function adopt(
  state: State,
  scope: string,
  epoch: number,
  { sentAtMs, nowMs }: Look,
): void {
  const one = state.scopes.get(scope);
  if (one === undefined || one.mine !== undefined) return;
  const untilMs = sentAtMs + LEASE_MS - GUARD_MS;
  // A promise given meanwhile is kept; the record lapses by itself.
  if (nowMs < one.promisedUntilMs || nowMs >= untilMs) return;
  one.mine = { epoch, untilMs, leaseUntilMs: untilMs, handingTo: undefined };
  state.actions.push({ kind: "gained", scope, epoch });
}

/** Every beat renews all we have, so what it has not renewed is ours no more. */
function renewed(state: State, one: ScopeState, { sentAtMs }: Look): void {
  const { mine, record } = one;
  const given = state.releasing.get(one.scope);
  if (
    given !== undefined &&
    (record?.ownerId !== state.id || record.epoch !== given.epoch)
  ) state.releasing.delete(one.scope);
  if (mine === undefined) return;
  if (record?.ownerId !== state.id || record.epoch !== mine.epoch) {
    return lose(state, one);
  }
  mine.leaseUntilMs = sentAtMs + LEASE_MS - GUARD_MS;
  mine.untilMs = Math.max(mine.untilMs, mine.leaseUntilMs);
}

/** Gives up what another one should have, since it has joined, or since we leave. */
export function handOver(state: State, nowMs: number): void {
  const living = livingAt(state, nowMs);
  for (const { scope, mine } of state.scopes.values()) {
    if (mine === undefined || mine.handingTo !== undefined) continue;
    const [best] = rankingOf(scope, living);
    if (best === undefined || best === state.id) continue;
    mine.handingTo = best;
    state.actions.push({ kind: "hand over", scope });
    state.actions.push({ kind: "changed", scope });
  }
}
