import assert from "node:assert/strict";
import { Refusal } from "../../rest/domain/refusal.ts";
import {
  answerOf,
  benchOf,
  bytesOf,
  endOf,
  refusalOf,
  requestOf,
  streamOf,
  textOf,
} from "./_builders.ts";

Deno.test("submit() brings Discord's answer as it came", async () => {
  const bench = benchOf();
  const ticket = bench.dispatcher.submit(requestOf("POST", { text: "hello" }));
  await bench.clock.settle();
  const answer = answerOf(200, {
    headers: [["via", "1.1 google"]],
    text: "{}",
  });
  bench.upstream.next.answer(answer);
  const { timing, ...told } = await ticket.answer;
  assert.deepEqual(told, answer);
  assert.equal(timing?.attempts, 1);
});

Deno.test("submit() tells the scheduler everything it decides by", async () => {
  const bench = benchOf();
  bench.dispatcher.submit(requestOf("PATCH", {
    path: "/channels/1",
    headers: [["content-type", "application/json"]],
    text: '{"name":"a","topic":"b"}',
    urgency: 1,
    isOrdered: false,
    leaveWithinMs: 5_000,
  }));
  const [ask] = bench.scheduler.asks;
  assert.equal(ask?.identityId, "bot:1");
  assert.ok(ask.isOwnToken);
  assert.equal(ask.method, "PATCH");
  assert.equal(ask.route.label, "PATCH /channels/{channel_id}");
  assert.equal(ask.caller, "key/client");
  assert.equal(ask.urgency, 1);
  assert.ok(ask.isOrdered === false);
  assert.deepEqual(ask.fields, ["name", "topic"]);
  assert.equal(ask.bytes, 24);
  assert.equal(ask.deadlineAtMs, 5_000);
  await bench.clock.settle();
  await bench.dispatcher.drain(0);
});

Deno.test("submit() polls once for all requests of one turn", async () => {
  const bench = benchOf();
  for (let count = 0; count < 1_000; count++) {
    bench.dispatcher.submit(requestOf());
  }
  await bench.clock.settle();
  assert.equal(bench.scheduler.polls, 1);
  assert.equal(bench.upstream.sends.length, 1_000);
  for (const send of bench.upstream.sends) send.answer(answerOf());
  await bench.clock.settle();
  assert.ok(bench.scheduler.polls <= 3, `${bench.scheduler.polls} polls`);
});

Deno.test("submit() refuses in the scheduler's words what it does not take", async () => {
  const bench = benchOf();
  bench.scheduler.turnAway = () => ({
    code: "overloaded",
    message: "Cannot queue request: 100000 are waiting",
    retryAfterMs: 1_500,
  });
  const refusal = await refusalOf(bench.dispatcher.submit(requestOf()).answer);
  assert.equal(refusal.code, "overloaded");
  assert.equal(refusal.message, "Cannot queue request: 100000 are waiting");
  assert.equal(refusal.retryAfterMs, 1_500);
  assert.ok(refusal.sent === false);
  assert.deepEqual(bench.facts, [{
    kind: "refused",
    code: "overloaded",
    bot: "main",
    label: "GET /channels/{channel_id}/messages",
    caller: "key/client",
  }]);
});

Deno.test("a request that waited too long is refused in the scheduler's words", async () => {
  const bench = benchOf();
  bench.scheduler.isHeld = true;
  const ticket = bench.dispatcher.submit(requestOf("POST"));
  bench.scheduler.refuse(1, {
    code: "wait_too_long",
    message: "Cannot send request in time",
    retryAfterMs: undefined,
  });
  const refusal = await refusalOf(ticket.answer);
  assert.equal(refusal.code, "wait_too_long");
  assert.ok(refusal.sent === false);
  assert.equal(refusal.retryAfterMs, undefined);
});

Deno.test("a request refused while it waits to be repeated does not claim to be unsent", async () => {
  const bench = benchOf();
  const ticket = bench.dispatcher.submit(requestOf("PUT"));
  await bench.clock.settle();
  bench.upstream.next.answer(answerOf(502));
  await bench.clock.settle();
  bench.scheduler.refuse(1, {
    code: "deadline",
    message: "Cannot send request in time",
    retryAfterMs: undefined,
  });
  bench.dispatcher.submit(requestOf());
  assert.equal((await refusalOf(ticket.answer)).sent, null);
  await bench.dispatcher.drain(0);
});

