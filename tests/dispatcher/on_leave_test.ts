import assert from "node:assert/strict";
import {
  answerOf,
  benchOf,
  endOf,
  refusalOf,
  requestOf,
  submitWith,
} from "./_builders.ts";
import { lost } from "./_scripted_upstream.ts";

const WEBHOOK = {
  path: "/webhooks/1/aW50ZXJhY3Rpb246MQ",
  text: `{"content":"hi"}`,
  onLeave: "cancel",
} as const;

Deno.test("a queued write with onLeave cancel is dropped when its caller leaves", async () => {
  const bench = benchOf();
  bench.scheduler.isHeld = true;
  const { answer, leave } = submitWith(bench, requestOf("POST", WEBHOOK));
  await bench.clock.settle();
  leave();
  const refusal = await refusalOf(answer);
  assert.deepEqual([refusal.code, refusal.sent], ["cancelled", false]);
  assert.deepEqual(bench.scheduler.waitingIds, []);
  assert.equal(bench.upstream.sends.length, 0);
});

Deno.test("the same write without a rule, or with onLeave run, is sent", async () => {
  for (const rule of [{ onLeave: undefined }, { onLeave: "run" }] as const) {
    const bench = benchOf();
    bench.scheduler.isHeld = true;
    const { onLeave: _, ...webhook } = WEBHOOK;
    const request = requestOf("POST", {
      ...webhook,
      ...rule.onLeave !== undefined && rule,
    });
    const { leave } = submitWith(bench, request);
    await bench.clock.settle();
    leave();
    assert.equal(bench.scheduler.waitingIds.length, 1);
  }
});

Deno.test("a write with onLeave cancel whose caller left before it was handed in is not sent", async () => {
  const bench = benchOf();
  const request = requestOf("POST", WEBHOOK);
  const { answer } = bench.dispatcher.submit(request, AbortSignal.abort());
  assert.equal((await refusalOf(answer)).code, "cancelled");
  await bench.clock.settle();
  assert.equal(bench.upstream.sends.length, 0);
});

Deno.test("a write with onLeave cancel whose caller leaves between decision and send is not sent", async () => {
  const bench = benchOf();
  const first = bench.dispatcher.submit(requestOf("GET"));
  const second = submitWith(bench, requestOf("POST", WEBHOOK));
  bench.upstream.onSend = () => second.leave();
  await bench.clock.settle();
  assert.equal(bench.upstream.sends.length, 1);
  assert.ok((await refusalOf(second.answer)).sent === false);
  bench.upstream.next.answer(answerOf());
  await first.answer;
  assert.deepEqual(bench.scheduler.leasedIds, []);
});

Deno.test("a write with onLeave cancel that is in flight is detached: an equal one is handed its answer", async () => {
  const bench = benchOf();
  const request = requestOf("POST", WEBHOOK);
  const { answer, leave } = submitWith(bench, request);
  await bench.clock.settle();
  leave();
  assert.equal(await endOf(bench, answer), "open");
  const again = submitWith(bench, request);
  bench.upstream.next.answer(answerOf(200));
  const end = await endOf(bench, again.answer);
  assert.equal(end !== "open" && end.status, 200);
  assert.equal(bench.upstream.sends.length, 1);
});

Deno.test("a write with onLeave cancel that may have run is seen to its end", async () => {
  const bench = benchOf();
  const request = requestOf("PUT", { ...WEBHOOK, path: "/channels/1/pins/2" });
  const { leave } = submitWith(bench, request);
  await bench.clock.settle();
  bench.scheduler.isHeld = true;
  bench.upstream.next.fail(lost());
  await bench.clock.settle();
  leave();
  assert.equal(bench.scheduler.waitingIds.length, 1);
});

Deno.test("a write with onLeave cancel that met a 429 after its caller left is not sent again", async () => {
  const bench = benchOf();
  const { answer, leave } = submitWith(bench, requestOf("POST", WEBHOOK));
  await bench.clock.settle();
  leave();
  bench.scheduler.isHeld = true;
  bench.upstream.next.answer(answerOf(429));
  assert.equal((await refusalOf(answer)).code, "cancelled");
  assert.deepEqual(bench.scheduler.waitingIds, []);
});
