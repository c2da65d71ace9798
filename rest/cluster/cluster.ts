import { randomUUID } from "../../deps.ts";
import type { FactSink } from "../domain/fact.ts";
import type {
  ClusterFigures,
  Owner,
  OwnerLease,
  Owners,
} from "../domain/owners.ts";
import type { Clock } from "../domain/ports.ts";
import type { PeerQuestions } from "./ask_peer.ts";
import { type Beat, beatWords, readBeatReply } from "./ownership/beat.ts";
import { OwnershipMachine } from "./ownership/machine.ts";
import { readQuestion } from "./ownership/questions.ts";
import { scopeOf, scopeOfIdentity, SCOPES } from "./ownership/scopes.ts";
import type { Action } from "./ownership/state.ts";
import { BEAT_KEYS, BEAT_SCRIPT } from "./redis/beat_script.ts";
import { PeerBook } from "./peer_book.ts";
import { PeerWatch } from "./peer_watch.ts";
import { type RedisLink, scriptOf } from "./redis/link.ts";
import type { SignedAddresses } from "./secrets.ts";
import { NO_KEEPER, type ScopeKeeper, TakingOver } from "./taking_over.ts";

/** What a cluster is put together with. */
export interface ClusterParts {
  readonly clock: Clock;
  readonly facts: FactSink;
  readonly url: string;
  readonly redis: RedisLink;
  readonly peerQuestions: PeerQuestions;
  readonly addresses: SignedAddresses;
}

/** This proxy among its peers. */
export interface Cluster extends Owners {
  /** Takes part from now on. */
  start(keeper: ScopeKeeper): void;
  /** Whether its requests may leave here; at first those of the journal alone. */
  readonly sendsFor: (scope: string) => boolean;
  /** The epoch by which we own it; undefined: we do not. */
  readonly epochOf: (scope: string) => number | undefined;
  readonly figures: () => ClusterFigures;
  /** Redis' calendar, which all proxies share; ours before it was heard. */
  readonly wallMs: () => number;
  /** Hands everything over; settles when all is gone, or nobody is there to take it. */
  leave(): Promise<void>;
  /** Gives up what is left, and takes no part any more. */
  close(): Promise<void>;
}

/** A proxy that takes part as soon as it is started. */
export function createCluster(parts: ClusterParts): Cluster {
  return new ClusterDriver(parts);
}

const SCRIPT = scriptOf(BEAT_SCRIPT);

/** Acts for the machine: beats, questions, timers, and whoever waits for a change. */
class ClusterDriver implements Cluster {
  readonly selfId = randomUUID();
  readonly #parts: ClusterParts;
  readonly #machine: OwnershipMachine;
  readonly #book: PeerBook;
  readonly #watch: PeerWatch;
  readonly #address: string;
  readonly #takingOver = new TakingOver();
  readonly #waiting = new Map<string, PromiseWithResolvers<void>>();
  #keeper: ScopeKeeper = NO_KEEPER;
  #stopTimer: () => void = () => {};
  #beatEnd = Promise.withResolvers<void>();
  #isClosed = false;
  /** Before the first beat has ended nothing is known. */
  #hasBeaten = false;
  #told = "";

