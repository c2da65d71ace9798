import assert from "node:assert/strict";
import type { Answer } from "../../../rest/domain/answer.ts";
import { type HeaderList, headerOf } from "../../../rest/domain/headers.ts";
import { Refusal } from "../../../rest/domain/refusal.ts";
import { ownAnswer } from "../../../rest/listener/own_answer.ts";
import { outgoingAnswer } from "../../../rest/listener/http/outgoing_answer.ts";
import type { HttpSettings } from "../../../rest/listener/http/handler_context.ts";
import { answerOf, KEY, SETTINGS, startBench } from "../_bench.ts";
import { headerIn, type RawResponse, writeAll } from "../_raw_http.ts";

const JSON_TYPE = ["content-type", "application/json"] as const;

/** Has Discord answer so, and reads what a caller that takes every encoding gets. */
async function relayed(
  answer: Partial<Answer>,
  settings: Partial<HttpSettings> = {},
): Promise<RawResponse> {
  await using bench = await startBench({ settings });
  bench.answer = answerOf(answer);
  return await bench.send(
    "GET /gateway",
    "Accept-Encoding: gzip, deflate, br\r\n",
  );
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function streamOf(
  ...chunks: string[]
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return ReadableStream.from(chunks.map(bytesOf));
}

/** All header fields but those of the connection. */
function fieldsOf({ headers }: RawResponse): HeaderList {
  const own = new Set([
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "transfer-encoding",
  ]);
  return headers.filter(([name]) => !own.has(name));
}

Deno.test("headers cross in their order, repeats and latin1 bytes kept", async () => {
  const headers: HeaderList = [
    JSON_TYPE,
    ["x-b", "2"],
    ["x-a", "1"],
    ["x-b", "3"],
    ["via", "1.1 google"],
    ["x-latin", "caf\xe9"],
    ["x-empty", ""],
    ["cf-ray", "8f"],
  ];
  const response = await relayed({ headers });
  assert.deepEqual(
    fieldsOf(response).toSorted(),
    headers.toSorted(),
  );
  assert.deepEqual(
    response.headers.filter(([name]) => name === "x-b"),
    [["x-b", "2"], ["x-b", "3"]],
  );
});

Deno.test("Discord's Date crosses and is not joined by another", async () => {
  const date = "Tue, 01 Jan 2030 00:00:00 GMT";
  const { headers } = await relayed({ headers: [["date", date]] });
  assert.deepEqual(headers.filter(([name]) => name === "date"), [[
    "date",
    date,
  ]]);
});

for (const length of [10, 64, 1_000, 100_000]) {
  Deno.test(`the runtime compresses none of ${length} bytes of JSON`, async () => {
    const body = "a".repeat(length);
    for (const sent of [bytesOf(body), streamOf(body)]) {
      const response = await relayed({ headers: [JSON_TYPE], body: sent });
      assert.equal(headerIn(response, "content-encoding"), undefined);
      assert.equal(headerIn(response, "vary"), undefined);
      assert.equal(headerIn(response, "content-type"), "application/json");
      assert.equal(response.body, body);
    }
  });
}

Deno.test("a compressed answer crosses with its bytes, encoding and length", async () => {
  const packed = await new Response(
    streamOf("x".repeat(1_000)).pipeThrough(new CompressionStream("gzip")),
  ).bytes();
  const headers: HeaderList = [
    JSON_TYPE,
    ["content-encoding", "gzip"],
    ["content-length", String(packed.length)],
  ];
  const stream = ReadableStream.from([packed]);
  for (const body of [packed, stream]) {
    const response = await relayed({ headers, body });
    assert.equal(headerIn(response, "content-encoding"), "gzip");
    assert.equal(headerIn(response, "content-length"), String(packed.length));
    assert.deepEqual(bytesOf(response.body), packed);
  }
});

Deno.test("a length that is not the body's does not cross with a whole body", async () => {
  const headers: HeaderList = [["content-length", "99"]];
  const response = await relayed({ headers, body: bytesOf("four") });
  assert.equal(headerIn(response, "content-length"), "4");
  assert.equal(response.body, "four");
});

Deno.test("a stream without a length crosses whole", async () => {
  const response = await relayed({ body: streamOf("one ", "two") });
  assert.equal(response.body, "one two");
});

for (
  const status of [
    200,
    201,
    202,
    204,
    205,
    301,
    304,
    400,
    404,
    429,
    500,
    502,
    524,
    599,
  ]
) {
  Deno.test(`status ${status} crosses with no body at all`, async () => {
    const response = await relayed({
      status,
      headers: [["x-a", "b"], ["content-length", "0"]],
      body: undefined,
    });
    assert.equal(response.status, status);
    assert.deepEqual(fieldsOf(response), [["x-a", "b"]]);
    assert.equal(response.body, "");
  });
}

for (const status of [204, 205, 304]) {
  Deno.test(`a body that ${status} must not have is dropped and its stream let go`, async () => {
    let isCancelled = false;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      cancel() {
        isCancelled = true;
      },
    });
    assert.equal((await relayed({ status, body })).status, status);
    assert.ok(isCancelled);
    assert.equal((await relayed({ status, body: bytesOf("x") })).body, "");
  });
}

