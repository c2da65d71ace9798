import assert from "node:assert/strict";
import type { LimitReport } from "../../../rest/domain/limit_report.ts";
import { createScheduler } from "../../../rest/scheduler/scheduler.ts";
import {
  askOf,
  bucketOf,
  enqueueAll,
  limitedOf,
  reportOf,
  settleAndPoll,
  START_MS,
} from "../_builders.ts";

const T = START_MS;
const PATH = "/channels/200000000000000001/messages";

Deno.test("a full table of lines refuses a request that needs a new one, and none of a line there is", () => {
  const scheduler = createScheduler({ linesMax: 2 });
  const guild = (n: number) => askOf("GET", `/guilds/${n}`);
  enqueueAll(scheduler, [guild(1), guild(2)], T);
  assert.equal(scheduler.enqueue(guild(3), T)?.code, "overloaded");
  assert.equal(scheduler.enqueue(guild(1), T), undefined);
  assert.equal(scheduler.enqueue(guild(2), T), undefined);
});

Deno.test("a full table takes a new line while a thousand idle ones stand behind those in use", () => {
  const scheduler = createScheduler({
    linesMax: 1_000,
    globalLimitOf: () => 10_000,
  });
  const exchange = (path: string, atMs: number, resetAfterMs: number) => {
    const [id = 0] = enqueueAll(scheduler, [askOf("GET", path)], atMs);
    scheduler.poll(atMs);
    const hash = `hash-${resetAfterMs}`;
    const bucket = bucketOf({ decidedAtMs: atMs, hash, resetAfterMs });
    settleAndPoll(scheduler, id, reportOf(atMs, { bucket }));
  };
  for (let turn = 0; turn < 200; turn++) {
    exchange(`/channels/${turn}`, T + turn, 60_000);
  }
  for (let turn = 200; turn < 5_000; turn++) {
    exchange(`/guilds/${turn}`, T + turn, 100);
  }
  assert.ok(scheduler.snapshot(T + 5_000).lines.length <= 1_000);
});

Deno.test("however many lines there are, one that drew a 429 is remembered for as long as any", () => {
  const scheduler = createScheduler({ linesMax: 4, lineIdleMs: 60_000 });
  const isKnown = (atMs: number) => {
    const { lines } = scheduler.snapshot(atMs);
    return lines.some(({ label }) => label === "GET /channels/{channel_id}");
  };
  const exchange = (path: string, atMs: number, report: LimitReport) => {
    const [id = 0] = enqueueAll(scheduler, [askOf("GET", path)], atMs);
    scheduler.poll(atMs);
    settleAndPoll(scheduler, id, report);
    return id;
  };
  const struck = exchange("/channels/1", T, limitedOf(T + 50, "user", 100));
  scheduler.poll(T + 200);
  settleAndPoll(scheduler, struck, reportOf(T + 250));
  for (let turn = 0; turn < 50; turn++) {
    const atMs = T + 1_000 + turn * 1_000;
    exchange(`/guilds/${turn}`, atMs, reportOf(atMs + 50));
    assert.ok(isKnown(atMs), `forgotten after ${turn} others`);
  }
  scheduler.poll(T + 120_000);
  assert.ok(!isKnown(T + 120_000));
});

Deno.test("a line whose hash has changed is forgotten like any other", () => {
  const scheduler = createScheduler();
  for (const [index, hash] of ["hash-a", "hash-b"].entries()) {
    const atMs = T + index * 1_000;
    const [id] = enqueueAll(scheduler, [askOf("GET", PATH)], atMs);
    scheduler.poll(atMs);
    const bucket = bucketOf({ decidedAtMs: atMs + 25, hash });
    settleAndPoll(scheduler, id ?? 0, reportOf(atMs + 50, { bucket }));
  }
  assert.equal(scheduler.snapshot(T).lines.length, 1);
  scheduler.poll(T + 100_000);
  assert.deepEqual(scheduler.snapshot(T).lines, []);
});

Deno.test("a line is remembered as long as it may be idle, counted from its last request", () => {
  const scheduler = createScheduler({ lineIdleMs: 60_000 });
  const exchange = (atMs: number) => {
    const [id] = enqueueAll(scheduler, [askOf("GET", PATH)], atMs);
    scheduler.poll(atMs);
    settleAndPoll(scheduler, id ?? 0, reportOf(atMs + 50));
  };
  exchange(T);
  exchange(T + 59_000);
  scheduler.poll(T + 119_000);
  assert.equal(scheduler.snapshot(T).lines.length, 1);
  scheduler.poll(T + 119_050);
  assert.equal(scheduler.snapshot(T).lines.length, 0);
});
