import assert from "node:assert/strict";
import { failureOf } from "../../rest/upstream/exchange.ts";

const ARRIVED = { mayHaveArrived: true };

function codeOf(error: unknown): string {
  return failureOf(error, ARRIVED).code;
}

Deno.test("of a foreign error only the code is kept", () => {
  const url = "https://discord.com/api/webhooks/1/SECRET";
  const cause = new Error(url);
  const foreign = Object.assign(new Error(url, { cause }), { code: "EPIPE" });
  const failure = failureOf(foreign, ARRIVED);
  assert.equal(failure.code, "EPIPE");
  assert.equal(failure.cause, undefined);
  assert.doesNotMatch(`${failure.message} ${failure.stack}`, /SECRET/);
});

Deno.test("a code that is a sentence is not kept, the class of the error is", () => {
  const error = new TypeError("x");
  assert.equal(codeOf(Object.assign(error, { code: "a b" })), "TypeError");
  assert.equal(codeOf(Object.assign(error, { code: 7 })), "TypeError");
  assert.equal(codeOf(Object.assign(error, { name: "a/b" })), "UNKNOWN");
  assert.equal(codeOf("text"), "UNKNOWN");
});

Deno.test("time-outs of connecting are time-outs, other codes are not", () => {
  const isTimeout = (code: string) =>
    failureOf(Object.assign(new Error(), { code }), ARRIVED).isTimeout;
  assert.ok(isTimeout("ETIMEDOUT"));
  assert.ok(isTimeout("CONNECT_TIMEOUT"));
  assert.ok(!isTimeout("ECONNREFUSED"));
});
