import type { Take } from "./beat.ts";
import { rankingOf } from "./ranking.ts";
import type { ScopeState, State } from "./state.ts";
import { CONSENT_MAX_MS, LEASE_MS, LIVING_MS, RANK_MS } from "./timing.ts";

/**
 * Which scopes are free, and who takes them. One is free when its owner gave it
 * up, or when its lease is over; of those that live the best in the ranking
 * takes it first.
 *
 * An owner that cannot reach Redis goes on while every member it knows consents.
 * Who is not known to it would not be asked: it takes nothing from that owner
 * unless it knows that the owner has let go, or has waited longer than anybody
 * goes on.
 */
export function takesAt(state: State, nowMs: number): readonly Take[] {
  if (!mayTake(state)) return [];
  const living = livingAt(state, nowMs);
  const takes: Take[] = [];
  for (const one of state.scopes.values()) {
    if (takeAtMs(state, one, living, nowMs) <= nowMs) {
      takes.push({
        scope: one.scope,
        seen: one.seen ?? "",
        aboveEpoch: one.epochSeen,
        mustBeKnown: isKnown(state, one),
      });
    }
  }
  return takes;
}

/** When the next scope is to be taken; Infinity: none. */
export function nextTakeAtMs(state: State, nowMs: number): number {
  if (!mayTake(state)) return Infinity;
  const living = livingAt(state, nowMs);
  let nextMs = Infinity;
  for (const one of state.scopes.values()) {
    nextMs = Math.min(nextMs, takeAtMs(state, one, living, nowMs));
  }
  return nextMs;
}

/** Members that can be given scopes, ourselves among them unless we leave. */
export function livingAt(state: State, nowMs: number): readonly string[] {
  return state.members.flatMap(({ id, isLeaving }) => {
    if (id === state.id) return state.presence === "here" ? [id] : [];
    const seenAtMs = state.seenAtMs.get(id) ?? -Infinity;
    return !isLeaving && nowMs - seenAtMs < LIVING_MS ? [id] : [];
  });
}

/** Scopes that would be ours to take, if only their owners knew us. */
export function strangeScopes(
  state: State,
  nowMs: number,
): readonly ScopeState[] {
  if (!mayTake(state)) return [];
  return state.scopes.values()
    .filter((one) => isFree(one, nowMs) && !isQualified(state, one, nowMs))
    .toArray();
}

/** Without Redis' word of just now nobody is to guess. */
function mayTake(state: State): boolean {
  return !state.isRedisAway && state.presence === "here";
}

function isFree(
  { mine, seen, lapsesAtMs, promisedUntilMs }: ScopeState,
  nowMs: number,
): boolean {
  return mine === undefined && seen !== undefined &&
    Math.max(lapsesAtMs, promisedUntilMs) <= nowMs;
}

function takeAtMs(
  state: State,
  one: ScopeState,
  living: readonly string[],
  nowMs: number,
): number {
  if (one.mine !== undefined || one.seen === undefined) return Infinity;
  if (state.releasing.has(one.scope)) return Infinity;
  if (!isQualified(state, one, nowMs)) return strangeEndMs(one);
  const freeAtMs = Math.max(one.lapsesAtMs, one.promisedUntilMs);
  if (freeAtMs === Infinity) return Infinity;
  const rank = rankingOf(one.scope, living).indexOf(state.id);
  return freeAtMs + Math.max(0, rank) * RANK_MS;
}

function isQualified(state: State, one: ScopeState, nowMs: number): boolean {
  return isKnown(state, one) || isLetGo(state, one) ||
    strangeEndMs(one) <= nowMs;
}

/** Whether its last owner knew of us. */
function isKnown(state: State, { record, owned }: ScopeState): boolean {
  const last = record ?? owned;
  return last?.ownerId !== undefined && last.knows >= state.joined;
}

function isLetGo(state: State, one: ScopeState): boolean {
  const last = one.record ?? one.owned;
  return last?.ownerId === undefined || last.ownerId === state.id ||
    last.ownerId === one.doneOwnerId;
}

function strangeEndMs({ strangeSinceMs }: ScopeState): number {
  return (strangeSinceMs ?? Infinity) + CONSENT_MAX_MS + LEASE_MS;
}
