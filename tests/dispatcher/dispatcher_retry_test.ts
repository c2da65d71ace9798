import assert from "node:assert/strict";
import { headerOf } from "../../rest/domain/headers.ts";
import type { RefusalCode } from "../../rest/domain/refusal.ts";
import { METHODS } from "../../rest/domain/request.ts";
import {
  answerOf,
  type Bench,
  benchOf,
  bytesOf,
  refusalOf,
  requestOf,
  streamOf,
  textOf,
} from "./_builders.ts";
import { queueOf } from "./_queue.ts";
import { lost, timedOut, unsent } from "./_scripted_upstream.ts";

/** Ends every send alike, however often it is tried. */
async function endAll(bench: Bench, end: () => Error | number): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    await bench.clock.settle();
    for (const send of bench.upstream.sends) {
      if (!send.isOpen) continue;
      const ended = end();
      if (typeof ended === "number") send.answer(answerOf(ended));
      else send.fail(ended);
    }
    await bench.clock.advance(5_000);
  }
}

Deno.test("a connection that never opens is tried for seven times with every method, then refused as unsent", async () => {
  for (const method of METHODS) {
    const bench = benchOf();
    const ticket = bench.dispatcher.submit(requestOf(method));
    const refusal = refusalOf(ticket.answer);
    await endAll(bench, () => unsent("ENETUNREACH"));
    const { code, message, sent } = await refusal;
    assert.equal(bench.upstream.sends.length, 7, method);
    assert.equal(code, "unreachable");
    assert.ok(sent === false);
    assert.equal(
      message,
      "Cannot reach Discord: 7 tries, the last ended with ENETUNREACH at discord.test:443",
    );
    assert.equal(bench.scheduler.settled.at(-1)?.outcome.kind, "lost");
  }
});

Deno.test("a connection that opens at the third try is the caller's with 3 attempts", async () => {
  const bench = benchOf();
  const ticket = bench.dispatcher.submit(requestOf("POST"));
  await bench.clock.settle();
  bench.upstream.next.fail(unsent());
  await bench.clock.advance(100);
  bench.upstream.next.fail(unsent());
  await bench.clock.advance(200);
  bench.upstream.next.answer(answerOf());
  const { headers } = await ticket.answer;
  assert.equal(headerOf(headers, "x-rest-attempts"), "3");
  assert.deepEqual(bench.upstream.sends.map(({ atMs }) => atMs), [0, 100, 300]);
});

// What comes of a send that always ends alike: tries, and the refusal at the end.
const LOST: ReadonlyArray<
  readonly [
    method: "GET" | "PUT" | "DELETE" | "POST" | "PATCH",
    end: () => Error,
    sends: number,
    code: RefusalCode,
    message: string,
  ]
> = [
  ...(["GET", "PUT", "DELETE"] as const).flatMap((method) =>
    [
      [
        method,
        lost,
        4,
        "unreachable",
        "Cannot reach Discord: 4 tries, the last ended with UND_ERR_SOCKET at discord.test:443",
      ],
      [
        method,
        timedOut,
        4,
        "upstream_timeout",
        "Cannot get an answer from Discord in time: 4 tries, the last ended with UND_ERR_HEADERS_TIMEOUT at discord.test:443",
      ],
    ] as const
  ),
  ...(["POST", "PATCH"] as const).flatMap((method) =>
    [
      [
        method,
        lost,
        1,
        "outcome_unknown",
        "Cannot tell whether Discord ran the request: the connection failed after it was sent (UND_ERR_SOCKET at discord.test:443); look before sending it again",
      ],
      [
        method,
        timedOut,
        1,
        "outcome_unknown",
        "Cannot tell whether Discord ran the request: the connection failed after it was sent (UND_ERR_HEADERS_TIMEOUT at discord.test:443); look before sending it again",
      ],
    ] as const
  ),
];

Deno.test("what may have arrived is repeated three times for GET, PUT and DELETE, and never for POST and PATCH", async () => {
  for (const [method, end, sends, code, message] of LOST) {
    const bench = benchOf();
    const refusal = refusalOf(
      bench.dispatcher.submit(requestOf(method)).answer,
    );
    await endAll(bench, end);
    const refused = await refusal;
    assert.equal(bench.upstream.sends.length, sends, `${method} ${code}`);
    assert.equal(refused.code, code, method);
    assert.equal(refused.message, message, method);
    assert.equal(refused.sent, null, method);
  }
});

Deno.test("a single lost try is told in the singular", async () => {
  const bench = benchOf({ maxWaitMs: 0 });
  const ticket = bench.dispatcher.submit(requestOf());
  await bench.clock.settle();
  bench.upstream.next.fail(unsent());
  assert.equal(
    (await refusalOf(ticket.answer)).message,
    "Cannot reach Discord: 1 try, the last ended with ECONNREFUSED at discord.test:443",
  );
});

Deno.test("an unreachable end does not claim to be unsent when an earlier try may have arrived", async () => {
  const bench = benchOf();
  const refusal = refusalOf(bench.dispatcher.submit(requestOf("PUT")).answer);
  await bench.clock.settle();
  bench.upstream.next.fail(lost());
  await endAll(bench, () => unsent());
  assert.equal((await refusal).code, "unreachable");
  assert.equal((await refusal).sent, null);
});

