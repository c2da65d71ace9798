import assert from "node:assert/strict";
import { createScheduler } from "../../../rest/scheduler/scheduler.ts";
import type { Scheduler } from "../../../rest/scheduler/types.ts";
import { askOf, enqueueAll, reportOf, START_MS } from "../_builders.ts";

const T = START_MS;
/** More than are kept once they hold nothing. */
const MANY_TOKENS = 10_050;
const GUILD = "/guilds/400000000000000001";
const CALLBACK = "/interactions/600000000000000001/token/callback";

Deno.test("a token's global limit stays one when callers bring more tokens than are remembered", () => {
  const scheduler = createScheduler({ globalLimitOf: () => 1 });
  exchange(scheduler, "bearer:x", GUILD, T);
  bringTokens(scheduler, T + 10_000);
  const asks = [GUILD, GUILD, `${GUILD}/channels`].map((path) =>
    askOf("GET", path, { identityId: "bearer:x" })
  );
  enqueueAll(scheduler, asks, T + 30_000);
  assert.deepEqual(scheduler.poll(T + 30_000).leases, [asks[0]?.id]);
});

Deno.test("a rejected token is rejected in every lane, however many tokens were brought meanwhile", () => {
  const scheduler = createScheduler();
  exchange(scheduler, "bot:1", GUILD, T);
  const callback = askOf("POST", CALLBACK, { identityId: "bot:1" });
  enqueueAll(scheduler, [callback], T + 5_000);
  scheduler.poll(T + 5_000);
  bringTokens(scheduler, T + 100_000);
  const ask = askOf("GET", GUILD, { identityId: "bot:1" });
  enqueueAll(scheduler, [ask], T + 200_000);
  scheduler.poll(T + 200_000);
  const report = reportOf(T + 200_050, { status: 401 });
  scheduler.settle(ask.id, { kind: "answered", report }, T + 200_050);
  assert.deepEqual(scheduler.poll(T + 200_050).credentialChecks, ["bot:1"]);
  const isRejected = true;
  scheduler.credentialChecked("bot:1", isRejected, T + 200_100);
  const another = askOf("POST", CALLBACK, { identityId: "bot:1" });
  const refused = scheduler.enqueue(another, T + 200_200);
  assert.equal(refused?.code, "token_rejected");
});

Deno.test("lanes that hold nothing are forgotten, so that tokens do not pile up", () => {
  const scheduler = createScheduler();
  bringTokens(scheduler, T);
  for (let round = 0; round < 1_000; round++) {
    scheduler.poll(T + 200_000 + round);
  }
  const { identities } = scheduler.snapshot(T + 300_000);
  assert.equal(identities.length, 10_000);
});

/** One request of every further token, sent and answered, so that their lanes hold nothing. */
function bringTokens(scheduler: Scheduler, fromMs: number): void {
  for (let n = 0; n < MANY_TOKENS; n++) {
    exchange(scheduler, `bearer:${n}`, GUILD, fromMs + n);
  }
}

function exchange(
  scheduler: Scheduler,
  identityId: string,
  path: string,
  atMs: number,
): void {
  const ask = askOf("GET", path, {
    identityId,
    isOwnToken: identityId.startsWith("bot:"),
  });
  enqueueAll(scheduler, [ask], atMs);
  assert.deepEqual(scheduler.poll(atMs).leases, [ask.id]);
  const report = reportOf(atMs + 0.5, { sentAtMs: atMs });
  scheduler.settle(ask.id, { kind: "answered", report }, atMs + 0.5);
}
