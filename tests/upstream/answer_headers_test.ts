import assert from "node:assert/strict";
import {
  answerHeaders,
  type ReceivedHeaders,
} from "../../rest/upstream/answer_headers.ts";

type Field = readonly [name: string, value: string];

/** As undici hands the same headers over, twice. */
function receivedOf(fields: readonly Field[]): ReceivedHeaders {
  const read: Record<string, string | string[]> = {};
  for (const [spelling, value] of fields) {
    const name = spelling.toLowerCase();
    const before = read[name];
    read[name] = before === undefined ? value : [before, value].flat();
  }
  return { read, raw: fields.flat(), hasBody: true };
}

function crossing(...fields: Field[]): readonly Field[] {
  return answerHeaders(receivedOf(fields));
}

Deno.test("what says nothing about the answer is stripped, all else crosses", () => {
  const kept: Field[] = [
    ["date", "Sat, 21 Nov 2026 07:00:00 GMT"],
    ["content-type", "application/json"],
    ["content-encoding", "gzip"],
    ["content-length", "2"],
    ["via", "1.1 google"],
    ["retry-after", "65"],
    ["x-ratelimit-limit", "5"],
    ["x-ratelimit-scope", "user"],
    ["cf-ray", "8f1e-FRA"],
    ["server", "cloudflare"],
    ["location", "https://evil.example/"],
    ["x-restless", "1"],
    ["content-security-policy-report-only", "x"],
    ["x-something-new", "\u00e9"],
  ];
  const stripped: Field[] = [
    ["connection", "keep-alive"],
    ["keep-alive", "timeout=5"],
    ["te", "trailers"],
    ["trailer", "x"],
    ["transfer-encoding", "chunked"],
    ["upgrade", "h2"],
    ["proxy-authenticate", "Basic"],
    ["proxy-connection", "close"],
    ["set-cookie", "__cfruid=1"],
    ["alt-svc", "h3"],
    ["strict-transport-security", "max-age=1"],
    ["nel", "{}"],
    ["report-to", "{}"],
    ["content-security-policy", "x"],
    ["x-rest-proxy", "unauthorized"],
    ["x-rest-attempts", "9"],
  ];
  const mixed = kept.flatMap((field, at) => [field, stripped[at] ?? field])
    .filter((field, at, all) => all.indexOf(field) === at);
  assert.deepEqual(crossing(...mixed, ...stripped.slice(kept.length)), kept);
});

Deno.test("names come in lower case, values as they are", () => {
  assert.deepEqual(crossing(["X-RateLimit-Bucket", "AbC"], ["ETag", 'W/"x"']), [
    ["x-ratelimit-bucket", "AbC"],
    ["etag", 'W/"x"'],
  ]);
});

Deno.test("repeated names keep their places and their values", () => {
  const fields: Field[] = [["a", "1"], ["b", "\u00e9"], ["a", "2"], ["c", ""]];
  assert.deepEqual(crossing(...fields), fields);
});

Deno.test("repeated names that are stripped disturb nothing", () => {
  assert.deepEqual(
    crossing(["Set-Cookie", "a"], ["b", "1"], ["Set-Cookie", "c"]),
    [["b", "1"]],
  );
});

Deno.test("what Connection names is stripped, in one line or several", () => {
  assert.deepEqual(
    crossing(["Connection", "close, X-One"], ["x-one", "1"], ["x-two", "2"]),
    [["x-two", "2"]],
  );
  assert.deepEqual(
    crossing(
      ["connection", "x-one"],
      ["connection", "x-two"],
      ["x-one", "1"],
      ["x-two", "2"],
      ["x-two", "3"],
      ["x-six", "4"],
      ["x-six", "5"],
    ),
    [["x-six", "4"], ["x-six", "5"]],
  );
});

Deno.test("without a body there is no length", () => {
  const received = receivedOf([["content-length", "7"], ["etag", "x"]]);
  assert.deepEqual(answerHeaders({ ...received, hasBody: false }), [
    ["etag", "x"],
  ]);
  assert.equal(answerHeaders(received).length, 2);
});
