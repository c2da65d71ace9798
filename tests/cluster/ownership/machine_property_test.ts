import assert from "node:assert/strict";
import { createRandom } from "../../../sim/model/random.ts";
import { SCOPES } from "../../../rest/cluster/ownership/scopes.ts";
import { World } from "./_world.ts";

/**
 * Random schedules of pauses, deaths, late and lost commands, clocks that drift,
 * and of a Redis that is away for all or for some. `SIM_SEEDS=1,2,3` chooses the
 * seeds, `SIM_SEEDS=new` draws fifty; a failure names its own.
 */
const SEEDS = seedsOf(
  Deno.env.get("SIM_SEEDS") ?? "1,2,3,4,5,6,7,8,9,10,11,12",
);

/** How long each world is let fall to pieces. */
const TROUBLED_MS = 60_000;

for (const seed of SEEDS) {
  Deno.test(`owners: never two senders, and none without a lease or the consent of all (seed ${seed})`, () => {
    const world = troubledWorld(seed);
    assert.deepEqual(world.faults.slice(0, 3), [], replayOf(seed));
  });

  Deno.test(`owners: every scope has one sender again 8 s after the last trouble (seed ${seed})`, () => {
    const world = troubledWorld(seed);
    world.runFor(8_000);
    const without = SCOPES.filter((scope) =>
      world.sendersOf(scope).length !== 1
    );
    assert.deepEqual(without, [], replayOf(seed));
  });
}

/** A world in which everything went wrong for a while, and all is well again. */
function troubledWorld(seed: number): World {
  const random = createRandom(seed);
  const world = new World(random);
  const count = 2 + Math.floor(random() * 3);
  for (let at = 0; at < count; at++) world.start();
  world.runFor(5_000);
  while (world.nowMs < TROUBLED_MS) {
    trouble(world, random);
    world.runFor(random() * 2_500);
  }
  heal(world);
  return world;
}

function trouble(world: World, random: () => number): void {
  const chosen = Math.floor(random() * 16);
  const living = world.proxies.filter(({ state }) => state !== "dead");
  const proxy = living[Math.floor(random() * living.length)];
  const soon = random() * 9_000;
  if (proxy === undefined) return void world.start();
  switch (chosen) {
    case 0:
      world.kill(proxy);
      // Sometimes at the same address.
      world.start(random() < 0.5 ? proxy.url : undefined);
      return;
    case 1:
      if (living.length < 5) world.start();
      return;
    case 2:
      if (living.length > 1) world.kill(proxy);
      return;
    case 3:
      if (living.length > 1) world.leave(proxy);
      return;
    case 4:
    case 5:
      world.stop(proxy);
      return world.after(soon, () => world.goOn(proxy));
    case 6:
      world.setRedis("paused");
      return world.after(soon, () => world.setRedis("up"));
    case 7:
      world.setRedis("down");
      return world.after(soon, () => world.setRedis("up"));
    case 8:
      proxy.isRedisCut = true;
      return world.after(soon, () => proxy.isRedisCut = false);
    case 9:
      proxy.isPeerCut = true;
      return world.after(soon, () => proxy.isPeerCut = false);
    case 10:
      for (const one of living) one.isRedisCut = true;
      return world.after(soon, () => {
        for (const one of living) one.isRedisCut = false;
      });
    case 11:
      world.lossShare = random() * 0.4;
      return world.after(soon, () => world.lossShare = 0);
    case 12:
      world.lateMs = 8_000;
      return world.after(soon, () => world.lateMs = 20);
    case 13:
      // Somebody sets the clock of Redis' machine.
      world.redisStepMs += (random() - 0.5) * 8_000;
      return;
    case 14:
      return world.flush();
    case 15:
      world.isTakeFlushed = true;
      return;
  }
}

function heal(world: World): void {
  const isLeft = world.proxies.some(({ state, isLeaving }) =>
    state !== "dead" && !isLeaving
  );
  if (!isLeft) world.start();
  world.lossShare = 0;
  world.lateMs = 20;
  world.setRedis("up");
  for (const proxy of world.proxies) {
    proxy.isRedisCut = false;
    proxy.isPeerCut = false;
    world.goOn(proxy);
  }
  // What was arranged before is over by then.
  world.runFor(10_000);
  world.setRedis("up");
  world.lossShare = 0;
  world.lateMs = 20;
  for (const proxy of world.proxies) world.goOn(proxy);
}

function seedsOf(text: string): readonly number[] {
  if (text === "new") {
    return Array.from(
      { length: 50 },
      () => Math.floor(Math.random() * 2 ** 31),
    );
  }
  return text.split(",").map(Number);
}

function replayOf(seed: number): string {
  return `replay: SIM_SEEDS=${seed} deno test -A tests/cluster/ownership`;
}
