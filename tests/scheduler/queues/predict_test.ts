import assert from "node:assert/strict";
import type { Urgency } from "../../../rest/domain/urgency.ts";
import { createScheduler } from "../../../rest/scheduler/scheduler.ts";
import type { Ask, Scheduler } from "../../../rest/scheduler/types.ts";
import { createRandom } from "../../../sim/model/random.ts";
import {
  askOf,
  bucketOf,
  enqueueAll,
  limitedOf,
  reportOf,
  SERVER_OFFSET_MS,
  settleAndPoll,
  START_MS,
} from "../_builders.ts";
import { type Fate, type Plan, runWorld, WORLD_START_MS } from "../_world.ts";

const T = START_MS;
const CHANNEL = "/channels/200000000000000001";
const MAX_WAIT_MS = 20_000;

Deno.test("a caller whose own requests take longer than the longest wait is refused at once", () => {
  const { scheduler, accepted } = flood(read);
  // Three tokens are left, and one a second comes back.
  assert.equal(accepted, 3 + MAX_WAIT_MS / 1_000);
  const refused = scheduler.enqueue(read(), T);
  assert.equal(refused?.code, "wait_too_long");
});

Deno.test("another caller is not refused for a flood that it takes callerCount with, and goes next", () => {
  const { scheduler } = flood(read);
  const other = read({ caller: "default/b" });
  enqueueAll(scheduler, [other], T);
  scheduler.poll(T);
  const later = [1_000, 2_000].flatMap((afterMs) =>
    scheduler.poll(T + afterMs).leases
  );
  assert.ok(later.includes(other.id));
});

Deno.test("a request more urgent than its caller's flood is not refused for it", () => {
  const { scheduler } = flood(read);
  assert.equal(scheduler.enqueue(read({ urgency: 0 }), T), undefined);
  assert.equal(
    scheduler.enqueue(read({ urgency: 7 }), T)?.code,
    "wait_too_long",
  );
});

Deno.test("what waits before it in its order counts, whoever's it is", () => {
  const { scheduler } = flood(write);
  const other = write({ caller: "default/b" });
  assert.equal(scheduler.enqueue(other, T)?.code, "wait_too_long");
  const free = write({ caller: "default/b", isOrdered: false });
  assert.equal(scheduler.enqueue(free, T), undefined);
});

Deno.test("another caller's ready lines do not have a newcomer refused", () => {
  const scheduler = createScheduler({
    maxWaitMs: 1_000,
    globalLimitOf: () => 1,
  });
  // Nobody may send yet, and their lines are ready all the same.
  enqueueAll(scheduler, [askOf("GET", CHANNEL)], T);
  scheduler.poll(T);
  const refusedOf = (caller: string, from: number) =>
    [1, 2, 3, 4].map((n) => {
      const ask = askOf("GET", `/guilds/${from + n}00000000000000000`, {
        caller,
      });
      const refused = scheduler.enqueue(ask, T);
      scheduler.poll(T);
      return refused?.code;
    });
  assert.deepEqual(refusedOf("default/a", 0), [
    undefined,
    undefined,
    "wait_too_long",
    "wait_too_long",
  ]);
  assert.equal(refusedOf("default/b", 4)[0], undefined);
});

Deno.test("a slow way back is not taken for a long wait", () => {
  const scheduler = createScheduler({ maxWaitMs: 10_000 });
  const [first = 0] = enqueueAll(scheduler, [read()], T);
  scheduler.poll(T);
  // Of the 11.5 s Discord told, all but 25 ms of these five are over.
  const bucket = bucketOf({
    decidedAtMs: T + 25,
    limit: 1,
    remaining: 0,
    resetAfterMs: 11_500,
  });
  const report = reportOf(T + 5_000, { sentAtMs: T, bucket });
  settleAndPoll(scheduler, first, report);
  assert.equal(scheduler.enqueue(read(), T + 5_000), undefined);
});

Deno.test("a pause longer than the longest wait refuses everybody", () => {
  const scheduler = createScheduler({ maxWaitMs: MAX_WAIT_MS });
  const [first] = enqueueAll(scheduler, [read()], T);
  scheduler.poll(T);
  settleAndPoll(scheduler, first ?? 0, limitedOf(T + 50, "user", 30_000));
  const refused = scheduler.enqueue(read({ caller: "default/b" }), T + 60);
  assert.equal(refused?.code, "wait_too_long");
});

for (const kind of ["fixed", "sliding"] as const) {
  Deno.test(`a request under way that its bucket's numbers count already is not counted twice, ${kind}`, () => {
    const { scheduler, send, land } = startSlow(kind);
    const [third = 0, fourth = 0] = send(2);
    // The later one's answer is here first, and its numbers count both.
    land(fourth, 4);
    assert.equal(scheduler.enqueue(read(), T + 5), undefined);
    land(third, 3);
    assert.equal(scheduler.snapshot(T + 5).waiting, 0);
  });

  Deno.test(`a request that waits again is not counted twice, ${kind}`, () => {
    const { scheduler, send, land, bucketAfter } = startSlow(kind);
    land(send(1)[0] ?? 0, 3);
    const [again = 0] = send(1);
    const report = limitedOf(T + 5, "global", 1_000, {
      bucket: bucketAfter(3),
    });
    settleAndPoll(scheduler, again, report);
    const newcomer = read();
    assert.equal(scheduler.enqueue(newcomer, T + 6), undefined);
    assert.deepEqual(scheduler.poll(T + 1_005).leases, [again]);
    land(again, 4, T + 1_005);
    assert.equal(scheduler.snapshot(T + 1_010).waiting, 0);
  });

  Deno.test(`a request that was lost is not counted twice, ${kind}`, () => {
    const { scheduler, send } = startSlow(kind);
    for (const id of send(2)) scheduler.settle(id, { kind: "lost" }, T + 3);
    assert.equal(scheduler.enqueue(read(), T + 5), undefined);
    scheduler.poll(T + 5);
    assert.equal(scheduler.snapshot(T + 5).waiting, 0);
  });
}

