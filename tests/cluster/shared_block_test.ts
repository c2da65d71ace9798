/** Cloudflare blocks the address of two real proxies, and one of them meets it first. */
import assert from "node:assert/strict";
import { startSim } from "../../sim/server.ts";
import { type ProxyProcess, settled, startProxyProcess } from "./_processes.ts";
import { hasRedis, startRedis } from "./_redis.ts";
import { assertOnce, simNowMs } from "./_stage.ts";
import { Stall } from "./_stall.ts";

/** So many that each proxy owns some. */
const BOTS = Array.from({ length: 12 }, (_, at) => `bot${at}`);

/** It is told in whole seconds. */
const BLOCK_MS = 7_000;

/** Each tells and hears once a second, so a block is a second old in Redis at most, and another one elsewhere. */
const HEARD_MS_MAX = 2_500;

Deno.test({
  name:
    "a block that one proxy meets holds back the other one behind its address too, until it is over; then both send what waited",
  ignore: !hasRedis,
  async fn() {
    await using sim = await startSim();
    await using redis = await startRedis();
    await using tokens = await tokensFile();
    await using stack = new AsyncDisposableStack();
    const env = { DISCORD_TOKEN: "", DISCORD_TOKENS_FILE: tokens.path };
    const proxies = await Promise.all(
      [1, 2].map(() => startProxyProcess(redis, sim.url, env)),
    );
    for (const { child } of proxies) stack.use(child);
    await settled(proxies);
    using stall = new Stall();
    const [meets, hears] = await Promise.all(proxies.map(withOwnBot));
    assert.ok(meets && hears);

    const block = { shape: "b", forMs: BLOCK_MS, hasRetryAfter: true } as const;
    sim.script({ fault: { kind: "block", ...block } });
    const posts = [meets.post(1)];
    while (!await isHeldBack(hears.proxy)) await waitMs(20);
    const blockedAtMs = sim.requests()[0]?.arrivedAtMs ?? 0;
    const heardMs = simNowMs() - blockedAtMs;
    posts.push(...[2, 3, 4].flatMap((at) => [meets.post(at), hears.post(at)]));
    const statuses = await Promise.all(posts);

    assert.deepEqual(statuses, Array(posts.length).fill(200));
    assertOnce(sim);
    const bound = HEARD_MS_MAX + stall.allowanceMs;
    assert.ok(heardMs < bound, `heard in ${heardMs} ms`);
    const [first, ...others] = sim.requests();
    assert.equal(first?.scope, "cloudflare");
    const times = others.map(({ arrivedAtMs }) => arrivedAtMs - blockedAtMs);
    assert.ok(times.every((ms) => ms >= BLOCK_MS), `${times}`);
    assert.ok(times.every((ms) => ms < BLOCK_MS + bound), `${times}`);
    for (const { proxy } of [meets, hears]) {
      assert.ok(!await isHeldBack(proxy));
    }
  },
});

async function isHeldBack(proxy: ProxyProcess): Promise<boolean> {
  return /^sluice_breaker_open 1$/m.test(await proxy.figures());
}

/** A proxy, and how a bot that it owns says something in a channel. */
async function withOwnBot(proxy: ProxyProcess) {
  const figures = await proxy.figures();
  const bot = BOTS.find((bot) =>
    figures.includes(`sluice_owner{bot="${bot}"} 1`)
  );
  assert.ok(bot !== undefined, figures);
  const post = (channel: number) =>
    proxy.post(channel, `of ${bot}`, { "bot_id": bot });
  return { proxy, post };
}

async function tokensFile(): Promise<
  AsyncDisposable & { readonly path: string }
> {
  const path = await Deno.makeTempFile();
  const tokens = BOTS.map((bot, at) => {
    const id = btoa(`${1_200_000_000_000_000_000n + BigInt(at)}`);
    return [bot, `${id.replaceAll("=", "")}.tests0.not-a-real-token-of-anyone`];
  });
  await Deno.writeTextFile(path, JSON.stringify(Object.fromEntries(tokens)));
  await Deno.chmod(path, 0o600);
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path),
  };
}

function waitMs(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
