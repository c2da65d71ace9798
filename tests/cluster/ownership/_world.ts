import { IndexedHeap } from "../../../rest/collections/indexed_heap.ts";
import {
  beatWords,
  readBeatReply,
} from "../../../rest/cluster/ownership/beat.ts";
import { OwnershipMachine } from "../../../rest/cluster/ownership/machine.ts";
import type {
  Asked,
  Question,
} from "../../../rest/cluster/ownership/questions.ts";
import { SCOPES } from "../../../rest/cluster/ownership/scopes.ts";
import type { Action } from "../../../rest/cluster/ownership/state.ts";
import {
  CONSENT_MS,
  LEASE_MS,
} from "../../../rest/cluster/ownership/timing.ts";
import { RedisModel } from "../_redis_model.ts";

/** How long a driver waits for Redis and for a peer, on its own clock. */
const BEAT_TIMEOUT_MS = 600;
const PEER_TIMEOUT_MS = 800;

/** One proxy: its machine, and what becomes of its process. */
interface Proxy {
  readonly id: string;
  readonly url: string;
  readonly machine: OwnershipMachine;
  /** Its clock goes so fast, and began so. */
  readonly rate: number;
  readonly beganMs: number;
  state: "runs" | "stopped" | "dead";
  /** What happened to it while it was stopped. */
  readonly missed: (() => void)[];
  /** What it set its timer to. */
  timer: number;
  beatNumber: number;
  isRedisCut: boolean;
  isPeerCut: boolean;
  isLeaving: boolean;
}

interface Happening {
  readonly atMs: number;
  readonly run: () => void;
  heapIndex: number;
}

/** A world of proxies, their clocks, Redis and the network between them, on the true time of a judge. */
export class World {
  nowMs = 0;
  readonly #random: () => number;
  readonly #redis = new RedisModel();
  readonly #queue = new IndexedHeap<Happening>((one) => one.atMs);
  readonly #proxies: Proxy[] = [];
  readonly #heldCommands: (() => void)[] = [];
  redis: "up" | "paused" | "down" = "up";
  redisStepMs = 1_000_000;
  /** How much of what is said is lost, and how late it may come. */
  lossShare = 0;
  lateMs = 20;
  /** Redis is emptied as soon as a beat has taken something. */
  isTakeFlushed = false;
  #started = 0;
  /** By proxy and scope: until when the last beat that Redis carried out gives it a lease, in true time. */
  readonly #leases = new Map<string, number>();
  /** By asker, peer and scope: when the peer last consented, in true time. */
  readonly #consents = new Map<string, number>();
  readonly faults: string[] = [];

  constructor(random: () => number) {
    this.#random = random;
  }

  get proxies(): readonly Proxy[] {
    return this.#proxies;
  }

