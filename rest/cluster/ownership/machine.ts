import type { Owner, OwnerLease, Peer } from "../../domain/owners.ts";
import type { Beat, BeatReply, Held } from "./beat.ts";
import { answer, ask, hear, nextAskAtMs } from "./consent.ts";
import { leaseOf } from "./lease.ts";
import type { Asked, PeerAnswer, Question } from "./questions.ts";
import { placeOf } from "./records.ts";
import { handOver, see } from "./see.ts";
import {
  type Action,
  lose,
  maySend,
  newState,
  type PeerAddress,
  type ScopeState,
  type State,
} from "./state.ts";
import { nextTakeAtMs, takesAt } from "./takes.ts";
import { BEAT_SPACING_MS, RETRY_MS } from "./timing.ts";

/**
 * Decides which scopes this proxy owns, without clock, Redis or network: it is
 * told what happens and gives back what to do.
 *
 * Theory of operation. Each proxy sends Redis a *beat* every 0.75 s: one script
 * that says we live, renews all that is ours, takes what is free, and gives back
 * how everything stands. A scope is ours from the beat that took it until its
 * lease ends on our own clock, counted from before the last beat that renewed it
 * was sent (`see.ts`). A record never goes by itself, so who finds one knows
 * whose lease to wait for, and who finds none waits a whole lease (`takes.ts`).
 * A take names the record it was decided on, so of several only one comes true,
 * and one that runs late comes to nothing.
 *
 * When Redis is away, owners go on by consent of all members (`consent.ts`).
 * Whoever once had no valid lease has nothing any more, and takes it anew.
 */
export class OwnershipMachine {
  readonly #state: State;
  readonly #owners = new Map<string, string>();

  /** `id` is new with each start of the process; `url` is signed, which is read here as part of it. */
  constructor(id: string, url: string, nowMs: number) {
    this.#state = newState(id, url, nowMs);
  }

