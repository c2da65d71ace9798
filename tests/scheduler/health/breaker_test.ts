import assert from "node:assert/strict";
import { Breaker } from "../../../rest/scheduler/health/breaker.ts";

Deno.test("Breaker obeys the wait Cloudflare names", () => {
  const breaker = new Breaker();
  assert.equal(breaker.open(5_000, 100), 5_100);
  assert.equal(breaker.opensAtMs(5_099), 5_100);
  assert.equal(breaker.opensAtMs(5_100), 0);
});

Deno.test("Breaker waits 60 s, then twice that, where Cloudflare names nothing", () => {
  const breaker = new Breaker();
  assert.equal(breaker.open(undefined, 0), 60_000);
  assert.equal(breaker.open(undefined, 60_000), 180_000);
});

Deno.test("Breaker counts answers to what was under way when it opened as the same block", () => {
  const breaker = new Breaker();
  for (let n = 0; n < 10; n++) breaker.open(undefined, n);
  assert.equal(breaker.untilMs, 60_009);
});

Deno.test("Breaker waits longer when its probe is turned away with a 403", () => {
  const breaker = new Breaker();
  breaker.open(undefined, 0);
  breaker.leased(7);
  assert.ok(breaker.note403(7, "a", 60_100));
  assert.equal(breaker.untilMs, 180_100);
});

Deno.test("Breaker lets one probe through and waits for its answer", () => {
  const breaker = new Breaker();
  breaker.open(1_000, 0);
  breaker.leased(7);
  assert.equal(breaker.opensAtMs(2_000), Infinity);
  breaker.passed(8);
  assert.equal(breaker.state, "probing");
  breaker.passed(7);
  assert.equal(breaker.state, "closed");
});

Deno.test("Breaker lets another probe go when the first brought no answer", () => {
  const breaker = new Breaker();
  breaker.open(1_000, 0);
  breaker.leased(7);
  breaker.lost(7);
  assert.equal(breaker.opensAtMs(2_000), 0);
});

for (
  const [claim, blocks, isOpen] of [
    ["two 403 blocks leave it closed", [["a", 0], ["b", 1]], false],
    [
      "three on one route leave it closed",
      [["a", 0], ["a", 1], ["a", 2]],
      false,
    ],
    ["three over two routes open it", [["a", 0], ["b", 1], ["a", 2]], true],
    ["three over more than 10 s leave it closed", [["a", 0], ["b", 1], [
      "a",
      10_001,
    ]], false],
  ] as const
) {
  Deno.test(`Breaker: ${claim}`, () => {
    const breaker = new Breaker();
    let isOpened = false;
    for (const [route, atMs] of blocks) {
      isOpened = breaker.note403(1, route, atMs);
    }
    assert.equal(isOpened, isOpen);
  });
}
