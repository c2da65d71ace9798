import assert from "node:assert/strict";
import { KeptBodies, keptBytesOf } from "../../rest/idempotency/kept_bodies.ts";

Deno.test("KeptBodies gives up the oldest body where the newest would not fit, and no more than it must", () => {
  const bodies = new KeptBodies(10);
  const givenUp: string[] = [];
  for (const name of ["first", "second", "third"]) {
    bodies.hold({ name }, 4, () => givenUp.push(name));
  }
  assert.deepEqual(givenUp, ["first"]);
  assert.equal(bodies.bytes, 8);
});

Deno.test("KeptBodies holds as many bytes as it may, and not one more, but for the newest body", () => {
  const bodies = new KeptBodies(10);
  const givenUp: string[] = [];
  for (const [name, bytes] of [["a", 6], ["b", 4], ["c", 11], ["d", 1]]) {
    bodies.hold({ name }, Number(bytes), () => givenUp.push(`${name}`));
    const wanted = { a: "", b: "", c: "a b", d: "a b c" }[`${name}`];
    assert.equal(givenUp.join(" "), wanted, `${name}`);
  }
  assert.equal(bodies.bytes, 1);
});

Deno.test("an answer takes the memory of its headers, too", () => {
  const headers = [["content-type", "application/json"]] as const;
  const bare = keptBytesOf({ status: 204, headers: [], body: undefined });
  const body = new Uint8Array(1_000);
  const whole = keptBytesOf({ status: 200, headers, body });
  assert.equal(bare, 0);
  assert.ok(whole > 1_000 + "content-typeapplication/json".length);
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
