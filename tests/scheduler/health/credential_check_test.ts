import assert from "node:assert/strict";
import { createScheduler } from "../../../rest/scheduler/scheduler.ts";
import type { Scheduler } from "../../../rest/scheduler/types.ts";
import { askOf, limitedOf, reportOf, START_MS } from "../_builders.ts";

const T = START_MS;
const REJECTED = true;
const ACCEPTED = false;
const BLOCK_MS = 30_000;
const OVER_MS = T + 60 + BLOCK_MS;

/** Two requests under way: one is told 401, the other that Cloudflare blocks the address. */
function doubtedWhileBlocked(identities = ["bot:1"]): Scheduler {
  const scheduler = createScheduler();
  const [blocked, ...doubted] = ["bot:0", ...identities].map((identityId) =>
    askOf("GET", "/users/@me", { identityId })
  );
  for (const ask of doubted) scheduler.enqueue(ask, T);
  if (blocked !== undefined) scheduler.enqueue(blocked, T);
  scheduler.poll(T);
  for (const ask of doubted) {
    const report = reportOf(T + 50, { status: 401 });
    scheduler.settle(ask.id, { kind: "answered", report }, T + 50);
  }
  const report = limitedOf(T + 60, undefined, BLOCK_MS, {
    rateLimited: {
      scope: undefined,
      retryAfterMs: BLOCK_MS,
      isCloudflareBlock: true,
    },
  });
  scheduler.settle(blocked?.id ?? 0, { kind: "answered", report }, T + 60);
  scheduler.cancel(blocked?.id ?? 0, T + 60);
  return scheduler;
}

Deno.test("no token is checked through a Cloudflare block", () => {
  const scheduler = doubtedWhileBlocked();
  const { credentialChecks, wakeAtMs } = scheduler.poll(T + 60);
  assert.deepEqual([...credentialChecks], []);
  assert.equal(wakeAtMs, OVER_MS);
});

Deno.test("when a block is over one check of a token is its probe, and the rest follow its answer", () => {
  const scheduler = doubtedWhileBlocked(["bot:1", "bot:2", "bot:3"]);
  scheduler.poll(T + 60);
  assert.deepEqual(scheduler.poll(OVER_MS).credentialChecks, ["bot:1"]);
  const ask = askOf("GET", "/gateway", { identityId: "bot:9" });
  scheduler.enqueue(ask, OVER_MS + 10);
  const { leases, credentialChecks } = scheduler.poll(OVER_MS + 10);
  assert.deepEqual([leases, credentialChecks], [[], []]);
  scheduler.credentialChecked("bot:1", REJECTED, OVER_MS + 20);
  const after = scheduler.poll(OVER_MS + 20);
  assert.deepEqual(after.credentialChecks, ["bot:2", "bot:3"]);
  assert.deepEqual(after.leases, [ask.id]);
});

Deno.test("a request that probes a block goes before the checks of tokens", () => {
  const scheduler = doubtedWhileBlocked();
  const ask = askOf("GET", "/gateway", { identityId: "bot:9" });
  scheduler.enqueue(ask, T + 70);
  const { leases, credentialChecks } = scheduler.poll(OVER_MS);
  assert.deepEqual([leases, credentialChecks], [[ask.id], []]);
  const report = reportOf(OVER_MS + 50);
  scheduler.settle(ask.id, { kind: "answered", report }, OVER_MS + 50);
  assert.deepEqual(scheduler.poll(OVER_MS + 50).credentialChecks, ["bot:1"]);
});

Deno.test("a check that brings no answer lets a request probe the block", () => {
  const scheduler = doubtedWhileBlocked();
  scheduler.poll(OVER_MS);
  scheduler.credentialChecked("bot:1", undefined, OVER_MS + 20);
  const ask = askOf("GET", "/gateway", { identityId: "bot:9" });
  scheduler.enqueue(ask, OVER_MS + 20);
  assert.deepEqual(scheduler.poll(OVER_MS + 20).leases, [ask.id]);
});

Deno.test("a check that was sent before a block does not end it", () => {
  const scheduler = createScheduler();
  const asks = ["bot:1", "bot:0"].map((identityId) =>
    askOf("GET", "/users/@me", { identityId })
  );
  for (const ask of asks) scheduler.enqueue(ask, T);
  scheduler.poll(T);
  const [doubted = 0, blocked = 0] = asks.map(({ id }) => id);
  const denied = reportOf(T + 50, { status: 401 });
  scheduler.settle(doubted, { kind: "answered", report: denied }, T + 50);
  assert.deepEqual(scheduler.poll(T + 50).credentialChecks, ["bot:1"]);
  const report = limitedOf(T + 60, undefined, BLOCK_MS, {
    rateLimited: {
      scope: undefined,
      retryAfterMs: BLOCK_MS,
      isCloudflareBlock: true,
    },
  });
  scheduler.settle(blocked, { kind: "answered", report }, T + 60);
  scheduler.credentialChecked("bot:1", ACCEPTED, T + 70);
  assert.deepEqual(scheduler.poll(T + 70).leases, []);
  assert.equal(scheduler.snapshot(T + 70).breaker.state, "open");
});
