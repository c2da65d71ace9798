import assert from "node:assert/strict";
import type { LimitReport } from "../../rest/domain/limit_report.ts";
import type { Method } from "../../rest/domain/request.ts";
import type { Urgency } from "../../rest/domain/urgency.ts";
import type { SchedulerOptions } from "../../rest/scheduler/options.ts";
import { createScheduler } from "../../rest/scheduler/scheduler.ts";
import type { Ask, Scheduler, Settlement } from "../../rest/scheduler/types.ts";
import { createRandom, type Random } from "../../sim/model/random.ts";
import { askOf, START_MS } from "./_builders.ts";
import { pick, RandomDiscord, type Weather } from "./_random_reports.ts";

export interface DriverOptions extends Weather {
  readonly steps: number;
  /** Nothing is refused for waiting too long, so whatever is was forgotten. */
  readonly isPatient: boolean;
}

/** What a model without a scheduler's cleverness knows of one request. */
interface Known {
  readonly ask: Ask;
  readonly seq: number;
  expiresAtMs: number;
  readonly enqueuedAtMs: number;
  state: "waiting" | "leased";
  sentAtMs: number;
  /** What Discord, or the sender, said of another try. */
  notBeforeMs: number;
}

const ROUTES: readonly (readonly [Method, string])[] = [
  ["POST", "/channels/200000000000000001/messages"],
  ["POST", "/channels/200000000000000002/messages"],
  ["PATCH", "/channels/200000000000000001"],
  ["PATCH", "/channels/200000000000000001"],
  ["PATCH", "/channels/200000000000000002"],
  ["DELETE", "/channels/200000000000000001"],
  ["GET", "/channels/200000000000000001/messages"],
  ["GET", "/channels/200000000000000002/messages"],
  ["GET", "/users/@me"],
  [
    "PUT",
    "/channels/200000000000000001/messages/300000000000000001/reactions/x/@me",
  ],
  [
    "DELETE",
    "/channels/200000000000000001/messages/300000000000000002/reactions/y/@me",
  ],
  ["POST", "/webhooks/500000000000000001/hook-token"],
  [
    "POST",
    "/interactions/600000000000000001/aW50ZXJhY3Rpb246abc/callback",
  ],
];

const FIELDS: readonly (readonly string[] | undefined)[] = [
  undefined,
  [],
  ["name"],
  ["topic"],
  ["nsfw"],
  ["name", "nsfw"],
  ["name", "topic"],
];

/** No pause of a random world is longer; what is, is the patience of those who wait. */
const LONGEST_WAIT_MS = 36_000_000;

/** Polls in a row that bring nothing and ask to be called within 2 ms. */
const IDLE_POLLS_MAX = 30;

/**
 * Calls a scheduler at random, whatever its interface allows, and after every
 * call compares it with a model that only counts.
 */
export class RandomDriver {
  readonly #options: DriverOptions;
  readonly #random: Random;
  readonly #discord: RandomDiscord;
  readonly #scheduler: Scheduler;
  readonly #maxWaitMs: number;
  readonly #known = new Map<number, Known>();
  readonly #ended = new Set<number>();
  /** Moments before which a lane, or everything (""), may not send. */
  readonly #lockedUntilMs = new Map<string, number>();
  readonly #checks: string[] = [];
  #nowMs = START_MS;
  #seq = 0;
  #wakeAtMs: number | undefined;
  #isDraining = false;
  #idlePolls = 0;