Deno.test("a 429 to be tried again is thrown away, and the answer after it says how often it was sent", async () => {
  const bench = benchOf();
  const ticket = bench.dispatcher.submit(requestOf("POST", { text: "hello" }));
  await bench.clock.settle();
  const { stream, state } = streamOf([bytesOf("slow down")]);
  bench.upstream.next.answer(answerOf(429, { body: stream }));
  await bench.clock.settle();
  assert.ok(state.isCancelled);
  bench.upstream.next.answer(answerOf(200, { headers: [["via", "x"]] }));
  assert.deepEqual((await ticket.answer).headers, [
    ["via", "x"],
    ["x-rest-attempts", "2"],
  ]);
});

Deno.test("a 429 that must not be waited out is the caller's, body and all", async () => {
  const bench = benchOf();
  bench.scheduler.verdictOf = () => "done";
  const ticket = bench.dispatcher.submit(requestOf("POST"));
  await bench.clock.settle();
  bench.upstream.next.answer(answerOf(429, { text: '{"retry_after":900}' }));
  const answer = await ticket.answer;
  assert.equal(answer.status, 429);
  assert.deepEqual(answer.headers, []);
  assert.equal(await textOf(answer), '{"retry_after":900}');
});

/** A request that left 40 ms after it came, 60 ms ago. */
async function sentAt40() {
  const bench = benchOf();
  bench.scheduler.isHeld = true;
  bench.scheduler.wakeAtMs = 40;
  const ticket = bench.dispatcher.submit(requestOf());
  await bench.clock.settle();
  bench.scheduler.isHeld = false;
  await bench.clock.advance(40);
  await bench.clock.advance(60);
  return { bench, ticket };
}

Deno.test("the scheduler learns from every answer when it was sent and what it said", async () => {
  const { bench, ticket } = await sentAt40();
  bench.upstream.next.answer(answerOf(404, { text: '{"code":10003}' }));
  await ticket.answer;
  const [settled] = bench.scheduler.settled;
  assert.equal(settled?.outcome.kind, "answered");
  assert.ok(settled.outcome.kind === "answered");
  assert.equal(settled.outcome.report.sentAtMs, 40);
  assert.equal(settled.outcome.report.receivedAtMs, 100);
  assert.equal(settled.outcome.report.errorCode, 10_003);
});

Deno.test("facts tell a request's life with its waits", async () => {
  const { bench, ticket } = await sentAt40();
  bench.upstream.next.answer(answerOf(204));
  await ticket.answer;
  const label = "GET /channels/{channel_id}/messages";
  const caller = "key/client";
  const bot = "main";
  assert.deepEqual(bench.facts, [
    { kind: "queued", bot, label, caller },
    { kind: "leased", bot, label, waitMs: 40, attempt: 1 },
    {
      kind: "answered",
      bot,
      label,
      caller,
      status: 204,
      waitMs: 40,
      waitReason: "bucket",
      sendMs: 60,
      attempts: 1,
    },
  ]);
});

Deno.test("facts tell every 429 with its scope, Cloudflare's by its name", async () => {
  const bench = benchOf();
  bench.dispatcher.submit(requestOf());
  await bench.clock.settle();
  const via = ["via", "1.1 google"] as const;
  bench.upstream.next.answer(answerOf(429, {
    headers: [via, ["x-ratelimit-scope", "shared"]],
    text: '{"retry_after":0.3}',
  }));
  await bench.clock.settle();
  bench.upstream.next.answer(answerOf(429, { headers: [via] }));
  await bench.clock.settle();
  bench.upstream.next.answer(answerOf(429));
  await bench.clock.settle();
  const label = "GET /channels/{channel_id}/messages";
  const kind = "rate_limited";
  assert.deepEqual(bench.facts.filter((fact) => fact.kind === kind), [
    { kind, bot: "main", label, scope: "shared", retryAfterMs: 300 },
    { kind, bot: "main", label, scope: "unknown", retryAfterMs: undefined },
    { kind, bot: "main", label, scope: "cloudflare", retryAfterMs: undefined },
  ]);
  await bench.dispatcher.drain(0);
});

Deno.test("a warning of the scheduler's is told as a fact", async () => {
  const bench = benchOf();
  bench.scheduler.warn("8500 invalid requests in 10 minutes");
  const ticket = bench.dispatcher.submit(requestOf());
  await bench.clock.settle();
  bench.upstream.next.answer(answerOf());
  await ticket.answer;
  const warned = bench.facts.find((fact) => fact.kind === "warning");
  assert.deepEqual(warned, {
    kind: "warning",
    message: "8500 invalid requests in 10 minutes",
  });
});

