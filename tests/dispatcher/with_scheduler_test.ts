import assert from "node:assert/strict";
import type { Answer } from "../../rest/domain/answer.ts";
import { headerOf } from "../../rest/domain/headers.ts";
import { Refusal } from "../../rest/domain/refusal.ts";
import { fc } from "../deps.ts";
import {
  answerOf,
  refusalOf,
  requestOf,
  type Submission,
  submitWith,
} from "./_builders.ts";
import { type Queue, queueOf } from "./_queue.ts";
import { lost, type Send, unsent } from "./_scripted_upstream.ts";

function textsOf(upstream: Queue["upstream"]): string[] {
  return upstream.sends.map(({ request }) =>
    new TextDecoder().decode(request.body)
  );
}

const VIA = ["via", "1.1 google"] as const;

function limited(retryAfterS: number): Answer {
  return answerOf(429, {
    headers: [VIA, ["x-ratelimit-scope", "user"]],
    text: JSON.stringify({ retry_after: retryAfterS, global: false }),
  });
}

Deno.test("messages of one channel leave one after the other's answer, in order", async () => {
  const { clock, upstream, dispatcher } = queueOf();
  const tickets = ["a", "b", "c"].map((text) =>
    dispatcher.submit(requestOf("POST", { text }))
  );
  await clock.settle();
  assert.deepEqual(textsOf(upstream), ["a"]);
  upstream.next.answer(answerOf(200, { headers: [VIA] }));
  await clock.settle();
  assert.deepEqual(textsOf(upstream), ["a", "b"]);
  upstream.next.answer(answerOf(200, { headers: [VIA] }));
  await clock.settle();
  upstream.next.answer(answerOf(200, { headers: [VIA] }));
  assert.deepEqual(textsOf(upstream), ["a", "b", "c"]);
  for (const { answer } of tickets) assert.equal((await answer).status, 200);
  await dispatcher.drain(0);
});

Deno.test("a 429 is waited out, and nobody overtakes", async () => {
  const { clock, upstream, dispatcher } = queueOf();
  const first = dispatcher.submit(requestOf("POST", { text: "a" }));
  const second = dispatcher.submit(requestOf("POST", { text: "b" }));
  await clock.settle();
  upstream.next.answer(limited(1.5));
  await clock.advance(1_400);
  assert.deepEqual(textsOf(upstream), ["a"]);
  await clock.advance(600);
  assert.deepEqual(textsOf(upstream), ["a", "a"]);
  upstream.next.answer(answerOf(200, { headers: [VIA] }));
  const answer = await first.answer;
  assert.equal(headerOf(answer.headers, "x-rest-attempts"), "2");
  await clock.advance(2_000);
  upstream.next.answer(answerOf(200, { headers: [VIA] }));
  assert.equal((await second.answer).status, 200);
  assert.deepEqual(textsOf(upstream), ["a", "a", "b"]);
  await dispatcher.drain(0);
});

Deno.test("a 429 beyond the longest wait is Discord's word to the caller", async () => {
  const { clock, upstream, dispatcher } = queueOf();
  const ticket = dispatcher.submit(requestOf("POST", { text: "a" }));
  await clock.settle();
  upstream.next.answer(limited(61));
  assert.equal((await ticket.answer).status, 429);
  await dispatcher.drain(0);
});

Deno.test("a connection that fails is tried again in its place", async () => {
  const { clock, upstream, dispatcher } = queueOf();
  const first = dispatcher.submit(requestOf("POST", { text: "a" }));
  dispatcher.submit(requestOf("POST", { text: "b" }));
  await clock.settle();
  upstream.next.fail(unsent());
  await clock.advance(100);
  assert.deepEqual(textsOf(upstream), ["a", "a"]);
  upstream.next.fail(unsent());
  await clock.advance(200);
  upstream.next.answer(answerOf(200, { headers: [VIA] }));
  await first.answer;
  await clock.advance(1_000);
  assert.deepEqual(textsOf(upstream), ["a", "a", "a", "b"]);
  await dispatcher.drain(0);
});

Deno.test("a 401 on the bot's token is checked once, and only the check's 401 locks the bot", async () => {
  for (const status of [200, 401]) {
    const { clock, upstream, dispatcher } = queueOf();
    const ticket = dispatcher.submit(requestOf("GET"));
    await clock.settle();
    upstream.next.answer(answerOf(401, { headers: [VIA] }));
    assert.equal((await ticket.answer).status, 401);
    await clock.settle();
    assert.equal(upstream.next.request.target.path, "/users/@me");
    upstream.next.answer(answerOf(status, { headers: [VIA] }));
    await clock.settle();
    const after = dispatcher.submit(requestOf("GET"));
    if (status === 401) {
      assert.equal((await refusalOf(after.answer)).code, "token_rejected");
    } else {
      await clock.settle();
      upstream.next.answer(answerOf(200, { headers: [VIA] }));
      assert.equal((await after.answer).status, 200);
    }
    await dispatcher.drain(0);
  }
});

