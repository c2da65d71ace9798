import assert from "node:assert/strict";
import { NOBODY } from "../../rest/domain/identity.ts";
import { routeOf } from "../../rest/routes/route_of.ts";
import { SCOPES } from "../../rest/cluster/ownership/scopes.ts";
import { TestCluster, type TestMember, until } from "./_clusters.ts";
import { hasRedis, startRedis } from "./_redis.ts";
import { Stall } from "./_stall.ts";

const ignore = !hasRedis;
const ALL = SCOPES.length;

/** Each has its part, and nothing is being handed over. */
function areSettled(...members: readonly TestMember[]): boolean {
  const counts = members.map((member) => member.owned().length);
  return counts.reduce((sum, count) => sum + count) === ALL &&
    counts.every((count) => count > ALL / 4);
}

function clusterTest(
  name: string,
  fn: (
    cluster: TestCluster,
    redis: Awaited<ReturnType<typeof startRedis>>,
    stall: Stall,
  ) => Promise<void>,
): void {
  Deno.test({
    name,
    ignore,
    async fn() {
      await using redis = await startRedis();
      await using cluster = new TestCluster(redis);
      using stall = new Stall();
      await fn(cluster, redis, stall);
    },
  });
}

clusterTest(
  "one that joins is handed its part within a second, and each scope has one owner of whom all know",
  async (cluster) => {
    const first = await cluster.join();
    await until(() => first.owned().length === ALL, 5_000);
    const second = await cluster.join();
    const isShared = () =>
      first.owned().length + second.owned().length === ALL &&
      second.owned().length > ALL / 4;
    await until(isShared, 3_000);
    const isKnown = () =>
      second.owned().every((scope) =>
        first.cluster.ownerOf(scope).kind === "peer"
      );
    await until(isKnown, 2_000);
    for (const scope of second.owned()) {
      const owner = first.cluster.ownerOf(scope);
      assert.deepEqual(owner, {
        kind: "peer",
        id: second.cluster.selfId,
        url: "http://member-1",
      });
      assert.ok(first.told.includes(`hand over ${scope}`));
      assert.ok(!first.told.includes(`lost ${scope}`));
    }
    const [peer] = first.cluster.peers();
    assert.equal(peer?.id, second.cluster.selfId);
    assert.ok(performance.now() - (peer?.lastSeenMs ?? 0) < 2_000);
  },
);

clusterTest(
  "a bot's requests may leave from its owner alone, and a callback from anywhere",
  async (cluster) => {
    const [first, second] = [await cluster.join(), await cluster.join()];
    const identity = { ...NOBODY, id: "bot:123" };
    const scope = first.cluster.scopeOfIdentity(identity.id);
    const request = { identity, route: routeOf("GET", "/users/@me", 0) };
    assert.equal(second.cluster.scopeOf(request), scope);
    await until(() => areSettled(first, second), 8_000);
    const [owner, other] = first.owned().includes(scope)
      ? [first, second]
      : [second, first];
    assert.ok(owner.cluster.maySend(request));
    assert.ok(!other.cluster.maySend(request));
    const path = "/interactions/1/aW50ZXJhY3Rpb246MTIz/callback";
    const callback = { identity: NOBODY, route: routeOf("POST", path, 0) };
    assert.ok(first.cluster.maySend(callback));
    assert.ok(second.cluster.maySend(callback));
  },
);

clusterTest(
  "one that leaves hands everything over within half a second, and the others lose nothing",
  async (cluster, _redis, stall) => {
    const [first, second] = [await cluster.join(), await cluster.join()];
    await until(() => areSettled(first, second), 8_000);
    await first.cluster.leave();
    const tookMs = await until(() => second.owned().length === ALL, 4_000);
    assert.ok(tookMs < 500 + stall.allowanceMs, `${tookMs} ms`);
    assert.deepEqual(second.told.filter((one) => one.startsWith("lost")), []);
  },
);

clusterTest(
  "what a killed one had is sent for by the other within 4 s",
  async (cluster, _redis, stall) => {
    const [first, second] = [await cluster.join(), await cluster.join()];
    await until(() => areSettled(first, second), 8_000);
    first.crash();
    const tookMs = await until(() => second.owned().length === ALL, 9_000);
    assert.ok(tookMs < 4_000 + stall.allowanceMs, `${tookMs} ms`);
  },
);

clusterTest(
  "while Redis is stopped for 6 s everybody goes on by the consent of all, and nothing is lost when it is back",
  async (cluster, redis, stall) => {
    const [first, second] = [await cluster.join(), await cluster.join()];
    const isWhole = () => first.owned().length + second.owned().length === ALL;
    await until(() => areSettled(first, second), 8_000);
    redis.signal("SIGSTOP");
    const stoppedMs = performance.now();
    while (performance.now() - stoppedMs < 6_000) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.ok(
        isWhole() || stall.allowanceMs > 1_000,
        `${performance.now() - stoppedMs}`,
      );
    }
    redis.signal("SIGCONT");
    await until(() => !first.cluster.figures().isStoreAway, 4_000);
    await until(isWhole, 6_000);
    if (stall.allowanceMs > 1_000) return;
    const lost = [...first.told, ...second.told].filter((one) =>
      one.startsWith("lost")
    );
    assert.deepEqual(lost, []);
  },
);

clusterTest(
  "a single silent peer stops who cannot reach Redis within 3 s",
  async (cluster, redis, stall) => {
    const [first, second] = [await cluster.join(), await cluster.join()];
    const owned = () => first.owned().length + second.owned().length;
    await until(() => areSettled(first, second), 8_000);
    cluster.cut.add("http://member-1");
    await redis.kill();
    const tookMs = await until(() => owned() === 0, 9_000);
    assert.ok(tookMs < 3_000 + stall.allowanceMs, `${tookMs} ms`);
    await redis.restart();
    await until(() => owned() === ALL, 6_000);
  },
);

clusterTest(
  "a Redis that was emptied gets its records back from those who have them",
  async (cluster, redis, stall) => {
    const [first, second] = [await cluster.join(), await cluster.join()];
    const isWhole = () => first.owned().length + second.owned().length === ALL;
    await until(() => areSettled(first, second), 8_000);
    await (await redis.link()).call(["FLUSHALL"]);
    const emptiedMs = performance.now();
    while (performance.now() - emptiedMs < 4_000) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.ok(isWhole() || stall.allowanceMs > 1_000);
    }
  },
);
