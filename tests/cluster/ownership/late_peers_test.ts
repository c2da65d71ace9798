import assert from "node:assert/strict";
import { SCOPES } from "../../../rest/cluster/ownership/scopes.ts";
import { createRandom } from "../../../sim/model/random.ts";
import { World } from "./_world.ts";

const [SCOPE = ""] = SCOPES;

/** Two proxies that share everything, and what a third one may do. */
function settledWorld(): World {
  const world = new World(createRandom(3));
  world.start();
  world.start();
  world.runFor(8_000);
  return world;
}

function sendersOf(world: World): number {
  return SCOPES.filter((scope) => world.sendersOf(scope).length === 1).length;
}

Deno.test("a proxy that its peers have never heard of takes nothing from owners that go on by consent", () => {
  const world = settledWorld();
  const [one, other] = world.proxies;
  assert.ok(one !== undefined && other !== undefined);
  // Both lose Redis, and only then a third one joins, which reaches it.
  for (const proxy of [one, other]) proxy.isRedisCut = true;
  world.start();
  world.runFor(30_000);
  assert.deepEqual(world.faults, []);
  assert.equal(sendersOf(world), SCOPES.length);
  assert.ok(!world.sendersOf(SCOPE).some(({ id }) => id === "id2"));
});

Deno.test("the same proxy takes over from owners whose processes are gone", () => {
  const world = settledWorld();
  for (const proxy of world.proxies) world.kill(proxy);
  world.start();
  world.runFor(8_000);
  assert.deepEqual(world.faults, []);
  assert.equal(sendersOf(world), SCOPES.length);
});

Deno.test("a proxy that reaches Redis consents to nothing, so who does not reach it stops within 3 s", () => {
  const world = settledWorld();
  const [one, other] = world.proxies;
  assert.ok(one !== undefined && other !== undefined);
  one.isRedisCut = true;
  world.runFor(3_000);
  for (const scope of SCOPES) assert.ok(!world.sendersOf(scope).includes(one));
  world.runFor(2_000);
  assert.deepEqual(world.faults, []);
  for (const scope of SCOPES) {
    assert.deepEqual(world.sendersOf(scope), [other]);
  }
});

Deno.test("a clock of Redis' that is set forward by a minute takes no lease from anybody, whenever that happens", () => {
  for (let offsetMs = 0; offsetMs < 750; offsetMs += 25) {
    const world = settledWorld();
    const [one] = world.proxies;
    assert.ok(one !== undefined);
    world.runFor(offsetMs);
    one.isRedisCut = true;
    world.redisStepMs += 60_000;
    world.runFor(4_000);
    assert.deepEqual(world.faults, [], `set after ${offsetMs} ms`);
  }
});

Deno.test("a Redis that is emptied right after the first take of all gives no scope to a second proxy", () => {
  for (let seed = 1; seed <= 10; seed++) {
    const world = new World(createRandom(seed));
    for (let count = 0; count < 3; count++) world.start();
    world.isTakeFlushed = true;
    world.runFor(12_000);
    assert.ok(!world.isTakeFlushed, "nothing was taken");
    assert.deepEqual(world.faults.slice(0, 3), [], `seed ${seed}`);
    assert.equal(sendersOf(world), SCOPES.length);
  }
});
