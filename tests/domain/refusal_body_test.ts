import assert from "node:assert/strict";
import {
  Refusal,
  type RefusalCode,
  REFUSALS,
} from "../../rest/domain/refusal.ts";
import { refusalBody } from "../../rest/domain/refusal_body.ts";

const CODES = Object.keys(REFUSALS) as RefusalCode[];

Deno.test("a 401 begins with the words discordeno's clients know", () => {
  const refusal = new Refusal("unauthorized", "Cannot accept the request");
  assert.equal(
    JSON.stringify(refusalBody(refusal)),
    '{"error":"Invalid authorization key.","message":"Cannot accept the request","code":"unauthorized","sent":false}',
  );
});

Deno.test("a webhook known to be gone keeps Discord's number", () => {
  const refusal = new Refusal("webhook_gone", "Unknown Webhook");
  assert.equal(refusalBody(refusal).code, 10_015);
});

Deno.test("what is known better than the table says wins", () => {
  const refusal = new Refusal("unreachable", "Cannot go on", { sent: true });
  assert.ok(refusalBody(refusal).sent);
});

Deno.test("every 429 and every 503 says when to come back, and nothing else does by itself", () => {
  for (const code of CODES) {
    const { status } = REFUSALS[code];
    const body = refusalBody(new Refusal(code, "Cannot go on"));
    const expected = { 429: 1, 503: 5 }[status as 429 | 503];
    assert.equal(body.retry_after, expected, code);
    assert.equal(body.global, status === 429 ? false : undefined, code);
  }
});

Deno.test("the wait is told in seconds, rounded up to a whole ms and never negative", () => {
  for (
    const [ms, seconds] of [[2_250, 2.25], [1_000.2, 1.001], [0, 0], [-5, 0]]
  ) {
    const refusal = new Refusal("overloaded", "Cannot go on", {
      retryAfterMs: ms ?? 0,
    });
    assert.equal(refusalBody(refusal).retry_after, seconds);
  }
});

Deno.test("a refusal with a status of its own has the members of that status", () => {
  const refusal = new Refusal("too_many", "Too many connections", {
    status: 503,
  });
  assert.equal(refusal.status, 503);
  assert.deepEqual(refusalBody(refusal), {
    message: "Too many connections",
    code: "too_many",
    sent: false,
    retry_after: 5,
  });
});
