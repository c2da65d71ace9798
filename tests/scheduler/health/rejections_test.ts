import assert from "node:assert/strict";
import { createScheduler } from "../../../rest/scheduler/scheduler.ts";
import type { Ask, Scheduler } from "../../../rest/scheduler/types.ts";
import { askOf, enqueueAll, reportOf, START_MS } from "../_builders.ts";

const T = START_MS;
const HOOK = "/webhooks/500000000000000001";
const GUILDS = "/users/@me/guilds";
const IS_REJECTED = true;
const IS_FINE = false;

Deno.test("a webhook whose token was wrong is refused for ten minutes by id and token", () => {
  const scheduler = createScheduler();
  const post = (token: string) =>
    askOf("POST", `${HOOK}/${token}`, {
      identityId: "none",
      isOwnToken: false,
    });
  answer(scheduler, post("wrong"), T, 401, 50_027);
  const code = (token: string, atMs: number) =>
    scheduler.enqueue(post(token), atMs)?.code;
  assert.equal(code("wrong", T + 600_049), "webhook_unauthorized");
  assert.equal(code("right", T + 600_049), undefined);
  assert.equal(code("wrong", T + 600_050), undefined);
});

Deno.test("20 calls with a dead token that a caller brought reach Discord at most five times, its check among them", () => {
  const scheduler = createScheduler();
  const asks = Array.from(
    { length: 20 },
    (_, n) => brought(`/users/@me/${"abcdefghijklmnopqrst"[n]}`),
  );
  enqueueAll(scheduler, asks, T);
  let reached = 0;
  let refused = 0;
  let nowMs = T;
  for (let round = 0; round < 40; round++) {
    const poll = scheduler.poll(nowMs);
    refused += poll.refused.length;
    reached += poll.leases.length + poll.credentialChecks.length;
    for (const id of poll.leases) {
      const report = reportOf(nowMs + 50, { status: 401 });
      scheduler.settle(id, { kind: "answered", report }, nowMs + 50);
    }
    for (const id of poll.credentialChecks) {
      scheduler.credentialChecked(id, IS_REJECTED, nowMs + 50);
    }
    nowMs += 50;
  }
  assert.ok(reached <= 5, `${reached} reached Discord`);
  assert.equal(reached - 1 + refused, 20);
});

Deno.test("a token that one route refuses is refused there for a minute, twice as long each time, and goes elsewhere", () => {
  const scheduler = createScheduler();
  let nowMs = T;
  for (const minutes of [1, 2, 4, 8, 10, 10]) {
    answer(scheduler, brought(GUILDS), nowMs, 401);
    scheduler.poll(nowMs + 50);
    scheduler.credentialChecked("bearer:a", IS_FINE, nowMs + 60);
    const untilMs = nowMs + 50 + minutes * 60_000;
    const refused = scheduler.enqueue(brought(GUILDS), untilMs - 1);
    assert.equal(refused?.code, "token_unauthorized", `${minutes} min`);
    assert.equal(refused?.retryAfterMs, 1);
    answer(scheduler, brought("/users/@me/connections"), nowMs + 100, 200);
    nowMs = untilMs;
  }
});

Deno.test("a token that Discord says is dead about itself needs no check", () => {
  const scheduler = createScheduler();
  answer(scheduler, brought("/oauth2/@me"), T, 401);
  assert.deepEqual(scheduler.poll(T + 50).credentialChecks, []);
  const refused = scheduler.enqueue(brought(GUILDS), T + 60);
  assert.equal(refused?.code, "token_unauthorized");
  assert.equal(
    scheduler.enqueue(brought(GUILDS), T + 60_000)?.code,
    refused?.code,
  );
  scheduler.poll(T + 60_050);
  assert.equal(scheduler.enqueue(brought(GUILDS), T + 60_050), undefined);
});

Deno.test("8,000 bad webhook posts without a key take nothing from a bot that had a 403", () => {
  const scheduler = createScheduler({ globalLimitOf: () => 1_000 });
  const message = () => askOf("POST", "/channels/1/messages");
  answer(scheduler, message(), T, 403);
  let sent = 0;
  for (let n = 0; n < 8_000; n++) {
    const ask = askOf("POST", `/webhooks/${n}/token`, {
      identityId: "none",
      isOwnToken: false,
      caller: "keyless@192.0.2.1",
    });
    const atMs = T + 100 + n;
    if (scheduler.enqueue(ask, atMs) !== undefined) continue;
    for (const id of scheduler.poll(atMs).leases) {
      sent++;
      const report = reportOf(atMs + 0.5, {
        status: 401,
        errorCode: 50_027,
        sentAtMs: atMs,
      });
      scheduler.settle(id, { kind: "answered", report }, atMs + 0.5);
    }
  }
  assert.ok(sent <= 9_000 / 4, `${sent} keyless ones were sent`);
  const ask = message();
  assert.equal(scheduler.enqueue(ask, T + 9_000), undefined);
  assert.deepEqual(scheduler.poll(T + 9_000).leases, [ask.id]);
});

Deno.test("callers without a key hold a quarter of the queue at most, in requests and in bytes", () => {
  const scheduler = createScheduler({ waitingMax: 40, bytesMax: 4_000 });
  const keyless = (n: number, bytes = 0) =>
    askOf("POST", `/webhooks/1/token/${n}`, {
      identityId: "none",
      isOwnToken: false,
      caller: `keyless@192.0.2.${n}`,
      bytes,
    });
  const taken = Array.from({ length: 20 }, (_, n) => keyless(n))
    .filter((ask) => scheduler.enqueue(ask, T) === undefined);
  assert.equal(taken.length, 10);
  for (const { id } of taken) scheduler.cancel(id, T);
  assert.equal(scheduler.enqueue(keyless(1, 1_000), T), undefined);
  assert.equal(scheduler.enqueue(keyless(2, 1), T)?.code, "overloaded");
});

function brought(path: string): Ask {
  return askOf("GET", path, { identityId: "bearer:a", isOwnToken: false });
}

/** Sends it and answers 50 ms later. */
function answer(
  scheduler: Scheduler,
  ask: Ask,
  atMs: number,
  status: number,
  errorCode?: number,
): void {
  enqueueAll(scheduler, [ask], atMs);
  assert.deepEqual(scheduler.poll(atMs).leases, [ask.id]);
  const report = reportOf(atMs + 50, { status, errorCode });
  scheduler.settle(ask.id, { kind: "answered", report }, atMs + 50);
}
