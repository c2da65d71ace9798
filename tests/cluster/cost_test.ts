/** What Redis is asked for requests, and what one bot's proxy costs another bot. */
import assert from "node:assert/strict";
import { startSim } from "../../sim/server.ts";
import { TOKEN } from "../_proxy.ts";
import {
  PROXY_KEY,
  type ProxyProcess,
  settled,
  startProxyProcess,
} from "./_processes.ts";
import { hasRedis, startRedis } from "./_redis.ts";
import { RawRedis } from "./_redis_raw.ts";
import { partsOf, stageTest } from "./_stage.ts";
import { Stall } from "./_stall.ts";

/** Leases, health and what was learnt: each some once a second, of each proxy. */
const COMMANDS_A_SECOND_MAX = 8;
const PLAIN = 400;

stageTest(
  "plain requests at the owner ask nothing of Redis: however many they are, it is told what it is told anyway",
  2,
  async ({ sim, redis, proxies }) => {
    const { owner } = await partsOf(proxies);
    using looking = await RawRedis.open(redis.port);
    const told = await looking.monitor();
    const beganMs = performance.now();
    const statuses = await Promise.all(
      Array.from({ length: PLAIN }, (_, at) => owner.post(1_000 + at, `${at}`)),
    );
    const seconds = (performance.now() - beganMs) / 1_000;
    assert.deepEqual(statuses.filter((status) => status !== 200), []);
    assert.equal(sim.requests().length, PLAIN);
    const commands = commandsIn(told.text());
    const most = proxies.length * COMMANDS_A_SECOND_MAX * (seconds + 1);
    assert.ok(commands > 0);
    assert.ok(commands < most && commands < PLAIN / 2, `${commands} commands`);
  },
);

stageTest(
  "promises that come together are written together: a hundred of them in a fraction of the commands",
  2,
  async ({ redis, proxies }) => {
    const { owner } = await partsOf(proxies);
    using looking = await RawRedis.open(redis.port);
    const told = await looking.monitor();
    const statuses = await Promise.all(
      Array.from(
        { length: 100 },
        (_, at) => owner.post(1_000 + at, `${at}`, { prefer: "respond-async" }),
      ),
    );
    const commands = commandsIn(told.text());
    assert.deepEqual(statuses.filter((status) => status !== 202), []);
    assert.ok(commands < 60, `${commands} commands`);
  },
);

/** What clients asked, without what scripts did. */
function commandsIn(text: string): number {
  return text.split("\n").filter((line) =>
    line.startsWith("+") && line.includes("[0 ") && !line.includes("[0 lua]")
  ).length;
}

/** So many bots that each of two proxies has some. */
const BOTS = Object.fromEntries(Array.from({ length: 12 }, (_, at) => {
  const id = btoa(`1234567890123456${10 + at}`);
  return [`bot-${at}`, `${id}.tests0.${"x".repeat(27)}`];
}));

Deno.test({
  name:
    "when the owner of one bot is killed, another bot's requests at their own owner fail never and take no longer",
  ignore: !hasRedis,
  async fn() {
    await using sim = await startSim();
    await using redis = await startRedis();
    await using stack = new AsyncDisposableStack();
    const folder = await Deno.makeTempDir();
    stack.defer(() => Deno.remove(folder, { recursive: true }));
    const tokens = `${folder}/tokens.json`;
    await Deno.writeTextFile(tokens, JSON.stringify(BOTS), { mode: 0o600 });
    const env = { DISCORD_TOKEN: TOKEN, DISCORD_TOKENS_FILE: tokens };
    const proxies = await Promise.all([0, 1].map(async () => {
      const proxy = await startProxyProcess(redis, sim.url, env);
      stack.use(proxy.child);
      return proxy;
    }));
    await settled(proxies);
    using stall = new Stall();
    const [dying, living] = proxies;
    assert.ok(dying !== undefined && living !== undefined);
    const [lost, kept] = [await botOf(dying), await botOf(living)];
    const others = stream(living, lost);
    const own = stream(living, kept);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const killedMs = performance.now();
    dying.child.signal("SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    const [taken, calls] = [await others.end(), await own.end()];
    assert.deepEqual(calls.filter(({ status }) => status !== 200), []);
    const [before, after] = [true, false].map((isBefore) =>
      calls.filter(({ atMs }) => atMs < killedMs === isBefore)
        .map(({ tookMs }) => tookMs).sort((one, other) => one - other)
    );
    const mostMs = Math.max(...after ?? []);
    assert.ok(mostMs < 500 + stall.allowanceMs, `${mostMs} ms`);
    const median = (all: readonly number[] = []) => all[all.length >> 1] ?? 0;
    assert.ok(median(after) < 2 * median(before) + 20 + stall.allowanceMs);
    // The other bot did have to wait for its lease to end.
    assert.ok(Math.max(...taken.map(({ tookMs }) => tookMs)) > 1_000);
  },
});

/** A bot that this proxy sends for. */
async function botOf(proxy: ProxyProcess): Promise<string> {
  const figures = await proxy.figures();
  return /^sluice_owner\{bot="(bot-\d+)"\} 1$/m.exec(figures)?.[1] ?? "none";
}

interface Call {
  readonly atMs: number;
  readonly tookMs: number;
  readonly status: number | undefined;
}

/** Twenty messages a second of a bot, each in a channel of its own; ends with what came of them. */
function stream(proxy: ProxyProcess, bot: string): { end(): Promise<Call[]> } {
  let isOver = false;
  const calls: Promise<Call>[] = [];
  const done = (async () => {
    for (let at = 0; !isOver; at++) {
      calls.push(call(proxy, bot, at));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return await Promise.all(calls);
  })();
  return {
    end() {
      isOver = true;
      return done;
    },
  };
}

async function call(
  { url }: ProxyProcess,
  bot: string,
  at: number,
): Promise<Call> {
  const atMs = performance.now();
  const headers = {
    authorization: PROXY_KEY,
    "bot_id": bot,
    "content-type": "application/json",
  };
  const response = await fetch(`${url}/api/v10/channels/${at + 1}/messages`, {
    method: "POST",
    headers,
    body: `{"content":"${at}"}`,
  }).catch(() => undefined);
  await response?.body?.cancel();
  const tookMs = performance.now() - atMs;
  return { atMs, tookMs, status: response?.status };
}