for (let seed = 1; seed <= 30; seed++) {
  Deno.test(`nothing is refused at once that could have gone in time (seed ${seed})`, () => {
    const plans = randomPlans(seed);
    const options = { maxWaitMs: MAX_WAIT_MS, globalLimitOf: () => 4 };
    const { fates } = runWorld(plans, { seed, scheduler: options });
    const refused = fates.filter((fate) => fate.refused !== undefined)
      .sort((a, b) => (a.doneAtMs ?? 0) - (b.doneAtMs ?? 0));
    const first = refused[0] as Fate;
    const { atMs = 0 } = first.plan;
    // Had one waited in vain before it, the other world would not be the same.
    assert.equal(first.doneAtMs, WORLD_START_MS + atMs);
    const index = fates.indexOf(first);
    const patient = runWorld(plans.slice(0, index + 1), {
      seed,
      scheduler: { ...options, maxWaitMs: 1e9 },
    });
    const leftAtMs = patient.fates[index]?.arrivals[0]?.atMs ?? 0;
    const waitedMs = leftAtMs - WORLD_START_MS - atMs;
    assert.ok(waitedMs >= MAX_WAIT_MS, `it would have waited ${waitedMs} ms`);
  });
}

/** A line of five tokens that come back far later than the longest wait; two are spent. */
function startSlow(kind: "fixed" | "sliding") {
  const scheduler = createScheduler({ maxWaitMs: MAX_WAIT_MS });
  const send = (count: number) => {
    const asks = Array.from({ length: count }, () => read());
    const ids = enqueueAll(scheduler, asks, T);
    assert.deepEqual(scheduler.poll(T).leases, ids);
    return ids;
  };
  const bucketAfter = (spent: number, atMs = T + spent) => {
    const untilMs = 100_000 * (kind === "fixed" ? 1 : spent) + 1;
    return {
      hash: "a",
      limit: 5,
      remaining: 5 - spent,
      resetAfterMs: T + untilMs - atMs,
      resetAtServerMs: SERVER_OFFSET_MS + T + untilMs,
    };
  };
  const land = (id: number, spent: number, sentAtMs = T) => {
    const atMs = sentAtMs + spent;
    const bucket = bucketAfter(spent, atMs);
    const report = reportOf(atMs, { sentAtMs, bucket });
    settleAndPoll(scheduler, id, report);
  };
  for (const spent of [1, 2]) land(send(1)[0] ?? 0, spent);
  return { scheduler, send, land, bucketAfter };
}

/** More requests of a few callers and channels than their limits let through in time. */
function randomPlans(seed: number): Plan[] {
  const random = createRandom(seed);
  const pick = <T>(all: readonly T[]) =>
    all[Math.floor(random() * all.length)] as T;
  const paths = [CHANNEL, "/channels/200000000000000002"];
  const plans = Array.from({ length: 300 }, (): Plan => {
    const method = pick(["GET", "POST"] as const);
    return {
      atMs: Math.floor(random() * 15_000),
      method,
      path: `${pick(paths)}/messages`,
      caller: pick(["a/x", "a/x", "a/x", "a/y", "b/z"]),
      urgency: pick<Urgency>([3, 3, 3, 0, 7]),
      ...(method === "POST" ? { json: { content: "x" } } : {}),
    };
  });
  return plans.sort((a, b) => (a.atMs ?? 0) - (b.atMs ?? 0));
}

/** One caller's requests to a measured line, one after the other, until one is refused. */
function flood(
  askFor: (change?: Partial<Ask>) => Ask,
): { scheduler: Scheduler; accepted: number } {
  const scheduler = createScheduler({ maxWaitMs: MAX_WAIT_MS });
  const [first] = enqueueAll(scheduler, [askFor()], T - 1_000);
  scheduler.poll(T - 1_000);
  const answers = [T - 50, T];
  for (const [index, atMs] of answers.entries()) {
    if (index > 0) {
      const [next] = enqueueAll(scheduler, [askFor()], atMs - 50);
      scheduler.poll(atMs - 50);
      answer(scheduler, next ?? 0, atMs, 1_950);
    } else answer(scheduler, first ?? 0, atMs, 1_000);
  }
  for (let accepted = 0;; accepted++) {
    if (scheduler.enqueue(askFor(), T) !== undefined) {
      return { scheduler, accepted };
    }
    scheduler.poll(T);
  }
}

function answer(
  scheduler: Scheduler,
  id: number,
  atMs: number,
  resetAfterMs: number,
): void {
  const remaining = resetAfterMs > 1_000 ? 3 : 4;
  const bucket = bucketOf({ decidedAtMs: atMs, resetAfterMs, remaining });
  const report = reportOf(atMs, { bucket });
  scheduler.settle(id, { kind: "answered", report }, atMs);
}

function read(change: Partial<Ask> = {}): Ask {
  return askOf("GET", `${CHANNEL}/messages`, change);
}

function write(change: Partial<Ask> = {}): Ask {
  return askOf("POST", `${CHANNEL}/messages`, change);
}
