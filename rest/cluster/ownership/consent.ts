import type { Asked, PeerAnswer, Question } from "./questions.ts";
import { placeOf } from "./records.ts";
import { type Holding, maySend, type ScopeState, type State } from "./state.ts";
import { strangeScopes } from "./takes.ts";
import {
  ASK_MS,
  CONSENT_MAX_MS,
  CONSENT_MS,
  GUARD_MS,
  TAKE_MARGIN_MS,
} from "./timing.ts";

/**
 * What proxies promise one another. Who cannot reach Redis asks every member it
 * knows for consent, and sends until the earliest of their promises ends. A
 * member consents only while it cannot reach Redis either, and takes nothing of
 * what it has promised before the end, whatever Redis says by then. So a single
 * silent member, or one that reaches Redis, ends it.
 */

/** Asks for consent where Redis is away, and of strange owners whether they have let go. */
export function ask(state: State, nowMs: number): void {
  if (state.isRedisAway) askConsent(state, nowMs);
  else askHolding(state, nowMs);
}

/** When there is something to be asked; Infinity: nothing. */
export function nextAskAtMs(state: State, nowMs: number): number {
  if (state.isRedisAway) {
    return heldScopes(state).length > 0 ? state.nextAskAtMs : Infinity;
  }
  return strangeScopes(state, nowMs).length > 0
    ? state.nextHoldingAtMs
    : Infinity;
}

/** A peer's question, answered. */
export function answer(
  state: State,
  question: Question,
  nowMs: number,
): PeerAnswer {
  const { id } = state;
  switch (question.kind) {
    case "look":
      state.nextBeatAtMs = Math.min(state.nextBeatAtMs, nowMs);
      return { id, scopes: [] };
    case "consent":
      return { id, scopes: promise(state, question.scopes, nowMs) };
    case "holding": {
      const asked = new Set(question.of === id ? question.scopes : []);
      const held = heldScopes(state)
        .filter((one) => asked.has(one.scope) && maySend(one, nowMs));
      return { id, scopes: held.map(({ scope }) => scope) };
    }
  }
}

/** What came of a question that was asked at `askedAtMs`. */
export function hear(
  state: State,
  peerId: string,
  question: Question,
  asked: Asked,
  askedAtMs: number,
  nowMs: number,
): void {
  if (asked === "silent") return;
  if (question.kind === "holding") return hearHolding(state, question, asked);
  if (question.kind !== "consent" || asked === "gone") return;
  // Another process at its address has promised nothing for it.
  if (asked.id !== peerId || !state.isRedisAway) return;
  let given = state.consents.get(peerId);
  if (given === undefined) state.consents.set(peerId, given = new Map());
  for (const scope of asked.scopes) {
    given.set(scope, Math.max(given.get(scope) ?? -Infinity, askedAtMs));
  }
  goOn(state, nowMs);
}

function askConsent(state: State, nowMs: number): void {
  const held = heldScopes(state);
  if (held.length === 0 || nowMs < state.nextAskAtMs) return;
  state.nextAskAtMs = nowMs + ASK_MS;
  const scopes = held.map(({ scope }) => scope);
  const question: Question = { kind: "consent", scopes };
  for (const { id, url } of others(state)) {
    state.actions.push({ kind: "ask", peer: { id, url }, question });
  }
  if (others(state).length === 0) goOn(state, nowMs);
}

/** Sends on for as long as everybody has consented. */
function goOn(state: State, nowMs: number): void {
  const peers = others(state);
  for (const one of heldScopes(state)) {
    const asked = peers.map(({ id }) =>
      state.consents.get(id)?.get(one.scope) ?? -Infinity
    );
    extend(one.mine, Math.min(nowMs, ...asked) + CONSENT_MS - GUARD_MS);
  }
}

function extend(mine: Holding, untilMs: number): void {
  const lastMs = mine.leaseUntilMs + CONSENT_MAX_MS;
  mine.untilMs = Math.max(mine.untilMs, Math.min(untilMs, lastMs));
}

function promise(
  state: State,
  scopes: readonly string[],
  nowMs: number,
): readonly string[] {
  if (!state.isRedisAway) {
    // Whoever asks cannot reach Redis: so look whether we still can.
    state.nextBeatAtMs = Math.min(state.nextBeatAtMs, nowMs);
    return [];
  }
  return scopes.filter((scope) => {
    const one = state.scopes.get(scope);
    if (one === undefined || one.mine !== undefined) return false;
    one.promisedUntilMs = nowMs + CONSENT_MS + TAKE_MARGIN_MS;
    return true;
  });
}

function askHolding(state: State, nowMs: number): void {
  const strange = strangeScopes(state, nowMs);
  for (const one of strange) one.strangeSinceMs ??= nowMs;
  if (strange.length === 0 || nowMs < state.nextHoldingAtMs) return;
  state.nextHoldingAtMs = nowMs + ASK_MS;
  for (const [of, theirs] of Map.groupBy(strange, ownerIdOf)) {
    const url = (theirs[0]?.record ?? theirs[0]?.owned)?.url;
    if (of === undefined || url === undefined) continue;
    // Where it was we are now: so it is gone.
    if (placeOf(url) === placeOf(state.url)) letGo(theirs, of);
    else {
      const scopes = theirs.map(({ scope }) => scope);
      const question: Question = { kind: "holding", of, scopes };
      state.actions.push({ kind: "ask", peer: { id: of, url }, question });
    }
  }
}

function hearHolding(
  state: State,
  { of, scopes }: Extract<Question, { kind: "holding" }>,
  asked: Exclude<Asked, "silent">,
): void {
  const held = new Set(asked === "gone" || asked.id !== of ? [] : asked.scopes);
  const done = scopes.filter((scope) => !held.has(scope));
  letGo(done.flatMap((scope) => state.scopes.get(scope) ?? []), of);
}

function letGo(scopes: readonly ScopeState[], ownerId: string): void {
  for (const one of scopes) one.doneOwnerId = ownerId;
}

function ownerIdOf({ record, owned }: ScopeState): string | undefined {
  return (record ?? owned)?.ownerId;
}

/** Everybody who may take our scopes. */
function others(state: State): readonly { id: string; url: string }[] {
  return state.members.filter(({ id }) => id !== state.id);
}

type HeldScope = ScopeState & { readonly mine: Holding };

function heldScopes(state: State): readonly HeldScope[] {
  return state.scopes.values()
    .filter((one): one is HeldScope => one.mine !== undefined)
    .toArray();
}