  /** Does what is due; to be called at `wakeAtMs` or sooner. */
  tick(nowMs: number): readonly Action[] {
    const state = this.#state;
    for (const one of state.scopes.values()) {
      if (one.mine !== undefined && nowMs >= one.mine.untilMs) lose(state, one);
    }
    ask(state, nowMs);
    if (this.#beatAtMs(nowMs) <= nowMs) this.#beat(nowMs);
    return this.#take(nowMs);
  }

  /** When `tick` has something to do, if nothing else happens. */
  wakeAtMs(nowMs: number): number {
    const state = this.#state;
    let nextMs = Math.min(this.#beatAtMs(nowMs), nextAskAtMs(state, nowMs));
    for (const { mine } of state.scopes.values()) {
      if (mine !== undefined) nextMs = Math.min(nextMs, mine.untilMs);
    }
    return nextMs;
  }

  /** Redis has carried out the beat that was sent last. */
  beatAnswered(reply: BeatReply, nowMs: number): readonly Action[] {
    const state = this.#state;
    const sentAtMs = state.beatSentAtMs ?? nowMs;
    state.beatSentAtMs = undefined;
    see(state, reply, sentAtMs, nowMs);
    return this.tick(nowMs);
  }

  /** No answer came to it, in time or at all. It may still be carried out. */
  beatFailed(nowMs: number): readonly Action[] {
    const state = this.#state;
    state.beatSentAtMs = undefined;
    state.isRedisAway = true;
    state.nextBeatAtMs = nowMs + RETRY_MS;
    return this.tick(nowMs);
  }

  /** A peer asks. */
  answer(question: Question, nowMs: number): PeerAnswer {
    return answer(this.#state, question, nowMs);
  }

  /** What a peer said to a question of ours, or that it said nothing. */
  heard(
    peer: PeerAddress,
    question: Question,
    asked: Asked,
    askedAtMs: number,
    nowMs: number,
  ): readonly Action[] {
    hear(this.#state, peer.id, question, asked, askedAtMs, nowMs);
    return this.tick(nowMs);
  }

  /** Nothing of a scope that is handed over is under way any more. */
  handedOver(scope: string, nowMs: number): readonly Action[] {
    const state = this.#state;
    const one = state.scopes.get(scope);
    if (one?.mine?.handingTo === undefined) return [];
    state.releasing.set(scope, { scope, epoch: one.mine.epoch });
    one.mine = undefined;
    // Not at once: what else is handed over in this turn goes with the same beat.
    state.nextBeatAtMs = Math.min(state.nextBeatAtMs, nowMs);
    return this.#take(nowMs);
  }

  /** Hands everything over to the others. */
  leave(nowMs: number): readonly Action[] {
    const state = this.#state;
    state.presence = "leaving";
    state.nextBeatAtMs = nowMs;
    // Where Redis is away nobody could take it.
    if (!state.isRedisAway) handOver(state, nowMs);
    return this.tick(nowMs);
  }

  /** The last beat: gives up what is left, and takes us off the list. Nothing may be sent from here on. */
  end(): Beat {
    const state = this.#state;
    const release = [...state.releasing.values(), ...this.#held()];
    for (const one of state.scopes.values()) one.mine = undefined;
    return { ...this.#newBeat([]), presence: "gone", renew: [], release };
  }

  /** Redis' clock; undefined before it was heard. */
  redisMs(nowMs: number): number | undefined {
    const { offset } = this.#state;
    return offset && nowMs + (offset.low + offset.high) / 2;
  }

  maySend(scope: string, nowMs: number): boolean {
    const one = this.#state.scopes.get(scope);
    return one !== undefined && maySend(one, nowMs);
  }

  /** The epoch by which we have it; undefined: we do not. */
  epochOf(scope: string): number | undefined {
    return this.#state.scopes.get(scope)?.mine?.epoch;
  }

  leaseOf(scope: string, nowMs: number): OwnerLease | undefined {
    return leaseOf(this.#state, scope, nowMs);
  }

  ownerOf(scope: string, nowMs: number): Owner {
    const one = this.#state.scopes.get(scope);
    if (one === undefined) return { kind: "nobody", sinceMs: nowMs };
    return this.#ownerOf(one, nowMs);
  }

  peers(): readonly Peer[] {
    const { id: selfId, members, seenAtMs } = this.#state;
    return members.filter(({ id }) => id !== selfId).map(({ id, url }) => ({
      id,
      url,
      lastSeenMs: seenAtMs.get(id) ?? -Infinity,
    }));
  }

  /** Whether anything is ours, as far as Redis knows, that another one could have. */
  get isHolding(): boolean {
    return this.#held().length > 0 || this.#state.releasing.size > 0;
  }

  get isRedisAway(): boolean {
    return this.#state.isRedisAway;
  }

  #ownerOf(one: ScopeState, nowMs: number): Owner {
    const { mine, record, unchangedSinceMs, lapsesAtMs } = one;
    if (maySend(one, nowMs)) return { kind: "self" };
    const isOver = !this.#state.isRedisAway && lapsesAtMs <= nowMs;
    if (mine !== undefined || record?.ownerId === undefined || isOver) {
      return { kind: "nobody", sinceMs: unchangedSinceMs };
    }
    const { ownerId: id, url } = record;
    // One that was at our own address is gone.
    const isHere = placeOf(url) === placeOf(this.#state.url);
    return id === this.#state.id || isHere
      ? { kind: "nobody", sinceMs: unchangedSinceMs }
      : { kind: "peer", id, url };
  }

  #beatAtMs(nowMs: number): number {
    const state = this.#state;
    if (state.beatSentAtMs !== undefined) return Infinity;
    const nextMs = Math.min(state.nextBeatAtMs, nextTakeAtMs(state, nowMs));
    return Math.max(nextMs, state.lastBeatAtMs + BEAT_SPACING_MS);
  }

  #beat(nowMs: number): void {
    const state = this.#state;
    state.beatSentAtMs = nowMs;
    state.lastBeatAtMs = nowMs;
    const beat = this.#newBeat(takesAt(state, nowMs));
    state.actions.push({ kind: "beat", beat });
  }

  #newBeat(take: Beat["take"]): Beat {
    const { presence, joined, version, releasing } = this.#state;
    const release = [...releasing.values()];
    return {
      presence,
      joined,
      knows: version,
      renew: this.#held(),
      release,
      take,
    };
  }

  #held(): readonly Held[] {
    const held: Held[] = [];
    for (const { scope, mine } of this.#state.scopes.values()) {
      if (mine !== undefined) held.push({ scope, epoch: mine.epoch });
    }
    return held;
  }

  /** The actions that have gathered, and which scopes have another owner than before. */
  #take(nowMs: number): readonly Action[] {
    const { actions, scopes } = this.#state;
    for (const one of scopes.values()) {
      const owner = this.#ownerOf(one, nowMs);
      const text = owner.kind === "peer" ? owner.id : owner.kind;
      if (this.#owners.get(one.scope) === text) continue;
      this.#owners.set(one.scope, text);
      actions.push({ kind: "changed", scope: one.scope });
    }
    return actions.splice(0);
  }
}
