import assert from "node:assert/strict";
import {
  Refusal,
  type RefusalCode,
  REFUSALS,
} from "../../../rest/domain/refusal.ts";
import { refusalAnswer } from "../../../rest/listener/http/refusal_answer.ts";
import { hashText } from "../../../rest/routes/hash_text.ts";

const CODES = Object.keys(REFUSALS) as RefusalCode[];

function headersOf(code: RefusalCode, retryAfterMs?: number) {
  const refusal = new Refusal(
    code,
    "Cannot go on",
    retryAfterMs === undefined ? {} : { retryAfterMs },
  );
  return Object.fromEntries(refusalAnswer(refusal).headers);
}

function responseOf(refusal: Refusal, label?: string): Response {
  const { status, headers, body } = refusalAnswer(refusal, label);
  return new Response(body ?? null, { status, headers: headers as never });
}

for (const code of CODES) {
  Deno.test(`${code} is signed, plain JSON, with the status of the table`, async () => {
    const response = responseOf(new Refusal(code, "Cannot go on"));
    assert.equal(response.status, REFUSALS[code].status);
    assert.equal(response.headers.get("x-rest-proxy"), code);
    assert.equal(response.headers.get("content-type"), "application/json");
    const { message, sent } = await response.json();
    assert.equal(message, "Cannot go on");
    assert.equal(sent, REFUSALS[code].sent);
  });
}

for (const code of CODES.filter((code) => REFUSALS[code].status === 429)) {
  Deno.test(`${code} carries all that clients want of a 429`, async () => {
    const refusal = new Refusal(code, "Cannot go on", { retryAfterMs: 2_250 });
    const response = responseOf(refusal);
    assert.deepEqual(Object.fromEntries(response.headers), {
      "content-type": "application/json",
      "retry-after": "3",
      via: "1.1 sluice",
      "x-ratelimit-bucket": `rest-proxy-${hashText("")}`,
      "x-ratelimit-remaining": "0",
      "x-ratelimit-reset-after": "2.250",
      "x-ratelimit-scope": "shared",
      "x-rest-proxy": code,
    });
    assert.deepEqual(await response.json(), {
      message: "Cannot go on",
      code,
      sent: false,
      retry_after: 2.25,
      global: false,
    });
  });
}

const RETRY_AFTER: ReadonlyArray<
  readonly [
    code: RefusalCode,
    retryAfterMs: number | undefined,
    header: string | undefined,
  ]
> = [
  ["overloaded", 999, "1"],
  ["overloaded", 1_000, "1"],
  ["overloaded", 1_001, "2"],
  ["overloaded", 1_000.2, "2"],
  ["overloaded", 0, "1"],
  ["overloaded", -5, "1"],
  ["overloaded", undefined, "1"],
  ["draining", undefined, "5"],
  ["blocked", 60_000, "60"],
  ["no_token", undefined, "5"],
  ["unreachable", undefined, undefined],
  ["unreachable", 100, "1"],
  ["bad_path", undefined, undefined],
  ["outcome_unknown", undefined, undefined],
];

for (const [code, retryAfterMs, header] of RETRY_AFTER) {
  Deno.test(`${code} after ${retryAfterMs} ms says Retry-After ${header}`, () => {
    assert.equal(headersOf(code, retryAfterMs)["retry-after"], header);
  });
}

Deno.test("a refusal whose code is a number of Discord's is signed with our own word", () => {
  assert.equal(headersOf("webhook_gone")["x-rest-proxy"], "webhook_gone");
});

Deno.test("a wrong method is told the right ones", () => {
  assert.equal(
    headersOf("bad_method")["allow"],
    "GET, POST, PUT, PATCH, DELETE",
  );
});

Deno.test("a place for WebSockets says so", () => {
  assert.equal(headersOf("upgrade_required")["upgrade"], "websocket");
});

Deno.test("only a 429 carries limits", () => {
  for (const code of CODES.filter((code) => REFUSALS[code].status !== 429)) {
    const names = Object.keys(headersOf(code, 1_000));
    assert.deepEqual(names.filter((name) => /^via$|ratelimit/.test(name)), []);
  }
});

Deno.test("429s of two routes name two buckets, since JDA keeps one for good", () => {
  const refusal = new Refusal("overloaded", "Cannot go on");
  const buckets = ["GET /users/{id}", "GET /gateway"].map((label) =>
    responseOf(refusal, label).headers.get("x-ratelimit-bucket")
  );
  assert.notEqual(buckets[0], buckets[1]);
});

Deno.test("where nobody knows whether it was sent, `errors` keeps eris from looking for them in that null", async () => {
  const errorsOf = async (code: RefusalCode) =>
    (await responseOf(new Refusal(code, "Cannot go on")).json()).errors;
  assert.deepEqual(await errorsOf("outcome_unknown"), {});
  assert.deepEqual(await errorsOf("upstream_timeout"), {});
  assert.equal(await errorsOf("overloaded"), undefined);
});
