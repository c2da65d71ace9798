import assert from "node:assert/strict";
import { crossingHeaders } from "../../rest/domain/crossing_headers.ts";
import { fc } from "../deps.ts";

const CROSS = [
  "accept",
  "accept-encoding",
  "accept-language",
  "cache-control",
  "content-encoding",
  "content-type",
  "if-none-match",
  "secret",
  "user-agent",
  "x-audit-log-reason",
  "x-discord-locale",
  "x-forwarding",
  "x-ratelimit-precision",
  "x-requested-with",
  "x-restful",
];

const STAY = [
  "authorization",
  "b3",
  "baggage",
  "connection",
  "content-length",
  "cookie",
  "expect",
  "forwarded",
  "host",
  "idempotency-key",
  "keep-alive",
  "origin",
  "prefer",
  "priority",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "referer",
  "sec-fetch-mode",
  "sec-websocket-key",
  "sentry-trace",
  "te",
  "traceparent",
  "tracestate",
  "trailer",
  "transfer-encoding",
  "uber-trace-id",
  "upgrade",
  "via",
  "x-amzn-trace-id",
  "x-b3-sampled",
  "x-b3-traceid",
  "x-cloud-trace-context",
  "x-correlation-id",
  "x-datadog-parent-id",
  "x-datadog-trace-id",
  "x-debug-options",
  "x-fingerprint",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-real-ip",
  "x-request-id",
  "x-rest-authorization",
  "x-rest-client",
  "x-super-properties",
];

for (const name of CROSS) {
  Deno.test(`${name} crosses`, () => {
    assert.deepEqual(crossingHeaders([[name, " v\xe9 "]]), [[name, " v\xe9 "]]);
  });
}

for (const name of STAY) {
  Deno.test(`${name} stays here, however it is spelt`, () => {
    assert.deepEqual(crossingHeaders([[name, "v"]]), []);
    assert.deepEqual(crossingHeaders([[name.toUpperCase(), "v"]]), []);
  });
}

Deno.test("what Connection names stays here", () => {
  const fields = [
    ["x-one", "1"],
    ["X-Two", "2"],
    ["x-three", "3"],
  ] as const;
  assert.deepEqual(
    crossingHeaders([...fields, ["Connection", "close, X-One ,x-two"]]),
    [["x-three", "3"]],
  );
  assert.deepEqual(
    crossingHeaders([["connection", "x-one"], ...fields, [
      "connection",
      "x-three",
    ]]),
    [["x-two", "2"]],
  );
});

Deno.test("names cross in lower case, in their order, repeats kept", () => {
  assert.deepEqual(
    crossingHeaders([["X-B", "1"], ["Cookie", "c"], ["x-a", "2"], [
      "x-b",
      "3",
    ]]),
    [["x-b", "1"], ["x-a", "2"], ["x-b", "3"]],
  );
});

Deno.test("any set of headers crosses by the table", () => {
  const stays = new Set(STAY);
  const name = fc.oneof(
    fc.constantFrom(...STAY, ...CROSS),
    fc.stringMatching(/^[a-zA-Z!#$%&'*+.^_`|~0-9-]{1,12}$/),
  );
  // Every byte that a header can hold.
  const value = fc.stringMatching(/^[\t\x20-\x7e\x80-\xff]{0,20}$/);
  const listed = fc.array(name, { maxLength: 3 });
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value)), listed, (fields, named) => {
      const all: Array<[string, string]> = [...fields];
      // The values above may not name anything by chance.
      const sent = all.filter(([each]) => each.toLowerCase() !== "connection");
      sent.push(["Connection", named.join(", ")]);
      const gone = new Set(named.map((each) => each.toLowerCase()));
      const expected = sent
        .map(([each, text]) => [each.toLowerCase(), text] as const)
        .filter(([each]) =>
          !stays.has(each) && !gone.has(each) &&
          !/^(?:proxy-|sec-|x-forwarded-|x-rest-|x-b3-|x-datadog-)/.test(each)
        );
      assert.deepEqual(crossingHeaders(sent), expected);
    }),
    { seed: 20261121, numRuns: 500 },
  );
});