Deno.test("a status no server can send is refused and its stream let go", () => {
  for (const status of [0, 101, 199, 600, 999]) {
    let isCancelled = false;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      cancel() {
        isCancelled = true;
      },
    });
    assert.throws(
      () => outgoingAnswer(answerOf({ status, body }), SETTINGS),
      (error) =>
        error instanceof Refusal && error.code === "outcome_unknown" &&
        error.sent === true &&
        error.message ===
          `Cannot pass on the answer: ${status} is no status of HTTP`,
    );
    assert.ok(isCancelled);
  }
});

const STRIPPED = { areRateLimitHeadersStripped: true };

const LIMITS: HeaderList = [
  ["x-ratelimit-limit", "5"],
  ["x-ratelimit-reset-after", "1.000"],
  ["x-ratelimit-bucket", "abcd"],
];

Deno.test("rate-limit headers cross unless they are switched off", async () => {
  const headers = [JSON_TYPE, ...LIMITS];
  assert.deepEqual(fieldsOf(await relayed({ headers })), headers);
  assert.deepEqual(fieldsOf(await relayed({ headers }, STRIPPED)), [JSON_TYPE]);
});

Deno.test("a 429 of Discord's keeps its rate-limit headers either way", async () => {
  const headers = [JSON_TYPE, ...LIMITS, ["retry-after", "65"] as const];
  const response = await relayed({ status: 429, headers }, STRIPPED);
  assert.deepEqual(fieldsOf(response), headers);
});

Deno.test("an answer of the proxy's own keeps its signature", () => {
  const { headers } = outgoingAnswer(
    ownAnswer(202, { id: "1" }, "kept", [["retry-after", "1"]]),
    { areRateLimitHeadersStripped: false, isServerTimingOn: false },
  );
  assert.equal(headerOf(headers, "x-rest-proxy"), "kept");
  assert.equal(headerOf(headers, "retry-after"), "1");
});

Deno.test("no answer of Discord's carries our signature", async () => {
  const headers: HeaderList = [JSON_TYPE, ["x-rest-proxy", "overloaded"]];
  assert.deepEqual(fieldsOf(await relayed({ headers })), [JSON_TYPE]);
});

Deno.test("a caller that leaves in the middle lets the stream go", async () => {
  await using bench = await startBench();
  const { promise: cancelled, resolve } = Promise.withResolvers<void>();
  let pulled = 0;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      pulled++;
      controller.enqueue(new Uint8Array(64 * 1024));
    },
    cancel: () => resolve(),
  });
  bench.answer = answerOf({ body });
  const connection = await Deno.connect({
    hostname: "127.0.0.1",
    port: bench.port,
  });
  await writeAll(
    connection,
    `GET /gateway HTTP/1.1\r\nHost: proxy\r\nAuthorization: ${KEY}\r\n\r\n`,
  );
  await connection.read(new Uint8Array(1_000));
  connection.close();
  await cancelled;
  // A reader that takes nothing more makes the source wait: no more than what
  // the sockets' own buffers hold (a few MiB) was asked of it.
  assert.ok(pulled < 1_000, `${pulled} chunks were asked for`);
});

Deno.test("an answer that breaks off is told as a fact, without its words", async () => {
  await using bench = await startBench();
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      controller.error(new Error("https://discord.com/api/webhooks/1/secret"));
    },
  });
  bench.answer = answerOf({ body });
  await assert.rejects(bench.send("GET /gateway"), /Cut off/);
  assert.deepEqual(bench.facts, [{
    kind: "warning",
    message: "An answer broke off on its way to the caller",
  }]);
});
