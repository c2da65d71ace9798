/** Real proxies, a real Redis, and the simulated Discord. */
import assert from "node:assert/strict";
import { type Sim, startSim } from "../../sim/server.ts";
import { type ProxyProcess, settled, startProxyProcess } from "./_processes.ts";
import { until } from "./_clusters.ts";
import { Stall } from "./_stall.ts";
import { hasRedis, startRedis, type TestRedis } from "./_redis.ts";

interface Stage {
  readonly sim: Sim;
  readonly redis: TestRedis;
  readonly proxies: readonly ProxyProcess[];
  readonly stall: Stall;
}

function stageTest(
  name: string,
  count: number,
  fn: (stage: Stage) => Promise<void>,
): void {
  Deno.test({
    name,
    ignore: !hasRedis,
    async fn() {
      await using sim = await startSim();
      await using redis = await startRedis();
      await using stack = new AsyncDisposableStack();
      const proxies: ProxyProcess[] = [];
      for (let at = 0; at < count; at++) {
        const proxy = await startProxyProcess(redis, sim.url);
        stack.use(proxy.child);
        proxies.push(proxy);
      }
      await settled(proxies);
      using stall = new Stall();
      await fn({ sim, redis, proxies, stall });
    },
  });
}

/** The proxy that sends for the bot, and the others, which are doors. */
async function partsOf(proxies: readonly ProxyProcess[]): Promise<{
  readonly owner: ProxyProcess;
  readonly doors: readonly ProxyProcess[];
}> {
  for (;;) {
    const figures = await Promise.all(proxies.map((one) => one.figures()));
    const at = figures.findIndex((text) => /^sluice_owner.* 1$/m.test(text));
    const owner = proxies[at];
    if (owner === undefined) continue;
    return { owner, doors: proxies.filter((one) => one !== owner) };
  }
}

/** Messages through one proxy, each 50 ms, each to a channel of its own; ends with what came of them. */
function stream(through: ProxyProcess, channel: string) {
  let isOver = false;
  const statuses: Promise<number | undefined>[] = [];
  const done = (async () => {
    for (let count = 0; !isOver; count++) {
      statuses.push(through.post(`${channel}${count}`, `${count}`));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return await Promise.all(statuses);
  })();
  return {
    end() {
      isOver = true;
      return done;
    },
  };
}

/** On the clock of what the simulated Discord notes. */
function simNowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** The longest time without a request at the simulated Discord since `fromMs`. */
function longestGapMs(sim: Sim, fromMs: number): number {
  const times = sim.requests().map(({ receivedAtMs }) => receivedAtMs)
    .filter((atMs) => atMs >= fromMs).sort((a, b) => a - b);
  const marks = [fromMs, ...times, simNowMs()];
  return Math.max(
    ...marks.slice(1).map((atMs, at) => atMs - (marks[at] ?? atMs)),
  );
}

function assertNoLimit(sim: Sim): void {
  const limited = sim.requests().filter(({ status }) => status === 429);
  assert.deepEqual(limited.map(({ target }) => target), []);
}

/** No message was made twice: each has a content of its own. */
function assertOnce(sim: Sim): void {
  const made = sim.requests().filter(({ executed }) => executed)
    .map(({ target, body }) => `${target} ${new TextDecoder().decode(body)}`);
  assert.equal(new Set(made).size, made.length);
}

stageTest(
  "400 posts over 100 channels through three proxies meet no 429",
  3,
  async ({ sim, proxies }) => {
    const posts = Array.from(
      { length: 400 },
      (_, at) => proxies[at % 3]?.post(1000 + at % 100, `${at}`),
    );
    const statuses = await Promise.all(posts);
    assert.deepEqual(statuses.filter((status) => status !== 200), []);
    assertNoLimit(sim);
  },
);

stageTest(
  "after signal 9 to the owner the next one sends within 4 s, and no message is sent twice",
  3,
  async ({ sim, proxies, stall }) => {
    const { owner, doors: [door] } = await partsOf(proxies);
    assert.ok(door !== undefined);
    const messages = stream(door, "77");
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const killedMs = simNowMs();
    owner.child.signal("SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    await messages.end();
    const gapMs = longestGapMs(sim, killedMs);
    assert.ok(gapMs < 4_000 + stall.allowanceMs, `${gapMs} ms`);
    assertOnce(sim);
    assertNoLimit(sim);
  },
);

stageTest(
  "what a killed owner had promised is sent by the next one: nothing is lost, doubled or out of order",
  3,
  async ({ sim, proxies }) => {
    const { owner, doors: [door] } = await partsOf(proxies);
    assert.ok(door !== undefined);
    const contents = Array.from({ length: 12 }, (_, at) => `${at}`);
    for (const content of contents) {
      assert.equal(
        await door.post(5, content, { prefer: "respond-async" }),
        202,
      );
    }
    const sent = () =>
      sim.requests().filter(({ executed }) => executed)
        .map(({ body }) => JSON.parse(new TextDecoder().decode(body)).content);
    // The channel's limit is five: nothing is in flight then.
    const bucketFull = 5;
    await until(() => sent().length >= bucketFull, 5_000);
    await new Promise((resolve) => setTimeout(resolve, 200));
    owner.child.signal("SIGKILL");
    await until(() => new Set(sent()).size === contents.length, 30_000);
    assert.deepEqual(sent(), contents);
  },
);

stageTest(
  "an owner that was stopped for 8 s sends nothing when it goes on, and another one has sent meanwhile",
  3,
  async ({ sim, proxies, stall }) => {
    const { owner, doors: [door] } = await partsOf(proxies);
    assert.ok(door !== undefined);
    const [through, home] = [stream(door, "77"), stream(owner, "88")];
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const stoppedMs = simNowMs();
    owner.child.signal("SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, 8_000));
    const gapMs = longestGapMs(sim, stoppedMs);
    owner.child.signal("SIGCONT");
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await Promise.all([through.end(), home.end()]);
    assert.ok(gapMs < 4_000 + stall.allowanceMs, `${gapMs} ms`);
    assertOnce(sim);
    assertNoLimit(sim);
  },
);

stageTest(
  "three proxies that end with SIGTERM one after the other, each replaced, cost no caller anything",
  3,
  async ({ sim, redis, proxies, stall }) => {
    const door = await startProxyProcess(redis, sim.url);
    await using _ended = door.child;
    await settled([...proxies, door]);
    const messages = stream(door, "77");
    const beganMs = simNowMs();
    for (const { child } of proxies) {
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      child.signal("SIGTERM");
    }
    for (const { child } of proxies) await child.ended();
    const statuses = await messages.end();
    assert.deepEqual(statuses.filter((status) => status !== 200), []);
    const gapMs = longestGapMs(sim, beganMs);
    // Nobody had to wait for a lease to end.
    assert.ok(gapMs < 3_000 + stall.allowanceMs, `${gapMs} ms`);
    assertOnce(sim);
    assertNoLimit(sim);
  },
);

stageTest(
  "when Redis is killed and back 6 s later nobody notices: all proxies consent that the owner goes on",
  3,
  async ({ sim, redis, proxies, stall }) => {
    const { doors: [door] } = await partsOf(proxies);
    assert.ok(door !== undefined);
    const messages = stream(door, "77");
    const beganMs = simNowMs();
    await redis.kill();
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    await redis.restart();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const statuses = await messages.end();
    assert.deepEqual(statuses.filter((status) => status !== 200), []);
    assert.ok(longestGapMs(sim, beganMs) < 1_000 + stall.allowanceMs);
    assertOnce(sim);
    assertNoLimit(sim);
  },
);
