import assert from "node:assert/strict";
import { KEPT_BODY_BYTES_MAX } from "../../rest/dispatcher/answering/responder.ts";
import type { ProxyRequest } from "../../rest/domain/request.ts";
import {
  answerOf,
  benchOf,
  bytesOf,
  endOf,
  pipeOf,
  refusalOf,
  requestOf,
  streamOf,
  submitWith,
  textOf,
} from "./_builders.ts";
import { ADOPT_MS } from "./_queue.ts";
import { lost, unsent } from "./_scripted_upstream.ts";

const ELSEWHERE = requestOf("PATCH", { path: "/channels/2", text: "hello" });
const POST = requestOf("POST", { text: "hello" });

Deno.test("a queued read whose caller leaves is dropped", async () => {
  const bench = benchOf();
  bench.scheduler.isHeld = true;
  const { answer, leave } = submitWith(bench, requestOf("GET"));
  await bench.clock.settle();
  leave();
  const refusal = await refusalOf(answer);
  assert.equal(refusal.code, "cancelled");
  assert.ok(refusal.sent === false);
  assert.deepEqual(bench.scheduler.waitingIds, []);
});

Deno.test("a read in flight whose caller leaves ends with its answer, which goes to nobody", async () => {
  const bench = benchOf();
  const { answer, leave } = submitWith(bench, requestOf("GET"));
  await bench.clock.settle();
  leave();
  assert.equal(await endOf(bench, answer), "open");
  const { stream, state } = streamOf([bytesOf("late")]);
  bench.upstream.next.answer(answerOf(200, { body: stream }));
  const refusal = await refusalOf(answer);
  assert.equal(refusal.code, "cancelled");
  assert.ok(refusal.sent);
  assert.equal(
    refusal.message,
    "Nobody waits for the answer to this request any more",
  );
  assert.ok(state.isCancelled);
});

Deno.test("a read whose caller leaves is not tried again", async () => {
  const bench = benchOf();
  const { answer, leave } = submitWith(bench, requestOf("GET"));
  await bench.clock.settle();
  leave();
  bench.upstream.next.answer(answerOf(502));
  assert.equal((await refusalOf(answer)).sent, null);
  assert.deepEqual(bench.scheduler.waitingIds, []);
  assert.equal(bench.upstream.sends.length, 1);
});

Deno.test("a read whose caller has left before it was handed in is not sent", async () => {
  const bench = benchOf();
  const ticket = bench.dispatcher.submit(requestOf("GET"), AbortSignal.abort());
  assert.equal((await refusalOf(ticket.answer)).code, "cancelled");
  await bench.clock.settle();
  assert.equal(bench.upstream.sends.length, 0);
});

Deno.test("a read whose caller leaves between decision and send is not sent", async () => {
  const bench = benchOf();
  const first = bench.dispatcher.submit(requestOf("GET"));
  const second = submitWith(bench, requestOf("GET"));
  bench.upstream.onSend = () => second.leave();
  await bench.clock.settle();
  assert.equal(bench.upstream.sends.length, 1);
  assert.ok((await refusalOf(second.answer)).sent === false);
  bench.upstream.next.answer(answerOf());
  await first.answer;
  assert.deepEqual(bench.scheduler.leasedIds, []);
});

Deno.test("a queued write whose caller leaves still runs", async () => {
  const bench = benchOf();
  bench.scheduler.isHeld = true;
  const { answer, leave } = submitWith(bench, POST);
  await bench.clock.settle();
  leave();
  bench.scheduler.isHeld = false;
  bench.dispatcher.submit(requestOf("GET"));
  await bench.clock.settle();
  assert.equal(bench.upstream.sends.length, 2);
  bench.upstream.next.answer(answerOf(200));
  const refusal = await refusalOf(answer);
  assert.equal(refusal.code, "cancelled");
  assert.ok(refusal.sent);
  assert.ok(bench.facts.some((fact) => fact.kind === "answered"));
  await bench.dispatcher.drain(0);
});

Deno.test("a write whose caller had left before it was handed in still runs", async () => {
  const bench = benchOf();
  bench.dispatcher.submit(POST, AbortSignal.abort());
  await bench.clock.settle();
  assert.equal(bench.upstream.sends.length, 1);
  bench.upstream.next.answer(answerOf());
  await bench.clock.settle();
});

