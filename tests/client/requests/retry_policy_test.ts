import assert from "node:assert/strict";
import { RepError } from "../../../client/mod.ts";
import { failureOf, readyRigOf } from "../_rig.ts";

/** `false`, and neither null nor undefined: certainly not executed. */
const UNSENT = false;

/** A refusal of the proxy's that certainly sent nothing. */
const OVERLOADED = {
  message: "Too much",
  code: "overloaded",
  sent: false,
  ["retry_after"]: 2,
};

Deno.test("a request that the proxy refused unsent is sent again after retry_after and a tenth of jitter", async () => {
  const rig = await readyRigOf();
  const done = rig.client.action("/x", { data: 1 });
  const first = rig.sent();
  rig.refuse(first, 429, OVERLOADED);
  await rig.clock.advance(2_099);
  assert.equal(rig.socket.requests.length, 1);
  await rig.clock.advance(1);
  assert.deepEqual(rig.socket.requests, [first, first]);
  rig.answer(rig.sent(), "done");
  assert.equal(await done, "done");
  await rig.client.close();
});

Deno.test("by default a request is sent again five times, then it rejects with the last refusal", async () => {
  const rig = await readyRigOf();
  const done = failureOf(rig.client.get("/x"), RepError);
  for (let offer = 0; offer < 6; offer += 1) {
    rig.refuse(rig.sent(), 429, { ...OVERLOADED, message: `refusal ${offer}` });
    await rig.clock.advance(2_100);
  }
  assert.match((await done).message, /refusal 5$/);
  assert.equal(rig.socket.requests.length, 6);
  await rig.client.close();
});

/** Replies that are final, with why. */
const FINAL: [why: string, status: number, error: Record<string, unknown>][] = [
  ["Discord's own 429", 429, { message: "limited", retry_after: 1, code: 0 }],
  ["a 429 that was sent", 429, { ...OVERLOADED, sent: true }],
  ["a 429 nobody knows about", 429, { ...OVERLOADED, sent: null }],
  ["a missed deadline", 429, { ...OVERLOADED, code: "deadline" }],
  ["a 503 without retry_after", 503, { code: "blocked", sent: false }],
  ["a missing token", 503, { code: "no_token", sent: false, retry_after: 5 }],
  ["a wait above a minute", 429, { ...OVERLOADED, retry_after: 60.1 }],
  ["another status", 502, { ...OVERLOADED, code: "unreachable" }],
];

for (const [why, status, error] of FINAL) {
  Deno.test(`${why} is handed to the caller at once`, async () => {
    const rig = await readyRigOf();
    const done = rig.client.get("/x");
    rig.refuse(rig.sent(), status, error);
    assert.equal((await failureOf(done, RepError)).status, status);
    await rig.client.close();
  });
}

Deno.test("B3: a refusal with a seq is final, because its req would only bring the same reply again", async () => {
  const rig = await readyRigOf();
  const done = rig.client.get("/x");
  const { req } = rig.sent();
  const data = { status: 429, error: { ...OVERLOADED, code: "wait_too_long" } };
  rig.socket.say({ method: "REPLY", req, data, seq: 1 });
  assert.equal((await failureOf(done, RepError)).code, "wait_too_long");
  assert.equal(rig.client.lastSeq, 1);
  await rig.client.close();
});

Deno.test("refusalRetries: 0 rejects at every refusal", async () => {
  const rig = await readyRigOf({ refusalRetries: 0 });
  const done = rig.client.get("/x");
  rig.refuse(rig.sent(), 429, OVERLOADED);
  assert.equal((await failureOf(done, RepError)).sent, UNSENT);
  await rig.client.close();
});

Deno.test("a refusal whose wait would pass the deadline rejects at once", async () => {
  const rig = await readyRigOf();
  const done = rig.client.get("/x", { timeoutMs: 2_100 });
  rig.refuse(rig.sent(), 429, OVERLOADED);
  assert.equal((await failureOf(done, RepError)).code, "overloaded");
  await rig.client.close();
});

