import assert from "node:assert/strict";
import { createRedisStore } from "../../../rest/cluster/journal/redis_store.ts";
import {
  JournalFailure,
  type JournalRow,
  type JournalStore,
} from "../../../rest/domain/journal_store.ts";
import { hasRedis, startRedis, type TestRedis } from "../_redis.ts";

function storeTest(
  name: string,
  words: string[],
  fn: (
    open: (epoch: number) => Promise<JournalStore>,
    redis: TestRedis,
  ) => Promise<void>,
): void {
  Deno.test({
    name,
    ignore: !hasRedis,
    async fn() {
      await using redis = await startRedis(...words);
      const open = async (epoch: number) =>
        createRedisStore({
          redis: await redis.link(),
          epochOf: () => epoch,
          wallMs: () => 1_000,
        });
      await fn(open, redis);
    },
  });
}

function put(id: string, bytes = 0): { kind: "put"; row: JournalRow } {
  return {
    kind: "put",
    row: {
      id,
      scope: "7",
      kind: "request",
      state: "queued",
      head: "{}",
      body: new Uint8Array(bytes),
      outcome: undefined,
      untilWallMs: undefined,
    },
  };
}

async function codeOf(made: Promise<unknown>): Promise<string> {
  const error = await made.then(() => undefined, (error) => error);
  assert.ok(error instanceof JournalFailure, `${error}`);
  return error.code;
}

storeTest(
  "an owner of before writes nothing more, and does not get the fence back by claiming late",
  [],
  async (open) => {
    const [before, now] = [await open(10), await open(11)];
    await before.claimEpoch("7");
    await now.claimEpoch("7");
    assert.equal(await codeOf(before.append([put("a")])), "fenced");
    assert.equal(await codeOf(before.claimEpoch("7")), "fenced");
    await now.append([put("b")]);
    const rows = await Array.fromAsync(now.load("7"));
    assert.deepEqual(rows.map(({ id }) => id), ["b"]);
  },
);

storeTest(
  "after a Redis was emptied its owner writes on, and an owner of before does not",
  [],
  async (open, redis) => {
    const [before, now] = [await open(10), await open(11)];
    await before.claimEpoch("7");
    await now.claimEpoch("7");
    await (await redis.link()).call(["FLUSHALL"]);
    await now.append([put("a")]);
    assert.equal(await codeOf(before.append([put("b")])), "fenced");
    await now.append([put("c")]);
    const rows = await Array.fromAsync(now.load("7"));
    assert.deepEqual(rows.map(({ id }) => id), ["a", "c"]);
  },
);

storeTest(
  "a Redis without room takes no new row, but lets rows end",
  ["--maxmemory", "8mb", "--maxmemory-policy", "noeviction"],
  async (open) => {
    const store = await open(10);
    await store.claimEpoch("7");
    let code = "";
    for (let count = 0; count < 40 && code === ""; count++) {
      const made = store.append([put(`row${count}`, 256 * 1024)]);
      code = await made.then(() => "", () => codeOf(made));
    }
    assert.equal(code, "journal_full");
    const { rows, bytes } = store.figures();
    assert.ok(rows > 4 && bytes > rows * 256 * 1024);
    const ends = { scope: "7", outcome: { head: "{}", body: undefined } };
    await store.append([
      { kind: "end", id: "row0", ...ends, untilWallMs: 9_000 },
      { kind: "delete", id: "row1", scope: "7" },
    ]);
    assert.equal(store.figures().rows, rows - 1);
    await store.append([put("row1", 1_000)]);
  },
);

storeTest(
  "a Redis that does not answer is told as such, in less than a second",
  [],
  async (open, redis) => {
    const store = await open(10);
    await store.claimEpoch("7");
    redis.signal("SIGSTOP");
    const beganMs = performance.now();
    assert.equal(await codeOf(store.append([put("a")])), "store_unreachable");
    assert.ok(performance.now() - beganMs < 1_000);
    redis.signal("SIGCONT");
  },
);

storeTest(
  "what Redis gets to do after it was told as not made is not made",
  [],
  async (open, redis) => {
    const store = await open(10);
    await store.claimEpoch("7");
    // Redis knows the script from then on.
    await store.append([put("before")]);
    await (await redis.link()).call(["CLIENT", "PAUSE", "900"]);
    const made = store.append([put("a")]);
    assert.equal(await codeOf(made), "store_unreachable");
    // Redis does it first: both went over one connection.
    const rows = await Array.fromAsync(store.load("7"));
    assert.deepEqual(rows.map(({ id }) => id), ["before"]);
  },
);

storeTest(
  "a Redis whose clock was set is written to all the same",
  [],
  async (_, redis) => {
    let wallMs = 1_000_000;
    const store = createRedisStore({
      redis: await redis.link(),
      epochOf: () => 10,
      wallMs: () => wallMs,
    });
    await store.claimEpoch("7");
    wallMs -= 60_000;
    await store.append([put("a")]);
    assert.equal((await Array.fromAsync(store.load("7"))).length, 1);
  },
);
