import type { Beat, Held } from "./beat.ts";
import type { Question } from "./questions.ts";
import type { Member, OwnerRecord } from "./records.ts";
import { SCOPES } from "./scopes.ts";

/** What is known of one scope. */
export interface ScopeState {
  readonly scope: string;
  /** The record's text as it was last seen; "" for none, undefined: never looked. */
  seen: string | undefined;
  record: OwnerRecord | undefined;
  /** The last record that named an owner: it counts on where Redis has lost it. */
  owned: OwnerRecord | undefined;
  /** The highest epoch seen, which outlives the record, too. */
  epochSeen: number;
  /** Since when the record has been as it is, on our clock. */
  unchangedSinceMs: number;
  /** From here on its lease is over, on our clock. */
  lapsesAtMs: number;
  /** Set while we have it. */
  mine: Holding | undefined;
  /** We have promised a peer not to take it before. */
  promisedUntilMs: number;
  /** Since when it has been free for us to take, but for its owner, who does not know us. */
  strangeSinceMs: number | undefined;
  /** The owner that is known to have let go of it. */
  doneOwnerId: string | undefined;
}

/** A scope that we have. */
export interface Holding {
  readonly epoch: number;
  /** Nothing is sent from here on. */
  untilMs: number;
  /** The same without what peers consented to. */
  leaseUntilMs: number;
  /** We have stopped sending for it, and give it up when the last answer is in. */
  handingTo: string | undefined;
}

/** What the driver is to do. */
export type Action =
  | { readonly kind: "beat"; readonly beat: Beat }
  | {
    readonly kind: "ask";
    readonly peer: PeerAddress;
    readonly question: Question;
  }
  /** We may send for it from now on. */
  | { readonly kind: "gained"; readonly scope: string; readonly epoch: number }
  /** We may not send for it any more; nothing was handed over. */
  | { readonly kind: "lost"; readonly scope: string }
  /** Finish what is under way for it, and say so with `handedOver`. */
  | { readonly kind: "hand over"; readonly scope: string }
  /** Another one has it, or none. */
  | { readonly kind: "changed"; readonly scope: string };

/** Where a peer is asked. */
export interface PeerAddress {
  readonly id: string;
  readonly url: string;
}

/** Everything the machine remembers. */
export interface State {
  readonly id: string;
  readonly url: string;
  readonly scopes: ReadonlyMap<string, ScopeState>;
  readonly actions: Action[];
  presence: "here" | "leaving";
  /** As the last answer of Redis' said. */
  joined: number;
  version: number;
  members: readonly Member[];
  /** When each member was last seen, on our clock. */
  readonly seenAtMs: Map<string, number>;
  /** The last beat that ended came to nothing. */
  isRedisAway: boolean;
  /** When the beat that is out was sent; undefined: none is. */
  beatSentAtMs: number | undefined;
  lastBeatAtMs: number;
  nextBeatAtMs: number;
  nextAskAtMs: number;
  nextHoldingAtMs: number;
  /** Redis' clock minus ours lies between these, as of the last answer. */
  offset:
    | { readonly low: number; readonly high: number; readonly atMs: number }
    | undefined;
  /** Scopes that were given up, until Redis has heard of it. */
  readonly releasing: Map<string, Held>;
  /** By peer and scope: when the consent was asked for that it gave. */
  readonly consents: Map<string, Map<string, number>>;
}

/** Nothing is known yet. */
export function newState(id: string, url: string, nowMs: number): State {
  return {
    id,
    url,
    scopes: new Map(SCOPES.map((scope) => [scope, newScope(scope, nowMs)])),
    actions: [],
    presence: "here",
    joined: 0,
    version: 0,
    members: [],
    seenAtMs: new Map(),
    isRedisAway: true,
    beatSentAtMs: undefined,
    lastBeatAtMs: -Infinity,
    nextBeatAtMs: nowMs,
    nextAskAtMs: nowMs,
    nextHoldingAtMs: nowMs,
    offset: undefined,
    releasing: new Map(),
    consents: new Map(),
  };
}

function newScope(scope: string, nowMs: number): ScopeState {
  return {
    scope,
    seen: undefined,
    record: undefined,
    owned: undefined,
    epochSeen: 0,
    unchangedSinceMs: nowMs,
    lapsesAtMs: Infinity,
    mine: undefined,
    promisedUntilMs: -Infinity,
    strangeSinceMs: undefined,
    doneOwnerId: undefined,
  };
}

/** Whether we may send for it. */
export function maySend({ mine }: ScopeState, nowMs: number): boolean {
  return mine !== undefined && mine.handingTo === undefined &&
    nowMs < mine.untilMs;
}

/** We have it no more, as Redis or the clock has said. */
export function lose(state: State, one: ScopeState): void {
  if (one.mine === undefined) return;
  one.mine = undefined;
  state.actions.push({ kind: "lost", scope: one.scope });
}