  /** Another process; at the address of a former one, if it is said. */
  start(url = `http://p${this.#started}`): Proxy {
    const id = `id${this.#started++}`;
    const rate = 1 + (this.#random() - 0.5) / 50;
    const beganMs = this.nowMs - this.#random() * 1_000_000;
    const proxy: Proxy = {
      id,
      url,
      rate,
      beganMs,
      machine: new OwnershipMachine(id, url, (this.nowMs - beganMs) * rate),
      state: "runs",
      missed: [],
      timer: 0,
      beatNumber: 0,
      isRedisCut: false,
      isPeerCut: false,
      isLeaving: false,
    };
    this.#proxies.push(proxy);
    this.#do(proxy, []);
    return proxy;
  }

  kill(proxy: Proxy): void {
    proxy.state = "dead";
  }

  stop(proxy: Proxy): void {
    if (proxy.state === "runs") proxy.state = "stopped";
  }

  goOn(proxy: Proxy): void {
    if (proxy.state !== "stopped") return;
    proxy.state = "runs";
    for (const run of proxy.missed.splice(0)) run();
  }

  leave(proxy: Proxy): void {
    if (proxy.state !== "runs" || proxy.isLeaving) return;
    proxy.isLeaving = true;
    this.#do(proxy, proxy.machine.leave(this.#clockOf(proxy)));
    this.after(3_000, () => this.#end(proxy));
  }

  #end(proxy: Proxy): void {
    if (proxy.state !== "runs") return;
    const beat = proxy.machine.end();
    this.#command(proxy, () => {
      this.#redis.beat(beatWords(proxy.id, proxy.url, beat), this.#redisMs());
    });
    proxy.state = "dead";
  }

  setRedis(state: "up" | "paused" | "down"): void {
    this.redis = state;
    if (state === "up") {
      for (const run of this.#heldCommands.splice(0)) {
        this.after(this.#random() * 5, run);
      }
    }
    if (state === "down") this.#heldCommands.length = 0;
  }

  /**
   * Redis is emptied, where everybody reaches it: of owners that go on without
   * it by consent a newcomer learns from its records alone.
   */
  flush(): void {
    const isReached = this.#proxies.every(({ state, isRedisCut }) =>
      state === "dead" || !isRedisCut
    );
    if (this.redis === "up" && isReached) this.#redis.flush();
  }

  after(ms: number, run: () => void): void {
    this.#queue.push({ atMs: this.nowMs + ms, run, heapIndex: -1 });
  }

  /** Lets time pass, and looks at who may send after everything that happens. */
  runFor(ms: number): void {
    const endMs = this.nowMs + ms;
    for (;;) {
      const next = this.#queue.peek();
      if (next === undefined || next.atMs > endMs) break;
      this.#queue.pop();
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.run();
      this.judge();
    }
    this.nowMs = endMs;
  }

  /** Who may send for a scope now; a stopped process sends nothing. */
  sendersOf(scope: string): readonly Proxy[] {
    return this.#proxies.filter((proxy) =>
      proxy.state === "runs" &&
      proxy.machine.maySend(scope, this.#clockOf(proxy))
    );
  }

  /** Never two senders, and none without a lease or everybody's consent. */
  judge(): void {
    for (const scope of SCOPES) {
      const senders = this.sendersOf(scope);
      if (senders.length > 1) {
        const ids = senders.map(({ id }) => id).join(" and ");
        this.faults.push(`${this.nowMs}: ${ids} send for ${scope}`);
      }
      for (const proxy of senders) this.#judgeRight(proxy, scope);
    }
  }

  #judgeRight(proxy: Proxy, scope: string): void {
    const leaseMs = this.#leases.get(`${proxy.id} ${scope}`) ?? -Infinity;
    if (this.nowMs < leaseMs) return;
    for (const { id } of proxy.machine.peers()) {
      const consentedMs = this.#consents.get(`${proxy.id} ${id} ${scope}`) ??
        -Infinity;
      if (this.nowMs < consentedMs + CONSENT_MS * 1.02) continue;
      this.faults.push(
        `${this.nowMs}: ${proxy.id} sends for ${scope} without ${id}`,
      );
    }
  }

  #clockOf({ rate, beganMs }: Proxy): number {
    return (this.nowMs - beganMs) * rate;
  }

  #redisMs(): number {
    return this.nowMs + this.redisStepMs;
  }

  #delay(): number {
    // Most things come at once, and a few come very late.
    return this.#random() < 0.97
      ? this.#random() * 5
      : this.#random() * this.lateMs;
  }

  #isLost(): boolean {
    return this.#random() < this.lossShare;
  }

  /** Runs in a process, when it runs again if it is stopped. */
  #in(proxy: Proxy, run: () => void): void {
    if (proxy.state === "runs") run();
    else if (proxy.state === "stopped") proxy.missed.push(run);
  }

  #do(proxy: Proxy, actions: readonly Action[]): void {
    for (const action of actions) this.#act(proxy, action);
    this.#setTimer(proxy);
  }

  #act(proxy: Proxy, action: Action): void {
    switch (action.kind) {
      case "beat":
        return this.#beat(proxy, beatWords(proxy.id, proxy.url, action.beat));
      case "ask":
        return this.#ask(proxy, action);
      case "hand over":
        return this.after(
          this.#random() * 400,
          () =>
            this.#in(proxy, () =>
              this.#do(
                proxy,
                proxy.machine.handedOver(action.scope, this.#clockOf(proxy)),
              )),
        );
    }
  }

  #setTimer(proxy: Proxy): void {
    const clockMs = this.#clockOf(proxy);
    const wakeMs = proxy.machine.wakeAtMs(clockMs);
    if (wakeMs === Infinity) return;
    const timer = ++proxy.timer;
    const waitMs = Math.max(0, wakeMs - clockMs) / proxy.rate;
    this.after(waitMs + 0.01 + this.#random() * 3, () =>
      this.#in(proxy, () => {
        if (timer !== proxy.timer) return;
        this.#do(proxy, proxy.machine.tick(this.#clockOf(proxy)));
      }));
  }

  /** Sends a command that Redis carries out sooner or later, or never. */
  #command(proxy: Proxy, run: () => void): void {
    if (proxy.isRedisCut || this.#isLost()) return;
    const attempt = () => {
      if (this.redis === "paused") this.#heldCommands.push(run);
      else if (this.redis === "up") run();
    };
    this.after(this.#delay(), attempt);
  }

  #beat(proxy: Proxy, words: readonly string[]): void {
    const number = ++proxy.beatNumber;
    const answered = (reply: unknown) =>
      this.#in(proxy, () => {
        if (number !== proxy.beatNumber) return;
        proxy.beatNumber++;
        const nowMs = this.#clockOf(proxy);
        const read = readBeatReply(reply);
        this.#do(
          proxy,
          read === undefined
            ? proxy.machine.beatFailed(nowMs)
            : proxy.machine.beatAnswered(read, nowMs),
        );
      });
    this.after(BEAT_TIMEOUT_MS / proxy.rate, () => answered(undefined));
    if (this.redis === "down") return this.after(2, () => answered(undefined));
    this.#command(proxy, () => {
      const reply = this.#redis.beat(words, this.#redisMs());
      this.#noteLeases(proxy, reply);
      const taken = readBeatReply(reply)?.taken ?? [];
      if (this.isTakeFlushed && taken.length > 0) {
        this.isTakeFlushed = false;
        this.flush();
      }
      if (proxy.isRedisCut || this.#isLost()) return;
      this.after(this.#delay(), () => answered(reply));
    });
  }

  #noteLeases(proxy: Proxy, reply: unknown): void {
    for (const [scope, text] of readBeatReply(reply)?.records ?? []) {
      if (!text.startsWith(`${proxy.id} `)) continue;
      this.#leases.set(`${proxy.id} ${scope}`, this.nowMs + LEASE_MS);
    }
  }

  #ask(
    proxy: Proxy,
    { peer, question }: Extract<Action, { kind: "ask" }>,
  ): void {
    const askedAtMs = this.#clockOf(proxy);
    let isOver = false;
    const heard = (asked: Asked) =>
      this.#in(proxy, () => {
        if (isOver) return;
        isOver = true;
        const nowMs = this.#clockOf(proxy);
        this.#do(
          proxy,
          proxy.machine.heard(peer, question, asked, askedAtMs, nowMs),
        );
      });
    this.after(PEER_TIMEOUT_MS / proxy.rate, () => heard("silent"));
    if (proxy.isPeerCut || this.#isLost()) return;
    this.after(
      this.#delay(),
      () => this.#answer(proxy, peer.url, question, heard),
    );
  }

  #answer(
    asker: Proxy,
    url: string,
    question: Question,
    heard: (asked: Asked) => void,
  ): void {
    const there = this.#proxies.findLast((one) =>
      one.url === url && one.state !== "dead"
    );
    if (there === undefined) return this.after(1, () => heard("gone"));
    if (there.isPeerCut) return;
    this.#in(there, () => {
      const answer = there.machine.answer(question, this.#clockOf(there));
      if (question.kind === "consent") {
        for (const scope of answer.scopes) {
          this.#consents.set(`${asker.id} ${answer.id} ${scope}`, this.nowMs);
        }
      }
      this.#setTimer(there);
      if (this.#isLost()) return;
      this.after(this.#delay(), () => heard(answer));
    });
  }
}