  constructor(seed: number, options: DriverOptions) {
    this.#options = options;
    this.#random = createRandom(seed);
    this.#discord = new RandomDiscord(this.#random, options);
    this.#maxWaitMs = options.isPatient
      ? 1e12
      : pick(this.#random, [2_000, 30_000, 240_000]);
    const bounds: Partial<SchedulerOptions> = options.isPatient ? {} : {
      waitingMax: pick(this.#random, [10, 100, 100_000]),
      lineWaitingMax: pick(this.#random, [5, 10_000]),
      bytesMax: pick(this.#random, [5_000, 1e9]),
      linesMax: pick(this.#random, [3, 50_000]),
      invalidCeiling: pick(this.#random, [10, 100, 9_000]),
    };
    const globalLimit = pick(this.#random, [1, 2, 5, 50]);
    this.#scheduler = createScheduler({
      maxWaitMs: this.#maxWaitMs,
      globalLimitOf: () => globalLimit,
      ...bounds,
    });
  }

  /** Everything, then until nothing is left. */
  run(): void {
    for (let step = 0; step < this.#options.steps; step++) {
      this.#step();
      this.#compare();
    }
    this.#isDraining = true;
    this.#poll();
    for (let step = 0; this.#known.size > 0; step++) {
      assert.ok(step < 100_000, "it does not come to an end");
      this.#drainStep();
    }
    this.#assertEmpty();
  }

  #step(): void {
    const roll = this.#random();
    if (roll < 0.35) this.#enqueue();
    else if (roll < 0.4) this.#cancel();
    else if (roll < 0.43) this.#urge();
    else if (roll < 0.68) this.#settle();
    else if (roll < 0.71) this.#tellTokens();
    else if (roll < 0.85) this.#pass();
    if (this.#random() < 0.7) this.#poll();
  }

  #drainStep(): void {
    while (this.#checks.length > 0) {
      this.#tellTokens();
      this.#poll();
    }
    const leased = this.#inState("leased");
    const wakeInMs = (this.#wakeAtMs ?? Infinity) - this.#nowMs;
    const isAnswered = leased.length > 0 &&
      (wakeInMs > LONGEST_WAIT_MS || this.#random() < 0.7);
    if (isAnswered) {
      this.#nowMs += this.#random() * 50;
      this.#settle();
    } else {
      const isStuck = this.#options.isPatient && wakeInMs > LONGEST_WAIT_MS;
      assert.ok(!isStuck, "something waits, and nothing will wake it");
      this.#nowMs += Math.max(0, wakeInMs);
    }
    this.#poll();
    this.#compare();
  }

  #enqueue(): void {
    const random = this.#random;
    const [method, path] = pick(random, ROUTES);
    const isTokenRoute = path.startsWith("/webhooks/") ||
      path.startsWith("/interactions/");
    const identityId = isTokenRoute
      ? "none"
      : pick(random, ["bot:1", "bot:1", "bot:2", "bearer:x"]);
    const deadlineAtMs = !this.#options.isPatient && random() < 0.1
      ? this.#nowMs + pick(random, [0, 100, 3_000])
      : undefined;
    const ask = askOf(method, path, {
      identityId,
      isOwnToken: identityId.startsWith("bot:"),
      caller: pick(random, ["a", "b", "c"]),
      urgency: Math.floor(random() * 8) as Urgency,
      isOrdered: random() < 0.9,
      fields: method === "PATCH" ? pick(random, FIELDS) : undefined,
      bytes: random() < 0.5 ? 0 : Math.floor(random() * 1_000),
      deadlineAtMs,
    });
    const refused = this.#scheduler.enqueue(ask, this.#nowMs);
    if (refused !== undefined) {
      const { retryAfterMs = 0 } = refused;
      assert.ok(Number.isFinite(retryAfterMs), `${refused.code} without end`);
      return;
    }
    const longestMs = this.#nowMs + this.#maxWaitMs;
    this.#known.set(ask.id, {
      ask,
      seq: this.#seq++,
      expiresAtMs: Math.min(longestMs, deadlineAtMs ?? Infinity),
      enqueuedAtMs: this.#nowMs,
      state: "waiting",
      sentAtMs: 0,
      notBeforeMs: 0,
    });
  }

  #cancel(): void {
    const known = this.#any();
    if (known === undefined) return;
    const { ask, state } = known;
    const outcome = this.#scheduler.cancel(ask.id, this.#nowMs);
    if (outcome === "cancelled") this.#end(ask.id);
    // Refused already, and told by the next poll.
    else if (outcome === "unknown") assert.equal(state, "waiting");
    else assert.equal(state, "leased");
  }

  #urge(): void {
    const known = this.#any();
    if (known === undefined) return;
    const urgency = Math.floor(this.#random() * 8) as Urgency;
    this.#scheduler.urge(known.ask.id, urgency, this.#nowMs);
  }

  #settle(): void {
    const leased = this.#inState("leased");
    if (leased.length === 0) return;
    const known = pick(this.#random, leased);
    const { ask, sentAtMs } = known;
    const outcome = this.#outcomeOf(known);
    const nowMs = this.#nowMs;
    if (outcome.kind === "answered") {
      this.#noteLocks(ask, outcome.report);
    }
    assert.ok(sentAtMs <= nowMs);
    if (this.#scheduler.settle(ask.id, outcome, nowMs) === "again") {
      known.state = "waiting";
      known.notBeforeMs = againAtMs(outcome, nowMs);
    } else this.#end(ask.id);
  }

  #outcomeOf({ ask, sentAtMs }: Known): Settlement {
    const random = this.#random;
    const nowMs = this.#nowMs;
    if (this.#isDraining) {
      const report = this.#discord.fine(ask, sentAtMs, nowMs);
      return { kind: "answered", report };
    }
    const roll = random();
    if (roll < 0.05) return { kind: "lost" };
    const notBeforeMs = nowMs + pick(random, [1, 100, 3_000]);
    if (roll < 0.1) return { kind: "retry", report: undefined, notBeforeMs };
    const report = this.#discord.answer(ask, sentAtMs, nowMs);
    return report.status >= 500 && random() < 0.7
      ? { kind: "retry", report, notBeforeMs }
      : { kind: "answered", report };
  }

  #noteLocks({ identityId, route }: Ask, report: LimitReport): void {
    const { rateLimited } = report;
    if (rateLimited === undefined) return;
    const isGlobal = rateLimited.scope === "global";
    if (!isGlobal && !rateLimited.isCloudflareBlock) return;
    const key = isGlobal ? `${route.lane}|${identityId}` : "";
    const untilMs = this.#nowMs + (rateLimited.retryAfterMs ?? 0);
    const lockedMs = this.#lockedUntilMs.get(key) ?? 0;
    this.#lockedUntilMs.set(key, Math.max(lockedMs, untilMs));
  }

