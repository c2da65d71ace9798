import assert from "node:assert/strict";
import {
  RequestReader,
  type WireRequest,
} from "../../../sim/http/request_reader.ts";
import { fc } from "../../deps.ts";

/** Feeds bytes in these pieces and returns what was read. */
function read(
  pieces: readonly Uint8Array[],
  change: { keepBytes?: number; bodyLimitBytes?: number } = {},
): WireRequest[] {
  const requests: WireRequest[] = [];
  const reader = new RequestReader({
    keepBytes: change.keepBytes ?? 1_000,
    bodyLimitBytes: () => change.bodyLimitBytes ?? 1_000_000,
    createHash: sumHash,
    onRequest: (request) => requests.push(request),
    onExpect: () => {},
  });
  for (const piece of pieces) reader.push(piece);
  return requests;
}

/** A digest good enough to notice a byte that is lost, doubled or moved. */
function sumHash(): { update(chunk: Uint8Array): void; hex(): string } {
  let sum = 7;
  return {
    update: (chunk) => {
      for (const byte of chunk) sum = (sum * 31 + byte) % 1_000_000_007;
    },
    hex: () => sum.toString(16),
  };
}

const bytesOf = (text: string) =>
  Uint8Array.from(text, (letter) => letter.charCodeAt(0));

const STREAM = bytesOf(
  "GET /api/a?x='1 HTTP/1.1\r\nA: 1\r\n\r\n" +
    "POST /api/b HTTP/1.1\r\nContent-Length: 12\r\n\r\nhello\r\n\r\nyou" +
    "PUT /api/c HTTP/1.1\r\ntransfer-encoding: Chunked\r\n\r\n" +
    "5\r\nhello\r\n6;e=1\r\n\r\n\r\nok\r\n0\r\nTrailer: 1\r\n\r\n" +
    "DELETE /api/d HTTP/1.1\r\nConnection: close\r\n\r\n",
);

Deno.test("requests read the same however their bytes are cut", () => {
  const whole = read([STREAM]);
  assert.deepEqual(whole.map(({ method }) => method), [
    "GET",
    "POST",
    "PUT",
    "DELETE",
  ]);
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: STREAM.length - 1 }), {
        maxLength: 40,
      }),
      (cuts) => {
        const ends = [...new Set(cuts)].sort((a, b) => a - b);
        const pieces = [...ends, STREAM.length].map((end, index) =>
          STREAM.slice(ends[index - 1] ?? 0, end)
        );
        assert.deepEqual(read(pieces), whole);
      },
    ),
    { seed: 20267, numRuns: 500 },
  );
});

Deno.test("a body beyond what is kept is counted and hashed whole", () => {
  const [request] = read(
    [bytesOf("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n0123456789")],
    { keepBytes: 4 },
  );
  const [kept] = read(
    [bytesOf("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n0123456789")],
  );
  assert.equal(request?.body.length, 4);
  assert.equal(request?.bodyBytes, 10);
  assert.equal(request?.bodySha256, kept?.bodySha256);
});

for (
  const [what, text, status] of [
    ["no version", "GET /\r\n\r\n", 400],
    ["a field without a colon", "GET / HTTP/1.1\r\nnonsense\r\n\r\n", 400],
    [
      "a length that is no number",
      "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
      400,
    ],
    [
      "a chunk size that is none",
      "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      400,
    ],
    [
      "a length over the limit",
      "POST / HTTP/1.1\r\nContent-Length: 101\r\n\r\n",
      413,
    ],
    [
      "chunks over the limit",
      `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n${
        "x".repeat(101)
      }\r\n`,
      413,
    ],
    ["a head without end", `GET / HTTP/1.1\r\nA: ${"x".repeat(140_000)}`, 431],
  ] as const
) {
  Deno.test(`${what} is refused with ${status} and ends the reading`, () => {
    const after = bytesOf("GET / HTTP/1.1\r\n\r\n");
    const requests = read([bytesOf(text), after], { bodyLimitBytes: 100 });
    assert.deepEqual(
      requests.map((
        { refusedWith, isKeptAlive },
      ) => [refusedWith, isKeptAlive]),
      [[status, false]],
    );
  });
}