Deno.test("a 502 is tried again for GET, PUT and DELETE, and the fourth one is handed back", async () => {
  for (const method of ["GET", "PUT", "DELETE"] as const) {
    const bench = benchOf();
    const ticket = bench.dispatcher.submit(requestOf(method));
    await endAll(bench, () => 502);
    const answer = await ticket.answer;
    assert.equal(answer.status, 502);
    assert.equal(headerOf(answer.headers, "x-rest-attempts"), "4");
    assert.equal(bench.upstream.sends.length, 4);
  }
});

Deno.test("a 502 to POST and PATCH is handed back at once, untouched", async () => {
  for (const method of ["POST", "PATCH"] as const) {
    const bench = benchOf();
    const ticket = bench.dispatcher.submit(requestOf(method));
    await bench.clock.settle();
    const { stream } = streamOf([bytesOf("bad gateway")]);
    bench.upstream.next.answer(answerOf(502, { body: stream }));
    const answer = await ticket.answer;
    assert.equal(answer.status, 502);
    assert.deepEqual(answer.headers, []);
    assert.equal(await textOf(answer), "bad gateway");
    assert.equal(bench.upstream.sends.length, 1);
  }
});

Deno.test("a 500 is nobody's to try again", async () => {
  const bench = benchOf();
  const ticket = bench.dispatcher.submit(requestOf("GET"));
  await bench.clock.settle();
  bench.upstream.next.answer(answerOf(500));
  assert.equal((await ticket.answer).status, 500);
});

Deno.test("a 202 is handed back, not waited out", async () => {
  const bench = benchOf();
  const ticket = bench.dispatcher.submit(requestOf("GET"));
  await bench.clock.settle();
  const text = '{"code":110000,"retry_after":2}';
  bench.upstream.next.answer(answerOf(202, { text }));
  assert.equal((await ticket.answer).status, 202);
});

Deno.test("the body of a 502 that is tried again is thrown away", async () => {
  const bench = benchOf();
  const ticket = bench.dispatcher.submit(requestOf("GET"));
  await bench.clock.settle();
  const { stream, state } = streamOf([bytesOf("bad gateway")]);
  bench.upstream.next.answer(answerOf(502, { body: stream }));
  await bench.clock.advance(200);
  assert.ok(state.isCancelled);
  bench.upstream.next.answer(answerOf(200));
  assert.equal((await ticket.answer).status, 200);
});

Deno.test("the scheduler hears of a 502 what it said of its bucket, and when to try again", async () => {
  const bench = benchOf();
  bench.dispatcher.submit(requestOf("GET"));
  await bench.clock.settle();
  bench.upstream.next.answer(answerOf(503, {
    headers: [["retry-after", "3"]],
  }));
  await bench.clock.settle();
  const outcome = bench.scheduler.settled[0]?.outcome;
  assert.ok(outcome?.kind === "retry");
  assert.equal(outcome.report?.status, 503);
  assert.equal(outcome.notBeforeMs, 3_000);
  await bench.dispatcher.drain(0);
});

const BAD = { text: "bad gateway" };

// The wait before the second try is 200 ms, asked for at 100 ms.
const LONGEST_WAITS: ReadonlyArray<readonly [ms: number, sends: number]> = [
  [299, 1],
  [300, 1],
  [301, 2],
];

Deno.test("no try begins once the longest wait is over: the caller has the end there is", async () => {
  for (const [maxWaitMs, sends] of LONGEST_WAITS) {
    const answered = queueOf({ maxWaitMs });
    const read = answered.dispatcher.submit(requestOf("GET"));
    await answered.clock.advance(100);
    answered.upstream.next.answer(answerOf(502, BAD));
    await answered.clock.advance(200);
    assert.equal(answered.upstream.sends.length, sends, `${maxWaitMs} ms`);
    if (sends === 2) answered.upstream.next.answer(answerOf(502, BAD));
    assert.equal(await textOf(await read.answer), "bad gateway");
    await answered.dispatcher.drain(0);

    const unopened = queueOf({ maxWaitMs });
    const refusal = refusalOf(
      unopened.dispatcher.submit(requestOf("POST")).answer,
    );
    await unopened.clock.advance(200);
    unopened.upstream.next.fail(unsent());
    await unopened.clock.advance(100);
    assert.equal(unopened.upstream.sends.length, sends, `${maxWaitMs} ms`);
    if (sends === 2) unopened.upstream.next.fail(unsent());
    assert.equal((await refusal).code, "unreachable");
    assert.ok((await refusal).sent === false);
    await unopened.dispatcher.drain(0);
  }
});

Deno.test("a scheduler that will not have a request again ends it with the end there is", async () => {
  const bench = benchOf();
  bench.scheduler.verdictOf = () => "done";
  const ticket = bench.dispatcher.submit(requestOf("POST"));
  await bench.clock.settle();
  bench.upstream.next.fail(unsent());
  assert.equal((await refusalOf(ticket.answer)).code, "unreachable");

  const read = bench.dispatcher.submit(requestOf("GET"));
  await bench.clock.settle();
  const { stream, state } = streamOf([bytesOf("bad gateway")]);
  bench.upstream.next.answer(answerOf(502, { body: stream }));
  const answer = await read.answer;
  assert.equal(answer.status, 502);
  assert.ok(state.isCancelled === false);
  assert.equal(await textOf(answer), "bad gateway");

  const limited = bench.dispatcher.submit(requestOf("POST"));
  await bench.clock.settle();
  bench.upstream.next.answer(answerOf(429, { text: "slow down" }));
  assert.equal(await textOf(await limited.answer), "slow down");
});