Deno.test("messages to one channel do not overtake one that was refused", async () => {
  const rig = await readyRigOf();
  const target = "/channels/9/messages";
  const done = ["a", "b"].map((data) => rig.client.action(target, { data }));
  rig.refuse(rig.sent(0), 429, OVERLOADED);
  rig.refuse(rig.sent(1), 429, OVERLOADED);
  done.push(rig.client.action(target, { data: "c" }));
  assert.equal(rig.socket.requests.length, 2);
  await rig.clock.advance(2_100);
  const again = rig.socket.requests.slice(2);
  assert.deepEqual(again.map(({ data }) => data), ["a", "b", "c"]);
  for (const frame of again) rig.answer(frame, frame.data);
  assert.deepEqual(await Promise.all(done), ["a", "b", "c"]);
  await rig.client.close();
});

Deno.test("of two refusals in one order group the longer wait counts", async () => {
  const rig = await readyRigOf();
  const done = [1, 2].map(() => rig.client.action("/x"));
  rig.refuse(rig.sent(0), 429, { ...OVERLOADED, retry_after: 1 });
  rig.refuse(rig.sent(1), 429, { ...OVERLOADED, retry_after: 4 });
  await rig.clock.advance(4_199);
  assert.equal(rig.socket.requests.length, 2);
  await rig.clock.advance(1);
  assert.equal(rig.socket.requests.length, 4);
  for (const frame of rig.socket.requests.slice(2)) rig.answer(frame);
  await Promise.all(done);
  await rig.client.close();
});

Deno.test("a refused request keeps waiting when the connection is lost", async () => {
  const rig = await readyRigOf();
  const done = rig.client.action("/x");
  rig.refuse(rig.sent(), 429, OVERLOADED);
  rig.socket.end();
  await rig.reconnect();
  assert.equal(rig.socket.requests.length, 0);
  await rig.clock.advance(2_100);
  rig.answer(rig.sent(), 1);
  assert.equal(await done, 1);
  await rig.client.close();
});

Deno.test("G3: while the proxy drains no new request is sent; after its restart it is", async () => {
  const rig = await readyRigOf();
  const running = rig.client.get("/running");
  rig.socket.say({
    target: "/_rep/notice",
    method: "ACTION",
    data: { type: "draining", deadlineMs: 25_000 },
  });
  assert.deepEqual(rig.told("notice"), [
    ["notice", { type: "draining", deadlineMs: 25_000 }],
  ]);
  const fresh = rig.client.get("/fresh");
  assert.equal(rig.socket.requests.length, 1);
  rig.answer(rig.sent(), "ran");
  assert.equal(await running, "ran");
  rig.socket.end(1012, "restart");
  await rig.reconnect({ epoch: "e2" });
  rig.answer(rig.sent(), "fresh");
  assert.equal(await fresh, "fresh");
  await rig.client.close();
});

Deno.test("a proxy that drains and does not close is disconnected five seconds after its deadline", async () => {
  const rig = await readyRigOf();
  rig.socket.say({
    target: "/_rep/notice",
    method: "ACTION",
    data: { type: "draining", deadlineMs: 1_000 },
  });
  await rig.clock.advance(5_999);
  assert.equal(rig.client.state, "ready");
  await rig.clock.advance(1);
  assert.equal(rig.client.state, "waiting");
  await rig.client.close();
});

Deno.test("a request refused with 503 draining is sent again on the next connection", async () => {
  const rig = await readyRigOf();
  const done = rig.client.action("/x");
  rig.refuse(rig.sent(), 503, { code: "draining", sent: false });
  await rig.clock.advance(1_050);
  rig.socket.end(1012);
  await rig.reconnect({ epoch: "e2" });
  rig.answer(rig.sent(), 1);
  assert.equal(await done, 1);
  await rig.client.close();
});