  #tellTokens(): void {
    const identityId = this.#checks.shift();
    if (identityId === undefined) return;
    const verdict = this.#isDraining
      ? false
      : pick(this.#random, [true, false, undefined]);
    this.#scheduler.credentialChecked(identityId, verdict, this.#nowMs);
  }

  #pass(): void {
    const { isPatient } = this.#options;
    const spans = isPatient ? [0.1, 5, 50, 500, 3_000] : [
      0.1,
      5,
      50,
      500,
      3_000,
      60_000,
      700_000,
    ];
    const wakeInMs = (this.#wakeAtMs ?? Infinity) - this.#nowMs;
    const isWoken = wakeInMs < LONGEST_WAIT_MS && this.#random() < 0.6;
    this.#nowMs += isWoken
      ? Math.max(0, wakeInMs)
      : this.#random() * pick(this.#random, spans);
  }

  #poll(): void {
    const nowMs = this.#nowMs;
    const isWoken = nowMs >= (this.#wakeAtMs ?? Infinity);
    const poll = this.#scheduler.poll(nowMs);
    for (const { id, refused } of poll.refused) {
      assert.ok(Number.isFinite(refused.retryAfterMs ?? 0));
      const isPatience = this.#options.isPatient &&
        !/^(token|webhook)_/.test(refused.code);
      assert.ok(!isPatience, `${refused.code}: ${refused.message}`);
      assert.equal(this.#known.get(id)?.state, "waiting");
      this.#end(id);
    }
    for (const id of poll.leases) this.#lease(id);
    const isBlocked = nowMs < (this.#lockedUntilMs.get("") ?? 0);
    assert.ok(
      !isBlocked || poll.credentialChecks.length === 0,
      "checked through",
    );
    this.#checks.push(...poll.credentialChecks);
    this.#wakeAtMs = poll.wakeAtMs;
    for (const { expiresAtMs, state, ask } of this.#known.values()) {
      if (state === "leased") continue;
      assert.ok(expiresAtMs > nowMs, `request ${ask.id} outlived its time`);
    }
    const isIdle = isWoken && poll.leases.length + poll.refused.length === 0 &&
      (poll.wakeAtMs ?? Infinity) <= nowMs + 2;
    this.#idlePolls = isIdle ? this.#idlePolls + 1 : 0;
    assert.ok(this.#idlePolls < IDLE_POLLS_MAX, "it is woken for nothing");
    // What ended in this poll may let others go in one that is due at once.
    if ((poll.wakeAtMs ?? Infinity) <= nowMs) return;
    const again = this.#scheduler.poll(nowMs);
    assert.deepEqual(again.leases, [], "a second poll leases more");
    assert.deepEqual(again.refused, []);
  }

  #lease(id: number): void {
    const known = this.#known.get(id);
    assert.equal(known?.state, "waiting", `request ${id} is leased once more`);
    const { ask } = known;
    // A pause is that of a bucket: where the route gets another, it ends.
    const isSoon = !this.#options.isChanging &&
      this.#nowMs < known.notBeforeMs;
    assert.ok(!isSoon, `request ${id} goes too soon`);
    for (const key of ["", `${ask.route.lane}|${ask.identityId}`]) {
      const untilMs = this.#lockedUntilMs.get(key) ?? 0;
      assert.ok(this.#nowMs >= untilMs, `leased through a lock of "${key}"`);
    }
    known.state = "leased";
    known.sentAtMs = this.#nowMs;
    known.expiresAtMs = known.enqueuedAtMs + this.#maxWaitMs;
    this.#assertOrder(known);
  }

  #assertOrder({ ask, seq }: Known): void {
    if (ask.route.orderKey === undefined || !ask.isOrdered) return;
    for (const other of this.#known.values()) {
      const isSame = other.ask.identityId === ask.identityId &&
        other.ask.isOrdered && orderOf(other.ask) === orderOf(ask);
      if (!isSame || other.ask === ask) continue;
      assert.equal(other.state, "waiting", "two of one order are under way");
      const isPassed = other.seq < seq && sharesField(other.ask, ask);
      assert.ok(!isPassed, `request ${ask.id} passed ${other.ask.id}`);
    }
  }

  #compare(): void {
    const known = [...this.#known.values()];
    const waiting = known.filter(({ state }) => state === "waiting");
    const snapshot = this.#scheduler.snapshot(this.#nowMs);
    const lines = snapshot.lines;
    assert.ok(lines.every((line) => line.waiting >= 0 && line.inFlight >= 0));
    const inLines = (part: "waiting" | "inFlight") =>
      lines.reduce((sum, line) => sum + line[part], 0);
    // Refused by a check of the token, and told by the next poll.
    const untold = waiting.length - snapshot.waiting;
    assert.ok(untold >= 0, `${snapshot.waiting} wait, not ${waiting.length}`);
    assert.equal(snapshot.inFlight, known.length - waiting.length);
    assert.equal(inLines("waiting"), snapshot.waiting, "waiting of the lines");
    assert.equal(inLines("inFlight"), snapshot.inFlight, "in flight of lines");
    if (this.#isDraining) assert.equal(untold, 0);
    const bytes = waiting.reduce((sum, { ask }) => sum + ask.bytes, 0);
    if (untold === 0) assert.equal(snapshot.bytes, bytes);
  }

  #assertEmpty(): void {
    const { waiting, inFlight, bytes } = this.#scheduler.snapshot(this.#nowMs);
    assert.deepEqual([waiting, inFlight, bytes], [0, 0, 0]);
    if (this.#options.isHostile || this.#options.isChanging) return;
    for (let round = 0; round < 100; round++) {
      this.#nowMs += 100_000;
      this.#poll();
      this.#checks.splice(0);
    }
    assert.deepEqual(this.#scheduler.snapshot(this.#nowMs).lines, []);
  }

  #end(id: number): void {
    assert.ok(!this.#ended.has(id), `request ${id} ended twice`);
    this.#ended.add(id);
    this.#known.delete(id);
  }

  #any(): Known | undefined {
    const all = [...this.#known.values()];
    return all.length === 0 ? undefined : pick(this.#random, all);
  }

  #inState(state: Known["state"]): Known[] {
    return [...this.#known.values()].filter((known) => known.state === state);
  }
}

function againAtMs(outcome: Settlement, nowMs: number): number {
  if (outcome.kind === "retry") return outcome.notBeforeMs;
  if (outcome.kind === "lost") return Infinity;
  return nowMs + (outcome.report.rateLimited?.retryAfterMs ?? 0);
}

function sharesField(a: Ask, b: Ask): boolean {
  if (a.fields === undefined || b.fields === undefined) return true;
  return a.fields.some((field) => b.fields?.includes(field));
}

function orderOf({ route }: Ask): string {
  return `${route.orderKey} ${route.orderPlace}`;
}