Deno.test("a deadline that passes is refused as unsent", async () => {
  const { clock, upstream, dispatcher } = queueOf();
  dispatcher.submit(requestOf("POST", { text: "a" }));
  const late = dispatcher.submit(
    requestOf("POST", { text: "b", leaveWithinMs: 2_000 }),
  );
  const refusal = refusalOf(late.answer);
  await clock.advance(2_100);
  const { code, sent } = await refusal;
  assert.equal(code, "deadline");
  assert.ok(sent === false);
  upstream.next.answer(answerOf(200, { headers: [VIA] }));
  await dispatcher.drain(0);
});

// How the first try ends, two seconds before which the request had to have left.
const FIRST_ENDS: ReadonlyArray<readonly [string, (send: Send) => void]> = [
  ["no connection", (send) => send.fail(unsent())],
  ["a lost one", (send) => send.fail(lost())],
  ["a 502", (send) => send.answer(answerOf(502, { headers: [VIA] }))],
  ["a 429", (send) => send.answer(limited(1))],
];

for (const [end, come] of FIRST_ENDS) {
  Deno.test(`a deadline is met by leaving once: after ${end} the next try may come later`, async () => {
    const { clock, upstream, dispatcher } = queueOf();
    const { answer } = dispatcher.submit(
      requestOf("PUT", { text: "a", leaveWithinMs: 2_000 }),
    );
    await clock.advance(1_950);
    come(upstream.next);
    await clock.advance(5_000);
    assert.equal(upstream.sends.length, 2);
    upstream.next.answer(answerOf(204, { headers: [VIA] }));
    assert.equal((await answer).status, 204);
    await dispatcher.drain(0);
  });
}

const step = fc.record({
  kind: fc.constantFrom(
    "submit",
    "submit",
    "submit",
    "leave",
    "cancel",
    "answer",
    "answer",
    "lose",
    "advance",
  ),
  method: fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE"),
  path: fc.constantFrom(
    "/channels/1/messages",
    "/channels/2/messages",
    "/channels/1",
    "/guilds/3",
  ),
  status: fc.constantFrom(200, 200, 200, 401, 404, 429, 502),
  at: fc.nat(10),
});

Deno.test("whatever happens, every request in the queue ends once traffic is answered again", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40, size: "max" }),
      async (steps) => {
        const { clock, upstream, dispatcher } = queueOf();
        const ends: unknown[] = [];
        const callers: Submission[] = [];
        for (const { kind, method, path, status, at } of steps) {
          const open = upstream.sends.filter(({ isOpen }) => isOpen);
          if (kind === "submit") {
            const text = method === "GET" ? {} : { text: String(at) };
            const request = requestOf(method, { path, ...text });
            const caller = submitWith({ dispatcher }, request);
            const note = (end: unknown) => void ends.push(end);
            caller.answer.then(note, note);
            callers.push(caller);
          } else if (kind === "leave") callers[at]?.leave();
          else if (kind === "cancel") callers[at]?.ticket.cancel();
          else if (kind === "lose") open[at]?.fail(lost());
          else if (kind === "advance") await clock.advance(at * 200);
          else {
            const answer = status === 429
              ? limited(0.5)
              : answerOf(status, { headers: [VIA] });
            open[at]?.answer(answer);
          }
          await clock.settle();
        }
        // From here on Discord answers everything: nothing may be left behind.
        for (let turn = 0; turn < 200; turn++) {
          for (const send of upstream.sends) {
            if (send.isOpen) send.answer(answerOf(200, { headers: [VIA] }));
          }
          await clock.advance(500);
        }
        assert.equal(ends.length, callers.length);
        for (const end of ends) {
          if (end instanceof Error) assert.ok(end instanceof Refusal);
        }
        const { waiting, inFlight } = dispatcher.control.snapshot();
        assert.equal(waiting + inFlight, 0);
        await dispatcher.drain(0);
        assert.equal(clock.timerCount, 0);
      },
    ),
    { seed: 20_261_102, numRuns: 100 },
  );
});

Deno.test("a second try that is refused when its first is left behind has its refusal, and the first goes on", async () => {
  const queue = queueOf();
  const { clock, upstream, scheduler, dispatcher } = queue;
  const write = requestOf("POST", { text: "a" });
  const first = submitWith(queue, write);
  await clock.advance(15_000);
  // Waits for the answer to the first, as everything of one channel does.
  const second = submitWith(queue, write);
  await clock.settle();
  // The scheduler gives the second up; the dispatcher hears of it when it polls.
  const isRejected = true;
  scheduler.credentialChecked(write.identity.id, isRejected, clock.nowMs());
  first.leave();
  // Moves nothing, and has it poll.
  dispatcher.reassign({
    fromId: "nobody",
    to: write.identity,
    isIncluded: () => false,
  });
  await clock.settle();
  assert.equal((await refusalOf(second.answer)).code, "token_rejected");
  upstream.next.answer(answerOf(200, { headers: [VIA] }));
  assert.ok((await refusalOf(first.answer)).sent);
  assert.equal(upstream.sends.length, 1);
  await dispatcher.drain(0);
});
