import assert from "node:assert/strict";
import { METHODS, type ProxyRequest } from "../../../rest/domain/request.ts";
import type { Urgency } from "../../../rest/domain/urgency.ts";
import {
  decodeRequest,
  encodeRequest,
} from "../../../rest/journal/codec/request_codec.ts";
import { BOT, requestOf } from "../../dispatcher/_builders.ts";
import { fc } from "../../deps.ts";

/** Any moment will do. */
const NOW_MS = 1_790_000_000_000;

const bytes = fc.uint8Array({ maxLength: 60 }).map((value) =>
  new Uint8Array(value)
);
const segment = fc.stringMatching(/^[A-Za-z0-9@_.-]{1,12}$/);

const requests: fc.Arbitrary<ProxyRequest> = fc.record({
  method: fc.constantFrom(...METHODS),
  path: fc.array(segment, { minLength: 1, maxLength: 5 })
    .map((segments) => `/${segments.join("/")}`),
  query: fc.constantFrom("", "?a=1&b=%20", "?"),
  version: fc.integer({ min: 1, max: 12 }),
  headers: fc.array(fc.tuple(
    fc.constantFrom("content-type", "x-audit-log-reason", "x-other"),
    fc.string(),
  )),
  body: fc.option(bytes, { nil: undefined }),
  caller: fc.string(),
  urgency: fc.integer({ min: 0, max: 7 }).map((value) => value as Urgency),
  isOrdered: fc.boolean(),
  leaveWithinMs: fc.option(fc.nat(), { nil: undefined }),
  longestWaitMs: fc.option(fc.nat(), { nil: undefined }),
  onLeave: fc.constantFrom(undefined, "run" as const, "cancel" as const),
}).map(({ query, version, longestWaitMs, onLeave, ...change }) => {
  const request = requestOf(change.method, change);
  return {
    ...request,
    target: { ...request.target, query, version },
    ...longestWaitMs === undefined ? {} : { longestWaitMs },
    ...onLeave === undefined ? {} : { onLeave },
  };
});

/** Through JSON, as a store does it. */
function throughStore(request: ProxyRequest, readAtWallMs = NOW_MS) {
  const { head, body } = encodeRequest(request, NOW_MS);
  return decodeRequest(
    { head: JSON.parse(JSON.stringify(head)), body: body?.slice() },
    { identity: request.identity, nowWallMs: readAtWallMs },
  );
}

Deno.test("any request is the same after it was written down and read again", () => {
  fc.assert(fc.property(requests, (request) => {
    const read = throughStore(request);
    const { route, ...rest } = read;
    const { route: wanted, ...others } = request;
    assert.deepEqual(rest, others);
    assert.deepEqual({ ...route, key: "" }, { ...wanted, key: "" });
  }));
});

Deno.test("waits are what is left of them when a request is read later", () => {
  const request = requestOf("POST", { leaveWithinMs: 5_000 });
  const read = throughStore(
    { ...request, longestWaitMs: 8_000 },
    NOW_MS + 6_000,
  );
  assert.equal(read.leaveWithinMs, -1_000);
  assert.equal(read.longestWaitMs, 2_000);
});

Deno.test("a stored request holds no authorization, whoever it is for", () => {
  const { head, body } = encodeRequest(
    requestOf("POST", { text: "{}", identity: BOT }),
    NOW_MS,
  );
  const secret = BOT.authorization?.reveal() ?? "none";
  assert.doesNotMatch(JSON.stringify(head), new RegExp(secret));
  assert.doesNotMatch(new TextDecoder().decode(body), new RegExp(secret));
});

Deno.test("a row of another make is refused, not guessed at", () => {
  const { head, body } = encodeRequest(requestOf("POST"), NOW_MS);
  const reading = { identity: BOT, nowWallMs: NOW_MS };
  const method = "BREW" as "POST";
  const target = "nowhere" as unknown as typeof head.target;
  for (const change of [{ method }, { target }]) {
    const other = { ...head, ...change };
    assert.throws(
      () => decodeRequest({ head: other, body }, reading),
      /damaged/,
    );
  }
});