Deno.test("an identical write adopts a waiting detached write: one message is sent", async () => {
  const bench = benchOf();
  bench.scheduler.isHeld = true;
  const first = submitWith(bench, POST);
  await bench.clock.settle();
  first.leave();
  const second = submitWith(bench, requestOf("POST", { text: "hello" }));
  assert.equal((await refusalOf(first.answer)).sent, null);
  bench.scheduler.isHeld = false;
  bench.dispatcher.submit(requestOf("GET"));
  await bench.clock.settle();
  const posts = bench.upstream.sends.filter(({ request }) =>
    request.method === "POST"
  );
  assert.equal(posts.length, 1);
  posts[0]?.answer(answerOf(200, { text: "sent" }));
  assert.equal(await textOf(await second.answer), "sent");
  assert.deepEqual(
    bench.facts.filter(({ kind }) => kind === "adopted"),
    [{
      kind: "adopted",
      bot: "main",
      label: "POST /channels/{channel_id}/messages",
      caller: "key/client",
    }],
  );
  await bench.dispatcher.drain(0);
});

Deno.test("an identical write adopts a detached write in flight", async () => {
  const bench = benchOf();
  const first = submitWith(bench, POST);
  await bench.clock.settle();
  first.leave();
  const second = submitWith(bench, POST);
  await bench.clock.settle();
  assert.equal(bench.upstream.sends.length, 1);
  bench.upstream.next.answer(answerOf(200));
  assert.equal((await second.answer).status, 200);
});

Deno.test("a detached write's answer waits a minute for an identical write", async () => {
  for (const [afterMs, sends] of [[ADOPT_MS - 1, 1], [ADOPT_MS, 2]] as const) {
    const bench = benchOf();
    const first = submitWith(bench, POST);
    await bench.clock.settle();
    first.leave();
    bench.upstream.next.answer(answerOf(200, { text: "sent" }));
    await bench.clock.advance(afterMs);
    const second = submitWith(bench, POST);
    await bench.clock.settle();
    assert.equal(bench.upstream.sends.length, sends, `${afterMs}`);
    if (sends === 2) {
      bench.upstream.next.answer(answerOf(200, { text: "sent" }));
    }
    assert.equal(await textOf(await second.answer), "sent");
  }
});

Deno.test("an adopted detached write whose new caller leaves too is adopted again", async () => {
  const bench = benchOf();
  bench.scheduler.isHeld = true;
  const callers = [1, 2, 3].map(() => {
    const caller = submitWith(bench, POST);
    caller.leave();
    return caller;
  });
  assert.equal(bench.scheduler.asks.length, 1);
  const last = submitWith(bench, POST);
  assert.equal(bench.scheduler.asks.length, 1);
  bench.scheduler.isHeld = false;
  await bench.clock.settle();
  bench.upstream.next.answer(answerOf(204));
  assert.equal((await last.answer).status, 204);
  for (const { answer } of callers) {
    assert.equal((await refusalOf(answer)).code, "cancelled");
  }
});

Deno.test("an earlier identical write is not taken for the second try of a later one", async () => {
  const bench = benchOf();
  bench.scheduler.isHeld = true;
  submitWith(bench, POST);
  await bench.clock.advance(15_000);
  submitWith(bench, POST).leave();
  assert.deepEqual(bench.scheduler.waitingIds, [1, 2]);
  await bench.dispatcher.drain(0);
});

Deno.test("detached writes are adopted one for one", async () => {
  const bench = benchOf();
  bench.scheduler.isHeld = true;
  for (const caller of [submitWith(bench, POST), submitWith(bench, POST)]) {
    caller.leave();
  }
  assert.equal(bench.scheduler.asks.length, 2);
  submitWith(bench, POST);
  submitWith(bench, POST);
  assert.equal(bench.scheduler.asks.length, 2);
  submitWith(bench, POST);
  assert.equal(bench.scheduler.asks.length, 3);
  await bench.dispatcher.drain(0);
});

Deno.test("a kept answer is given once", async () => {
  const bench = benchOf();
  const first = submitWith(bench, POST);
  await bench.clock.settle();
  first.leave();
  bench.upstream.next.answer(answerOf(200));
  await bench.clock.settle();
  await submitWith(bench, POST).answer;
  submitWith(bench, POST);
  await bench.clock.settle();
  assert.equal(bench.upstream.sends.length, 2);
  await bench.dispatcher.drain(0);
});

Deno.test("identical writes of callers that stay are both sent", async () => {
  const bench = benchOf();
  submitWith(bench, POST);
  submitWith(bench, POST);
  await bench.clock.settle();
  assert.equal(bench.upstream.sends.length, 2);
  await bench.dispatcher.drain(0);
});

