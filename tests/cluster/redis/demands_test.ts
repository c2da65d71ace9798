import assert from "node:assert/strict";
import { SYSTEM_CLOCK } from "../../../rest/clock/system_clock.ts";
import { openCluster } from "../../../rest/cluster/open_cluster.ts";
import { verdictOn } from "../../../rest/cluster/redis/demands.ts";
import { Secret } from "../../../rest/domain/secret.ts";
import { hasRedis, startRedis } from "../_redis.ts";

const ignore = !hasRedis;
const PLACE = "redis.example:6379";
const FINE = {
  "redis_version": "7.2.4",
  "maxmemory_policy": "noeviction",
  "aof_enabled": "1",
  "role": "master",
  "cluster_enabled": "0",
};

function verdict(about: Record<string, string>, appendfsync?: string) {
  const info = Object.entries({ ...FINE, ...about })
    .map(([name, value]) => `${name}:${value}`);
  const text = ["# Server", ...info, ""].join("\r\n");
  return verdictOn(text, appendfsync, PLACE);
}

Deno.test("a Redis 7 that appends always and evicts nothing is taken without a word", () => {
  assert.deepEqual(verdict({}, "always"), { problems: [], notes: [] });
});

Deno.test("Redis below 7 and Valkey below 8 are refused, whatever Redis Valkey says it is like", () => {
  const problemOf = (about: Record<string, string>) =>
    verdict(about, "always").problems;
  assert.deepEqual(problemOf({ "redis_version": "6.2.14" }), [
    "REST_REDIS_URL leads to Redis 6.2.14 at redis.example:6379: want Redis 7 or Valkey 8, or later",
  ]);
  assert.deepEqual(problemOf({ "valkey_version": "7.2.5" }), [
    "REST_REDIS_URL leads to Valkey 7.2.5 at redis.example:6379: want Redis 7 or Valkey 8, or later",
  ]);
  assert.deepEqual(problemOf({ "valkey_version": "8.0.1" }), []);
});

Deno.test("a Redis that evicts, copies another one or shares out its keys is refused", () => {
  assert.deepEqual(
    verdict({ "maxmemory_policy": "allkeys-lru" }, "always").problems,
    [
      "The Redis at redis.example:6379 has maxmemory-policy allkeys-lru: want noeviction, since it would throw away who may send",
    ],
  );
  assert.deepEqual(verdict({ role: "slave" }, "always").problems, [
    "The Redis at redis.example:6379 is a replica: want the one that is written to",
  ]);
  assert.deepEqual(verdict({ "cluster_enabled": "1" }, "always").problems, [
    "The Redis at redis.example:6379 is part of a Redis Cluster: want a single one",
  ]);
});

Deno.test("what may be lost with the machine of Redis is said", () => {
  assert.match(
    verdict({ "aof_enabled": "0" }).notes.join(),
    /has appendonly no: what was accepted is lost when it ends$/,
  );
  assert.match(
    verdict({}, "everysec").notes.join(),
    /has appendfsync everysec: .*; want always$/,
  );
  assert.match(verdict({}).notes.join(), /forbids CONFIG GET/);
});

Deno.test({
  name: "a real Redis is asked for all this, and one that evicts is refused",
  ignore,
  async fn() {
    await using fine = await startRedis();
    assert.deepEqual(await verdictAt(fine.url.reveal()), {
      problems: [],
      notes: [],
    });
    await using evicting = await startRedis(
      "--maxmemory-policy",
      "volatile-ttl",
    );
    const { problems } = await verdictAt(evicting.url.reveal());
    assert.match(problems.join(), /has maxmemory-policy volatile-ttl: want/);
  },
});

Deno.test({
  name:
    "a user who may not ask for the configuration is told what cannot be seen",
  ignore,
  async fn() {
    await using redis = await startRedis(
      ..."--user sluice on >a-password ~{sluice}* +@all -config".split(" "),
    );
    const url = `redis://sluice:a-password@127.0.0.1:${redis.port}`;
    const { problems, notes } = await verdictAt(url);
    assert.deepEqual(problems, []);
    assert.match(notes.join(), /forbids CONFIG GET/);
  },
});

Deno.test({
  name:
    "a wrong password and a Redis that is not there are told in one sentence, without the password",
  ignore,
  async fn() {
    await using redis = await startRedis("--requirepass", "right-password-1");
    // It answers nobody without the password, but it answers.
    const wrong = `redis://:wrong-password-1@127.0.0.1:${redis.port}`;
    const denied = (await verdictAt(wrong)).problems.join("\n");
    assert.match(denied, /^REST_REDIS_URL cannot be used: .*WRONGPASS/);
    assert.doesNotMatch(denied, /wrong-password/);
    await redis.kill();
    const absent = (await verdictAt(wrong)).problems.join("\n");
    assert.match(absent, /says "connect ECONNREFUSED 127.0.0.1:\d+"$/);
    assert.doesNotMatch(absent, /wrong-password/);
  },
});

async function verdictAt(url: string) {
  const { cluster, problems, notes } = await openCluster({
    redisUrl: new Secret(url),
    peerUrl: "http://127.0.0.1:1",
    peerKey: new Secret("k".repeat(20)),
    clock: SYSTEM_CLOCK,
    facts: () => {},
  });
  await cluster.close();
  return { problems, notes };
}
