import assert from "node:assert/strict";
import type { Submitter } from "../../../rest/domain/ports.ts";
import {
  exchange,
  headerIn,
  type RawResponse,
  readResponse,
  writeAll,
} from "../_raw_http.ts";
import { answerOf, type Bench, KEY, SETTINGS, startBench } from "../_bench.ts";

const KIB = 1024;
const LIMIT = SETTINGS.bodyLimitBytes;
const START = `POST /channels/1/messages HTTP/1.1\r\nHost: proxy\r\n`;
const WITH_KEY = `${START}Authorization: ${KEY}\r\n`;

function post(length: number, body = "x".repeat(length)): string {
  return `${WITH_KEY}Content-Length: ${length}\r\n\r\n${body}`;
}

function chunked(...chunks: string[]): string {
  const framed = chunks.map((chunk) =>
    `${chunk.length.toString(16)}\r\n${chunk}\r\n`
  );
  return `${WITH_KEY}Transfer-Encoding: chunked\r\n\r\n${
    framed.join("")
  }0\r\n\r\n`;
}

function codeOf({ status, body }: RawResponse): string {
  return `${status} ${JSON.parse(body).code}`;
}

async function connect(port: number, text: string): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await writeAll(connection, text);
  return connection;
}

/** Waits for the handler to have got where a test wants it: sockets take real time. */
async function until(isThere: () => boolean): Promise<void> {
  for (let turn = 0; turn < 2_000 && !isThere(); turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.ok(isThere());
}

/** A submitter whose requests wait until they are let go. */
function createHoldingSubmitter() {
  const waiting: Array<() => void> = [];
  let mostAtOnce = 0;
  const submitter: Submitter = {
    submit() {
      const { promise, resolve } = Promise.withResolvers<
        ReturnType<typeof answerOf>
      >();
      waiting.push(() => resolve(answerOf()));
      mostAtOnce = Math.max(mostAtOnce, waiting.length);
      return { answer: promise, cancel: () => "done" };
    },
  };
  return {
    submitter,
    waiting,
    letOneGo: () => waiting.shift()?.(),
    get mostAtOnce() {
      return mostAtOnce;
    },
  };
}

const CROSSING = [
  ["just under the small size", 64 * KIB - 1],
  ["at the small size", 64 * KIB],
  ["just over the small size", 64 * KIB + 1],
  ["just under the limit", LIMIT - 1],
  ["at the limit", LIMIT],
] as const;

for (const [size, length] of CROSSING) {
  Deno.test(`a body ${size} crosses byte for byte, declared and chunked`, async () => {
    await using bench = await startBench();
    const body = Array.from(
      { length },
      (_, index) => String.fromCharCode(index % 251),
    ).join("");
    await exchange(bench.port, post(length, body));
    await exchange(bench.port, chunked(body.slice(0, 1000), body.slice(1000)));
    for (const request of bench.submitted) {
      assert.equal(request.body?.length, length);
      assert.ok(request.body.every((byte, index) => byte === index % 251));
    }
    assert.equal(bench.submitted.length, 2);
  });
}

Deno.test("a body just over the limit is refused, declared and chunked", async () => {
  await using bench = await startBench();
  const body = "x".repeat(LIMIT + 1);
  for (
    const text of [
      post(LIMIT + 1, body),
      chunked(body),
      chunked(body.slice(1), "x"),
    ]
  ) {
    const response = await exchange(bench.port, text);
    assert.equal(codeOf(response), "413 too_large");
    assert.equal(
      JSON.parse(response.body).message,
      "Cannot take the body: it has more than 1048576 bytes (REST_BODY_LIMIT_MIB)",
    );
    assert.equal(headerIn(response, "connection"), "close");
  }
  assert.equal(bench.submitted.length, 0);
});

Deno.test("a declared length over the limit is refused before a byte of the body is sent", async () => {
  await using bench = await startBench();
  const text = `${WITH_KEY}Content-Length: ${LIMIT + 1}\r\n\r\n`;
  assert.equal(codeOf(await exchange(bench.port, text)), "413 too_large");
});

Deno.test("a body limit above the whole budget is cut to it", async () => {
  await using bench = await startBench({
    settings: { bodyLimitBytes: LIMIT, heldLimitBytes: LIMIT },
  });
  // A quarter is kept for small bodies and callbacks.
  const most = LIMIT / 4 * 3;
  assert.equal((await exchange(bench.port, post(most))).status, 200);
  assert.equal(
    codeOf(await exchange(bench.port, post(most + 1))),
    "413 too_large",
  );
});

for (
  const [how, lines] of [
    ["with a length", "Content-Length: 50000\r\n"],
    ["with Expect", "Content-Length: 50000\r\nExpect: 100-continue\r\n"],
    ["in chunks", "Transfer-Encoding: chunked\r\n"],
  ]
) {
  Deno.test(`a caller without the key is refused before a byte of its body is sent ${how}`, async () => {
    await using bench = await startBench();
    const response = await exchange(bench.port, `${START}${lines}\r\n`);
    assert.equal(codeOf(response), "401 unauthorized");
    assert.equal(bench.submitted.length, 0);
  });
}

Deno.test("no body, an empty body and a body told apart", async () => {
  await using bench = await startBench();
  await exchange(bench.port, `${WITH_KEY}\r\n`);
  await exchange(bench.port, post(0));
  await exchange(bench.port, post(1));
  await exchange(bench.port, chunked());
  assert.deepEqual(
    bench.submitted.map((request) => request.body?.length),
    [undefined, 0, 1, undefined],
  );
});

Deno.test("a GET with a body crosses with it, declared and chunked", async () => {
  await using bench = await startBench();
  await bench.send("GET /gateway", "Content-Length: 2\r\n", "{}");
  await bench.send(
    "GET /gateway",
    "Transfer-Encoding: chunked\r\n",
    "2\r\n{}\r\n0\r\n\r\n",
  );
  for (const { body } of bench.submitted) {
    assert.deepEqual(body, new TextEncoder().encode("{}"));
  }
  assert.equal(bench.submitted.length, 2);
});

Deno.test("a DELETE with a body crosses with it", async () => {
  await using bench = await startBench();
  await bench.send("DELETE /x/1", "Content-Length: 2\r\n", "{}");
  assert.deepEqual(bench.submitted[0]?.body, new TextEncoder().encode("{}"));
});

/** Starts a body that stops half-way; gives the clock the time it names. */
async function stall(
  bench: Bench,
  text: string,
  ms: number,
): Promise<RawResponse> {
  const connection = await connect(bench.port, text);
  try {
    await until(() => bench.clock.timerCount === 1);
    await bench.clock.advance(ms);
    return await readResponse(connection);
  } finally {
    connection.close();
  }
}

for (
  const [how, text] of [
    ["small", post(1_000, "x")],
    ["large", post(LIMIT, "x")],
    ["in chunks", `${WITH_KEY}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n`],
  ] as const
) {
  Deno.test(`a body that stops half-way is given up, ${how}`, async () => {
    await using bench = await startBench();
    const response = await stall(bench, text, SETTINGS.bodyTimeoutMs + 1);
    assert.equal(codeOf(response), "408 body_timeout");
    assert.equal(
      JSON.parse(response.body).message,
      "Cannot read the body: it had not come within 30000 ms",
    );
    assert.equal(headerIn(response, "connection"), "close");
    assert.equal(bench.clock.timerCount, 0);
    // All of the budget is there again.
    assert.equal((await exchange(bench.port, post(LIMIT))).status, 200);
  });
}

Deno.test("a body that comes slowly but steadily is read to its end", async () => {
  await using bench = await startBench();
  const connection = await connect(bench.port, post(256 * KIB, ""));
  const quarter = "x".repeat(64 * KIB);
  for (let part = 0; part < 4; part++) {
    await writeAll(connection, quarter);
    await until(() =>
      bench.clock.timerCount === 1 || bench.submitted.length === 1
    );
    // Longer in all than the time-out, but faster than 32 KiB per second.
    if (part < 3) await bench.clock.advance(SETTINGS.bodyTimeoutMs / 3);
  }
  assert.equal((await readResponse(connection)).status, 200);
  connection.close();
});

Deno.test("uploads beyond the budget wait for room and all go through", async () => {
  const holding = createHoldingSubmitter();
  // A fiftieth of the real thing: 50 uploads of 512 KiB within three quarters of 10 MiB.
  await using bench = await startBench({
    submitter: holding.submitter,
    settings: { heldLimitBytes: 10 * 1024 * KIB },
  });
  const uploads = Array.from(
    { length: 50 },
    () => exchange(bench.port, post(512 * KIB)),
  );
  let done = 0;
  for (const upload of uploads) upload.then(() => done++);
  await until(() => holding.waiting.length > 0);
  while (done < 50) {
    holding.letOneGo();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.ok(holding.mostAtOnce <= 15, `${holding.mostAtOnce}`);
  for (const upload of uploads) assert.equal((await upload).status, 200);
});

Deno.test("chunked uploads that outgrow the allowance all at once never block each other", async () => {
  // Room for one body of the full size, and many that each might need it.
  await using bench = await startBench({
    settings: { bodyLimitBytes: 256 * KIB, heldLimitBytes: 342 * KIB },
  });
  const part = "x".repeat(60 * KIB);
  const uploads = Array.from(
    { length: 12 },
    () => exchange(bench.port, chunked(part, part, part)),
  );
  for (const upload of uploads) assert.equal((await upload).status, 200);
  assert.equal(bench.submitted.length, 12);
});

Deno.test("a caller that finds no room in time is told to come back", async () => {
  const holding = createHoldingSubmitter();
  await using bench = await startBench({
    submitter: holding.submitter,
    settings: { bodyLimitBytes: 256 * KIB, heldLimitBytes: 342 * KIB },
  });
  const first = exchange(bench.port, post(256 * KIB));
  await until(() => holding.waiting.length === 1);
  const second = await stall(bench, post(200 * KIB), SETTINGS.roomWaitMs);
  assert.equal(codeOf(second), "429 overloaded");
  assert.match(
    JSON.parse(second.body).message,
    /^Cannot hold the body: there was no room for its \d+ bytes within 10000 ms \(REST_HELD_LIMIT_MIB\)$/,
  );
  holding.letOneGo();
  assert.equal((await first).status, 200);
});

Deno.test("a caller that vanishes amid its upload gives its room back", async () => {
  const holding = createHoldingSubmitter();
  await using bench = await startBench({
    submitter: holding.submitter,
    settings: { bodyLimitBytes: 256 * KIB, heldLimitBytes: 342 * KIB },
  });
  const vanishing = await connect(bench.port, post(256 * KIB, "x".repeat(99)));
  await until(() => bench.clock.timerCount === 1);
  // What the older one may still need is not the younger one's.
  const second = exchange(bench.port, post(250 * KIB));
  await until(() => bench.clock.timerCount === 2);
  assert.equal(holding.waiting.length, 0);
  vanishing.close();
  await until(() => holding.waiting.length === 1);
  holding.letOneGo();
  assert.equal((await second).status, 200);
});

Deno.test("the time of a body that waits for 100 Continue behind another answer begins when that is sent", async () => {
  const holding = createHoldingSubmitter();
  await using bench = await startBench({ submitter: holding.submitter });
  const connection = await connect(
    bench.port,
    `GET /gateway HTTP/1.1\r\nHost: proxy\r\nAuthorization: ${KEY}\r\n\r\n` +
      `${WITH_KEY}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n`,
  );
  await until(() => holding.waiting.length === 1);
  await bench.clock.advance(SETTINGS.bodyTimeoutMs + 1);
  holding.letOneGo();
  let seen = "";
  const buffer = new Uint8Array(4_096);
  while (!seen.includes(" 100 Continue")) {
    seen += new TextDecoder().decode(
      buffer.subarray(0, await connection.read(buffer) ?? 0),
    );
  }
  await bench.clock.advance(SETTINGS.bodyTimeoutMs - 1);
  await bench.clock.advance(2);
  const late = await readResponse(connection);
  assert.equal(codeOf(late), "408 body_timeout");
  connection.close();
});

Deno.test("a body cut off half-way is never submitted", async () => {
  await using bench = await startBench();
  const connection = await connect(bench.port, post(1_000, "x"));
  await until(() => bench.clock.timerCount === 1);
  connection.close();
  await until(() => bench.facts.length === 1);
  assert.deepEqual(bench.facts, [{
    kind: "refused",
    code: "bad_request",
    label: "POST /channels/{channel_id}/messages",
    caller: "main@127.0.0.1",
    detail: "Cannot read the body: it broke off or its chunks are malformed",
  }]);
  assert.equal(bench.submitted.length, 0);
});

Deno.test("malformed chunks are refused and never submitted", async () => {
  await using bench = await startBench();
  // What comes with the headers the runtime judges by itself, without a word.
  const connection = await connect(
    bench.port,
    `${WITH_KEY}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n`,
  );
  await until(() => bench.clock.timerCount === 1);
  await writeAll(connection, "zz\r\nx\r\n0\r\n\r\n");
  const response = await readResponse(connection);
  connection.close();
  assert.equal(codeOf(response), "400 bad_request");
  assert.equal(
    JSON.parse(response.body).message,
    "Cannot read the body: it broke off or its chunks are malformed",
  );
  assert.equal(bench.submitted.length, 0);
});

Deno.test("what a body held is free again after any end of its request", async () => {
  await using bench = await startBench({
    submitter: {
      submit: () => {
        throw new Error("broken");
      },
    },
    settings: { bodyLimitBytes: 256 * KIB, heldLimitBytes: 342 * KIB },
  });
  for (let turn = 0; turn < 3; turn++) {
    assert.equal(
      codeOf(await exchange(bench.port, post(256 * KIB))),
      "500 internal",
    );
  }
});