const OTHERS: ReadonlyArray<readonly [string, ProxyRequest]> = [
  ["another body", requestOf("POST", { text: "hallo" })],
  ["no body", requestOf("POST")],
  [
    "another path",
    requestOf("POST", { path: "/channels/2/messages", text: "hello" }),
  ],
  ["another method", requestOf("PATCH", { text: "hello" })],
  ["another key", requestOf("POST", { caller: "other/client", text: "hello" })],
  [
    "another query",
    requestOf("POST", {
      target: { version: 10, path: "/channels/1/messages", query: "?a=1" },
      text: "hello",
    }),
  ],
  [
    "another version",
    requestOf("POST", {
      target: { version: 9, path: "/channels/1/messages", query: "" },
      text: "hello",
    }),
  ],
  [
    "another identity",
    requestOf("POST", {
      identity: {
        id: "bot:2",
        kind: "bot",
        authorization: undefined,
        isOwn: false,
      },
      text: "hello",
    }),
  ],
];

Deno.test("a write that differs in anything that counts adopts nothing", async () => {
  for (const [difference, request] of OTHERS) {
    const bench = benchOf();
    bench.scheduler.isHeld = true;
    submitWith(bench, POST).leave();
    submitWith(bench, request);
    assert.equal(bench.scheduler.asks.length, 2, difference);
    await bench.dispatcher.drain(0);
  }
});

Deno.test("a multipart write adopts in spite of its new boundary", async () => {
  const multipart = (boundary: string, content: string) =>
    requestOf("POST", {
      headers: [["content-type", `multipart/form-data; boundary=${boundary}`]],
      text:
        `--${boundary}\r\ncontent-disposition: form-data; name="files[0]"\r\n\r\n${content}\r\n--${boundary}--\r\n`,
    });
  for (const [content, asks] of [["a picture", 1], ["another", 2]] as const) {
    const bench = benchOf();
    bench.scheduler.isHeld = true;
    submitWith(bench, multipart("----undici-01", "a picture")).leave();
    submitWith(bench, multipart("----undici-02345", content));
    assert.equal(bench.scheduler.asks.length, asks, content);
    await bench.dispatcher.drain(0);
  }
});

Deno.test("an adopter's body takes the place of the detached write's while it waits", async () => {
  const bench = benchOf();
  bench.scheduler.isHeld = true;
  submitWith(bench, POST).leave();
  const twin = requestOf("POST", { text: "hello" });
  const second = submitWith(bench, twin);
  bench.scheduler.isHeld = false;
  await bench.clock.settle();
  assert.equal(bench.upstream.next.request, twin);
  bench.upstream.next.answer(answerOf());
  await second.answer;
});

Deno.test("a more urgent adopter hurries its detached write", async () => {
  const bench = benchOf();
  bench.scheduler.isHeld = true;
  submitWith(bench, POST).leave();
  submitWith(bench, requestOf("POST", { urgency: 4, text: "hello" })).leave();
  submitWith(bench, requestOf("POST", { urgency: 1, text: "hello" }));
  assert.deepEqual(bench.scheduler.urged, [{ id: 1, urgency: 1 }]);
  await bench.dispatcher.drain(0);
});

Deno.test("a detached write's streamed answer is kept whole up to 1 MiB", async () => {
  const half = new Uint8Array(KEPT_BODY_BYTES_MAX / 2).fill(1);
  const bench = benchOf();
  const first = submitWith(bench, POST);
  await bench.clock.settle();
  first.leave();
  bench.upstream.next.answer(
    answerOf(200, { body: streamOf([half, half]).stream }),
  );
  await bench.clock.settle();
  const { body } = await submitWith(bench, POST).answer;
  assert.ok(body instanceof Uint8Array);
  assert.equal(body.byteLength, KEPT_BODY_BYTES_MAX);
});

Deno.test("a detached write with an answer over 1 MiB is not sent again: its adopter is told", async () => {
  const half = new Uint8Array(KEPT_BODY_BYTES_MAX / 2);
  const streamed = streamOf([half, half, new Uint8Array(1), half]);
  for (
    const body of [streamed.stream, new Uint8Array(KEPT_BODY_BYTES_MAX + 1)]
  ) {
    const bench = benchOf();
    const first = submitWith(bench, POST);
    await bench.clock.settle();
    first.leave();
    bench.upstream.next.answer(answerOf(200, { body }));
    await bench.clock.settle();
    const refusal = await refusalOf(submitWith(bench, POST).answer);
    assert.equal(refusal.code, "outcome_unknown");
    assert.equal(refusal.sent, null);
    assert.equal(
      refusal.message,
      "Cannot give an answer: an identical request was sent already and its answer is not at hand; look before sending it again",
    );
    assert.equal(bench.upstream.sends.length, 1);
  }
  assert.ok(streamed.state.isCancelled);
});

