import assert from "node:assert/strict";
import { keepOpen } from "../../rest/listener/keep_open.ts";
import { createManualClock } from "../_manual_clock.ts";

/** Servers that the test ends, on a clock that the test turns. */
function startKept() {
  const clock = createManualClock(0);
  const servers: ReturnType<typeof pretendServer>[] = [];
  const told: string[] = [];
  let isRoom = true;
  const open = () => {
    if (!isRoom) throw new Error("no file is left");
    const server = pretendServer();
    servers.push(server);
    return server;
  };
  const kept = keepOpen(
    open(),
    open,
    (fact) => void told.push(fact.kind === "warning" ? fact.message : ""),
    (delayMs, action) => clock.wakeAt(clock.nowMs() + delayMs, action),
  );
  return {
    kept,
    clock,
    servers,
    told,
    setRoom: (is: boolean) => void (isRoom = is),
    /** The newest server ends by itself. */
    async giveUp() {
      servers.at(-1)?.fail(new Error("Too many open files"));
      await clock.settle();
    },
  };
}

function pretendServer() {
  const { promise: finished, resolve, reject } = Promise.withResolvers<void>();
  return {
    finished,
    fail: reject,
    shutdown() {
      resolve();
      return finished;
    },
  };
}

Deno.test("a server that ends by itself is opened again after a pause, and no earlier", async () => {
  const { kept, clock, servers, giveUp } = startKept();
  await giveUp();
  await clock.advance(249);
  assert.equal(servers.length, 1);
  await clock.advance(1);
  assert.equal(servers.length, 2);
  await kept.shutdown();
});

Deno.test("what cannot be opened again is tried until it can", async () => {
  const { kept, clock, servers, giveUp, setRoom } = startKept();
  setRoom(NO_ROOM);
  await giveUp();
  await clock.advance(1_000);
  assert.equal(servers.length, 1);
  setRoom(ROOM);
  await clock.advance(250);
  assert.equal(servers.length, 2);
  await kept.shutdown();
});

const ROOM = true;
const NO_ROOM = false;

Deno.test("a crowd that stays is told of once a minute, however often it closes the port", async () => {
  const { kept, clock, told, giveUp } = startKept();
  for (let count = 0; count < 200; count++) {
    await giveUp();
    await clock.advance(250);
  }
  assert.deepEqual(told, [
    "Cannot take more connections: too many are open; listening again as soon as there is room (raise `ulimit -n`)",
  ]);
  await clock.advance(60_000);
  await giveUp();
  assert.equal(told.length, 2);
  await kept.shutdown();
});

Deno.test("after shutdown() nothing is opened again, also when it came within the pause", async () => {
  const { kept, clock, servers, giveUp } = startKept();
  await giveUp();
  await kept.shutdown();
  await kept.finished;
  await clock.advance(120_000);
  assert.equal(servers.length, 1);
});