Deno.test("the timer is set once for one moment, and ends when there is nothing to wait for", async () => {
  const bench = benchOf();
  bench.scheduler.isHeld = true;
  bench.scheduler.wakeAtMs = 1_000;
  bench.dispatcher.submit(requestOf());
  await bench.clock.settle();
  assert.equal(bench.clock.timerCount, 1);
  bench.dispatcher.submit(requestOf());
  await bench.clock.settle();
  assert.equal(bench.clock.timersSet, 1);

  bench.scheduler.wakeAtMs = 300;
  bench.dispatcher.submit(requestOf());
  await bench.clock.settle();
  assert.equal(bench.clock.timerCount, 1);
  const pollsBefore = bench.scheduler.polls;
  await bench.clock.advance(300);
  assert.equal(bench.scheduler.polls, pollsBefore + 1);
  assert.equal(bench.clock.timerCount, 0);
  await bench.dispatcher.drain(0);
});

Deno.test("cancel() takes a waiting request back, and only then", async () => {
  const bench = benchOf();
  bench.scheduler.isHeld = true;
  const ticket = bench.dispatcher.submit(requestOf("POST"));
  await bench.clock.settle();
  assert.equal(ticket.cancel(), "cancelled");
  const refusal = await refusalOf(ticket.answer);
  assert.equal(refusal.code, "cancelled");
  assert.equal(refusal.message, "Request was taken back before it was sent");
  assert.ok(refusal.sent === false);
  assert.deepEqual(bench.scheduler.waitingIds, []);
  assert.equal(ticket.cancel(), "done");
});

Deno.test("cancel() leaves a request alone that is on its way", async () => {
  const bench = benchOf();
  const ticket = bench.dispatcher.submit(requestOf("POST"));
  await bench.clock.settle();
  assert.equal(ticket.cancel(), "sent");
  bench.upstream.next.answer(answerOf(204));
  assert.equal((await ticket.answer).status, 204);
  assert.equal(ticket.cancel(), "done");
});

Deno.test("cancel() takes back what a 429 sent home, but not what may have run", async () => {
  const bench = benchOf();
  const limited = bench.dispatcher.submit(requestOf("POST"));
  const failed = bench.dispatcher.submit(requestOf("PUT"));
  await bench.clock.settle();
  bench.scheduler.isHeld = true;
  bench.upstream.next.answer(answerOf(429));
  bench.upstream.next.answer(answerOf(502));
  await bench.clock.settle();
  assert.equal(limited.cancel(), "cancelled");
  assert.ok((await refusalOf(limited.answer)).sent === false);
  assert.equal(failed.cancel(), "sent");
  assert.equal(await endOf(bench, failed.answer), "open");
  await bench.dispatcher.drain(0);
});

Deno.test("an upstream that breaks its promise costs its request, and its words stay inside", async () => {
  const bench = benchOf();
  const ticket = bench.dispatcher.submit(requestOf("POST"));
  await bench.clock.settle();
  bench.upstream.next.fail(new TypeError("https://discord.com/?token=secret"));
  const refusal = await refusalOf(ticket.answer);
  assert.equal(refusal.code, "internal");
  assert.equal(refusal.sent, null);
  assert.equal(
    refusal.message,
    "Cannot answer: the proxy has a fault of its own, named in its log",
  );
  assert.deepEqual(
    bench.facts.find((fact) => fact.kind === "warning"),
    { kind: "warning", message: "Upstream client threw TypeError" },
  );
  assert.equal(bench.scheduler.settled[0]?.outcome.kind, "lost");
});

Deno.test("an upstream that throws at once costs its request only", async () => {
  const bench = benchOf();
  bench.upstream.onSend = () => {
    throw new RangeError("no");
  };
  const ticket = bench.dispatcher.submit(requestOf("POST"));
  const refusal = await refusalOf(ticket.answer);
  assert.ok(refusal instanceof Refusal);
  assert.equal(refusal.code, "internal");
});

Deno.test("a streaming answer crosses chunk by chunk", async () => {
  const bench = benchOf();
  const ticket = bench.dispatcher.submit(requestOf());
  await bench.clock.settle();
  const { stream } = streamOf([bytesOf("one,"), bytesOf("two")]);
  bench.upstream.next.answer(answerOf(200, { body: stream }));
  assert.equal(await textOf(await ticket.answer), "one,two");
});

Deno.test("snapshot() is the scheduler's", async () => {
  const bench = benchOf();
  bench.scheduler.isHeld = true;
  bench.dispatcher.submit(requestOf());
  await bench.clock.settle();
  assert.equal(bench.dispatcher.control.snapshot().waiting, 1);
  await bench.dispatcher.drain(0);
});