Deno.test("an adopter of an answer that is still streaming gets it when it is whole", async () => {
  const bench = benchOf();
  const first = submitWith(bench, POST);
  await bench.clock.settle();
  first.leave();
  const { readable, writable } = pipeOf();
  bench.upstream.next.answer(answerOf(200, { body: readable }));
  await bench.clock.settle();
  const second = submitWith(bench, POST);
  assert.equal(second.ticket.cancel(), "done");
  assert.equal(await endOf(bench, second.answer), "open");
  second.leave();
  const third = submitWith(bench, ELSEWHERE);
  const writer = writable.getWriter();
  writer.write(bytesOf("whole"));
  await writer.close();
  assert.equal((await refusalOf(second.answer)).code, "cancelled");
  const fourth = submitWith(bench, POST);
  assert.equal(await textOf(await fourth.answer), "whole");
  bench.upstream.next.answer(answerOf());
  await third.answer;
});

Deno.test("a detached POST whose outcome nobody knows is not sent again", async () => {
  const bench = benchOf();
  const first = submitWith(bench, POST);
  await bench.clock.settle();
  first.leave();
  bench.upstream.next.fail(lost());
  assert.equal((await refusalOf(first.answer)).code, "outcome_unknown");
  assert.equal(
    (await refusalOf(submitWith(bench, POST).answer)).code,
    "outcome_unknown",
  );
  assert.equal(bench.upstream.sends.length, 1);
});

Deno.test("a detached write that came to nothing is sent anew for the caller that comes back", async () => {
  const refused = benchOf();
  refused.scheduler.isHeld = true;
  submitWith(refused, POST).leave();
  refused.scheduler.refuse(1, {
    code: "wait_too_long",
    message: "Cannot send request in time",
    retryAfterMs: undefined,
  });
  await refused.clock.settle();
  submitWith(refused, POST);
  assert.equal(refused.scheduler.asks.length, 2);
  await refused.dispatcher.drain(0);

  const limited = benchOf();
  limited.scheduler.verdictOf = () => "done";
  submitWith(limited, POST).leave();
  await limited.clock.settle();
  limited.upstream.next.answer(answerOf(429));
  await limited.clock.settle();
  submitWith(limited, POST);
  assert.equal(limited.scheduler.asks.length, 2);
  await limited.dispatcher.drain(0);

  const unreachable = benchOf({ maxWaitMs: 0 });
  submitWith(unreachable, POST).leave();
  await unreachable.clock.settle();
  unreachable.upstream.next.fail(unsent());
  await unreachable.clock.settle();
  submitWith(unreachable, POST);
  assert.equal(unreachable.scheduler.asks.length, 2);
  await unreachable.dispatcher.drain(0);
});

Deno.test("a caller that leaves after its answer changes nothing", async () => {
  const bench = benchOf();
  const { answer, leave } = submitWith(bench, POST);
  await bench.clock.settle();
  bench.upstream.next.answer(answerOf(200));
  await answer;
  leave();
  submitWith(bench, POST);
  await bench.clock.settle();
  assert.equal(bench.upstream.sends.length, 2);
  await bench.dispatcher.drain(0);
});

Deno.test("refusals nobody listens to are not unhandled", async () => {
  const unhandled: unknown[] = [];
  const note = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    unhandled.push(event.reason);
  };
  globalThis.addEventListener("unhandledrejection", note);
  const bench = benchOf();
  bench.scheduler.turnAway = ({ caller }) =>
    caller === "turned away"
      ? { code: "overloaded", message: "Cannot queue", retryAfterMs: 1 }
      : undefined;
  bench.dispatcher.submit(requestOf("GET", { caller: "turned away" }));
  bench.dispatcher.submit(requestOf("GET"), AbortSignal.abort());
  bench.dispatcher.submit(requestOf("GET")).cancel();
  bench.dispatcher.submit(POST, AbortSignal.abort());
  bench.dispatcher.submit(requestOf("PATCH"));
  await bench.clock.settle();
  bench.upstream.next.answer(answerOf(200));
  bench.upstream.next.fail(lost());
  await bench.clock.settle();
  bench.dispatcher.submit(requestOf("GET"));
  bench.dispatcher.submit(requestOf("PUT"));
  await bench.dispatcher.drain(0);
  bench.dispatcher.submit(requestOf("GET"));
  // Rejections are told at the end of a real turn of the event loop.
  await new Promise((resolve) => setTimeout(resolve, 0));
  globalThis.removeEventListener("unhandledrejection", note);
  assert.deepEqual(unhandled, []);
});
