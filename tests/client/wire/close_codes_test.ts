import assert from "node:assert/strict";
import { reconnectDelayMs } from "../../../client/wire/close_codes.ts";

const NEAR_ONE = 0.999_999;

Deno.test("reconnectDelayMs() spreads over everything below a ceiling that doubles up to 15 s", () => {
  const ceilings = [1, 2, 3, 4, 5, 6, 7, 8, 20].map((attempt) =>
    Math.round(reconnectDelayMs("backoff", attempt, NEAR_ONE))
  );
  assert.deepEqual(ceilings, [
    250,
    500,
    1_000,
    2_000,
    4_000,
    8_000,
    15_000,
    15_000,
    15_000,
  ]);
  assert.equal(reconnectDelayMs("backoff", 7, 0), 0);
  assert.equal(reconnectDelayMs("backoff", 7, 0.5), 7_500);
});

Deno.test("reconnectDelayMs() starts at the highest ceiling when the server is full", () => {
  assert.equal(reconnectDelayMs("longest", 1, 0.5), 7_500);
});

Deno.test("reconnectDelayMs() spreads a restart over five seconds at every attempt", () => {
  for (const attempt of [1, 9]) {
    assert.equal(reconnectDelayMs("spread", attempt, 0), 0);
    assert.equal(reconnectDelayMs("spread", attempt, 0.5), 2_500);
  }
});

Deno.test("reconnectDelayMs() never waits less than five seconds after flooding", () => {
  assert.equal(reconnectDelayMs("penalty", 1, 0), 5_000);
  assert.equal(reconnectDelayMs("penalty", 1, 0.5), 5_125);
});

Deno.test("reconnectDelayMs() stays a number after a thousand attempts", () => {
  assert.equal(reconnectDelayMs("backoff", 2_000, 0.5), 7_500);
});
