/** `deno task bench:spread`: 400 messages over 100 channels through four proxies, beside the same through one. */
// deno-lint-ignore-file no-console -- Its output is what it is for.
import { NEAR } from "./bench_case.ts";
import type { Child } from "./child.ts";
import { startDiscord } from "./discord.ts";
import { KEY, startSluice } from "./subjects.ts";
import { freePort } from "../tools/free_port.ts";

const MESSAGES = 400;
const CHANNELS = 100;
const PROXIES = 4;
const GLOBAL_LIMIT = 50;
/** A second after the last message the global limit is whole again, and so are buckets. */
const REST_MS = 6_000;
const RATIO_WANTED = 1.03;

/** By the number of a message: through which proxy it goes; 0 is the owner. */
const SPREADS: Readonly<Record<string, (index: number) => number>> = {
  "one proxy": () => 0,
  "a quarter each": (index) => index % PROXIES,
  "all through one door": () => 1,
  "each channel through a door of its own": (index) =>
    (index % CHANNELS) % PROXIES,
  "seven of ten through one door": (index) => index % 10 < 7 ? 2 : index % 4,
};

await using discord = await startDiscord();
await using stack = new AsyncDisposableStack();
const proxies = await startProxies(stack);
await pass(() => 0);
let aloneMs: number | undefined;
for (const [name, spread] of Object.entries(SPREADS)) {
  const { tookMs, limited, failed } = await pass(spread);
  aloneMs ??= tookMs;
  console.log(
    `${name}: ${(tookMs / 1_000).toFixed(2)} s, ` +
      `${(tookMs / aloneMs).toFixed(3)} of one proxy's ` +
      `(want ${RATIO_WANTED} or less), ${limited} 429s, ${failed} failed`,
  );
}

async function pass(
  spread: (index: number) => number,
): Promise<{ tookMs: number; limited: number; failed: number }> {
  await discord.reset({ ...NEAR });
  await new Promise((resolve) => setTimeout(resolve, REST_MS));
  const startMs = performance.now();
  const answers = await Promise.all(
    Array.from({ length: MESSAGES }, (_, index) => send(index, spread(index))),
  );
  const tookMs = performance.now() - startMs;
  const { limited } = await discord.report();
  return {
    tookMs,
    limited: Object.values(limited).reduce((sum, count) => sum + count, 0),
    failed: answers.filter((status) => status !== 200).length,
  };
}

async function send(index: number, place: number): Promise<number> {
  const channel = 1_300_000_000_000_000_000n + BigInt(index % CHANNELS);
  const url = new URL(
    `/api/v10/channels/${channel}/messages`,
    proxies[place]?.url,
  );
  const response = await fetch(url, {
    method: "POST",
    headers: { authorization: KEY, "content-type": "application/json" },
    body: JSON.stringify({ content: `message ${index}` }),
  });
  await response.body?.cancel();
  return response.status;
}

/** An owner and three doors. */
async function startProxies(all: AsyncDisposableStack): Promise<Child[]> {
  const peerUrl = `http://127.0.0.1:${freePort()}`;
  const key = { REST_PEER_KEY: `peers-${KEY}` };
  const options = { upstream: discord.url, globalLimit: GLOBAL_LIMIT };
  const owner = { ...key, REST_PEER_URL: peerUrl };
  const door = { ...key, REST_OWNER_URL: peerUrl };
  const started: Child[] = [];
  for (let place = 0; place < PROXIES; place++) {
    const env = place === 0 ? owner : door;
    started.push(all.use(await startSluice({ ...options, env })));
  }
  return started;
}