  constructor(parts: ClusterParts) {
    this.#parts = parts;
    const { url, clock, addresses, peerQuestions: { ask } } = parts;
    this.#address = addresses.sign(this.selfId, url);
    const nowMs = clock.nowMs();
    this.#machine = new OwnershipMachine(this.selfId, this.#address, nowMs);
    const signed = () => this.#machine.peers();
    this.#book = new PeerBook({ addresses, ask, signed });
    const onChange = () => this.#tell();
    this.#watch = new PeerWatch({
      clock,
      peers: this.#book.peers,
      ask,
      onChange,
    });
  }

  start(keeper: ScopeKeeper): void {
    this.#keeper = keeper;
    this.#watch.start();
    this.#do(this.#machine.tick(this.#nowMs));
  }

  scopeOf: Owners["scopeOf"] = scopeOf;
  scopeOfIdentity: Owners["scopeOfIdentity"] = scopeOfIdentity;

  ownerOf(scope: string): Owner {
    const owner = this.#machine.ownerOf(scope, this.#nowMs);
    const isReady = owner.kind !== "self" || !this.#takingOver.has(scope);
    const shown = owner.kind === "peer"
      ? this.#book.opened(owner)
      : isReady
      ? owner
      : undefined;
    return shown ?? { kind: "nobody", sinceMs: this.#nowMs };
  }

  whenChanged(scope: string): Promise<void> {
    let waiting = this.#waiting.get(scope);
    if (waiting === undefined) {
      this.#waiting.set(scope, waiting = Promise.withResolvers());
    }
    return waiting.promise;
  }

  peers: Owners["peers"] = () => this.#book.peers();

  readonly isSilent = (id: string): boolean => this.#watch.isSilent(id);

  maySend(request: Parameters<Owners["maySend"]>[0]): boolean {
    const scope = scopeOf(request);
    return scope === undefined || this.sendsFor(scope);
  }

  readonly sendsFor = (scope: string): boolean =>
    this.#machine.ownerOf(scope, this.#nowMs).kind === "self" &&
    this.#takingOver.maySend(scope);

  answerPeer(data: unknown): unknown {
    const question = readQuestion(data);
    if (question === undefined) throw new TypeError("No question of a peer");
    const answer = this.#machine.answer(question, this.#nowMs);
    this.#setTimer();
    return answer;
  }

  readonly epochOf = (scope: string): number | undefined =>
    this.#machine.epochOf(scope);

  readonly figures = (): ClusterFigures => {
    const owned = SCOPES.filter((scope) => this.ownerOf(scope).kind === "self");
    return {
      owned: owned.length,
      scopes: SCOPES.length,
      peers: this.#watch.figures(),
      isStoreAway: this.#machine.isRedisAway,
    };
  };

  readonly leaseOf = (scope: string): OwnerLease | undefined =>
    this.#machine.leaseOf(scope, this.#nowMs);

  readonly wallMs = (): number =>
    this.#machine.redisMs(this.#nowMs) ?? this.#parts.clock.wallMs();

  async leave(): Promise<void> {
    this.#do(this.#machine.leave(this.#nowMs));
    const hasTaker = () => this.#machine.peers().length > 0;
    while (!this.#isClosed && this.#machine.isHolding && hasTaker()) {
      await this.#beatEnd.promise;
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopTimer();
    this.#watch.stop();
    for (const scope of SCOPES) this.#tellChanged(scope);
    this.#beatEnd.resolve();
    // Nobody has to wait for our leases to end; where it fails they do.
    await this.#run(this.#machine.end()).catch(() => {});
    this.#parts.redis.close();
    this.#parts.peerQuestions.close();
  }

  get #nowMs(): number {
    return this.#parts.clock.nowMs();
  }

  #do(actions: readonly Action[]): void {
    if (this.#isClosed) return;
    for (const action of actions) this.#act(action);
    this.#setTimer();
    this.#tell();
  }

  #act(action: Action): void {
    switch (action.kind) {
      case "beat":
        return void this.#beat(action.beat);
      case "ask":
        return void this.#ask(action);
      case "gained":
        return void this.#gain(action.scope, action.epoch);
      case "lost":
        this.#takingOver.lost(action.scope);
        return this.#keeper.lost(action.scope);
      case "hand over":
        return void this.#handOver(action.scope);
      case "changed":
        return this.#tellChanged(action.scope);
    }
  }

  #setTimer(): void {
    this.#stopTimer();
    if (this.#isClosed) return;
    const { clock } = this.#parts;
    const wakeAtMs = this.#machine.wakeAtMs(clock.nowMs());
    if (wakeAtMs === Infinity) return;
    this.#stopTimer = clock.wakeAt(
      wakeAtMs,
      () => this.#do(this.#machine.tick(clock.nowMs())),
    );
  }

  async #beat(beat: Beat): Promise<void> {
    const reply = await this.#run(beat).catch(() => undefined);
    const read = readBeatReply(reply, this.#book.isMember);
    this.#hasBeaten = true;
    this.#do(
      read === undefined
        ? this.#machine.beatFailed(this.#nowMs)
        : this.#machine.beatAnswered(read, this.#nowMs),
    );
    this.#beatEnd.resolve();
    this.#beatEnd = Promise.withResolvers();
    const hasMoved = beat.release.length > 0 || (read?.taken.length ?? 0) > 0;
    if (hasMoved && !this.#isClosed) this.#book.letLook();
  }

  #run(beat: Beat): Promise<unknown> {
    const words = beatWords(this.selfId, this.#address, beat);
    return this.#parts.redis.run(SCRIPT, BEAT_KEYS, words);
  }

  async #ask({ peer, question }: Extract<Action, { kind: "ask" }>) {
    const askedAtMs = this.#nowMs;
    const asked = await this.#book.ask(peer, question);
    if (this.#isClosed) return;
    const nowMs = this.#nowMs;
    this.#do(this.#machine.heard(peer, question, asked, askedAtMs, nowMs));
  }

  async #gain(scope: string, epoch: number): Promise<void> {
    const isReady = await this.#takingOver.read(
      scope,
      (letSend) => this.#keeper.gained(scope, epoch, letSend),
    );
    if (isReady) this.#tellChanged(scope);
  }

  async #handOver(scope: string): Promise<void> {
    await this.#keeper.handOver(scope);
    this.#do(this.#machine.handedOver(scope, this.#nowMs));
  }

  #tellChanged(scope: string): void {
    this.#waiting.get(scope)?.resolve();
    this.#waiting.delete(scope);
  }

  /** Said once for all scopes that change together. */
  #tell(): void {
    const { owned, peers, isStoreAway } = this.figures();
    const silent = peers.filter((peer) => peer.isAnswering === false).length;
    const told = `${owned} ${peers.length} ${silent} ${isStoreAway}`;
    if (told === this.#told || !this.#hasBeaten) return;
    this.#told = told;
    this.#parts.facts({
      kind: "cluster",
      owned,
      scopes: SCOPES.length,
      peers: peers.length,
      silent,
      isStoreAway,
    });
  }
}
