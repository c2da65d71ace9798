import assert from "node:assert/strict";
import { KeptBodies } from "../../rest/idempotency/kept_bodies.ts";

Deno.test("KeptBodies gives up the oldest body where the newest would not fit, and no more than it must", () => {
  const bodies = new KeptBodies(10);
  const givenUp: string[] = [];
  for (const name of ["first", "second", "third"]) {
    bodies.hold({ name }, 4, () => givenUp.push(name));
  }
  assert.deepEqual(givenUp, ["first"]);
  assert.equal(bodies.bytes, 8);
});

Deno.test("KeptBodies holds as many bytes as it may, and not one more", () => {
  const bodies = new KeptBodies(10);
  let givenUp = 0;
  bodies.hold({}, 10, () => givenUp++);
  assert.equal(givenUp, 0);
  bodies.hold({}, 11, () => givenUp++);
  assert.equal(givenUp, 2);
  assert.equal(bodies.bytes, 0);
});

Deno.test("KeptBodies counts a body once whose owner comes again, and none that was released", () => {
  const bodies = new KeptBodies(10);
  const owner = {};
  bodies.hold(owner, 7, () => {});
  bodies.hold(owner, 3, () => {});
  assert.equal(bodies.bytes, 3);
  bodies.release(owner);
  bodies.release(owner);
  assert.equal(bodies.bytes, 0);
});
