import assert from "node:assert/strict";
import { announced, CHANNEL, discordOf, passed, said } from "./_discord.ts";

const POST_MESSAGE = `POST /channels/${CHANNEL}/messages`;
const READ = `GET /channels/${CHANNEL}`;

Deno.test("a scripted fault befalls the next request that matches, so many times", () => {
  const { model, send } = discordOf();
  model.script({
    match: "POST /channels/{id}/messages",
    fault: { kind: "status", status: 502 },
    times: 2,
  });
  assert.equal(send(READ).response.status, 200);
  assert.deepEqual(
    [1, 2, 3].map(() => send(POST_MESSAGE).response.status),
    [502, 502, 200],
  );
});

Deno.test("a fault may be aimed at one raw path", () => {
  const { model, send } = discordOf();
  model.script({ match: READ, fault: { kind: "status", status: 500 } });
  assert.equal(send("GET /channels/5").response.status, 200);
  assert.equal(send(READ).response.status, 500);
});

Deno.test("chance strikes as often as told, and the same requests for the same seed", () => {
  const strikes = (seed: number) => {
    const { send } = discordOf({
      seed,
      globalLimit: { limit: 10_000 },
      rules: [{ match: "* *", headerless: true }],
      faults: [{ probability: 0.05, fault: { kind: "status", status: 502 } }],
    });
    return Array.from({ length: 2_000 }, () => send(READ).response.status)
      .flatMap((status, index) => status === 502 ? [index] : []);
  };
  const first = strikes(7);
  assert.deepEqual(strikes(7), first);
  assert.notDeepEqual(strikes(8), first);
  assert.ok(first.length > 70 && first.length < 130, String(first.length));
});

Deno.test("a reset before arrival spends no token and does nothing", () => {
  const { model, send } = discordOf();
  model.script({ fault: { kind: "reset" }, times: 3 });
  for (let i = 0; i < 3; i++) {
    const lost = send(POST_MESSAGE);
    assert.deepEqual(lost.delivery, { kind: "reset" });
    assert.ok(!lost.executed);
    assert.ok(!lost.isInvalid);
  }
  assert.equal(passed(9, () => send(POST_MESSAGE)), 5);
});

Deno.test("a reset after execution spends a token and does the deed", () => {
  const { model, send } = discordOf();
  model.script({ fault: { kind: "reset", isExecuted: true } });
  const lost = send(POST_MESSAGE);
  assert.deepEqual(lost.delivery, { kind: "reset" });
  assert.ok(lost.executed);
  assert.equal(passed(9, () => send(POST_MESSAGE)), 4);
});

Deno.test("a 502 spends a token, and does the deed only when told to", () => {
  const { model, send } = discordOf();
  model.script({ fault: { kind: "status", status: 502 } });
  assert.ok(!send(POST_MESSAGE).executed);
  model.script({ fault: { kind: "status", status: 504, isExecuted: true } });
  const done = send(POST_MESSAGE);
  assert.equal(done.response.status, 504);
  assert.ok(done.executed);
  assert.equal(passed(9, () => send(POST_MESSAGE)), 3);
});

Deno.test("a 500 is Discord's own and announces its limits; from 502 on it is not", () => {
  const { model, send } = discordOf();
  for (const status of [500, 502, 503, 504, 520, 521, 522, 523, 524]) {
    model.script({ fault: { kind: "status", status } });
    const failed = send(READ);
    assert.equal(failed.response.status, status);
    assert.equal(said(failed, "via") !== undefined, status === 500);
    assert.equal(announced(failed)[0] !== undefined, status === 500);
  }
});

Deno.test("an answer by hand is given word for word", () => {
  const { model, send } = discordOf();
  model.script({
    fault: {
      kind: "answer",
      status: 429,
      headers: [["Content-Type", "text/plain"], ["X-Odd", "1"]],
      body: "odd",
    },
  });
  const { response, scope } = send(READ);
  assert.equal(response.body, "odd");
  assert.deepEqual(response.headers, [["Content-Type", "text/plain"], [
    "X-Odd",
    "1",
  ]]);
  assert.equal(scope, "cloudflare");
});

Deno.test("a fault of reused connections leaves the first request of each alone", () => {
  const { model, send } = discordOf();
  model.script({ fault: { kind: "close", onlyReused: true } });
  assert.equal(send(READ).delivery.kind, "whole");
  assert.equal(send(READ, 0, { isReused: true }).delivery.kind, "close");
});

Deno.test("a 429 out of the blue is refused after its token is spent", () => {
  const { send } = discordOf({
    faults: [{
      match: "GET *",
      probability: 1,
      fault: { kind: "limited", scope: "shared", retryAfterMs: 300 },
    }],
  });
  assert.equal(send(READ).scope, "shared");
  assert.equal(send(POST_MESSAGE).response.status, 200);
});
