/**
 * Run in a network of its own (`_networks.ts`): three proxies, of which the
 * bot's owner is cut off from Redis (`redis`) or from Redis and every other
 * proxy (`all`) while Discord and its callers reach it as before. Ends with an
 * error where a promise was broken.
 */
import assert from "node:assert/strict";
import { type ReceivedRequest, type Sim, startSim } from "../../sim/server.ts";
import { callAll, type Told } from "../../tools/chaos/cluster/caller.ts";
import { verdictOn } from "../../tools/chaos/cluster/verdict.ts";
import {
  addressOf,
  cutFromPeers,
  cutFromPort,
  hubAddressOf,
  inNetworkOf,
  mend,
  openHub,
} from "./_networks.ts";
import {
  PROXY_KEY,
  type ProxyProcess,
  settled,
  startProxyProcess,
} from "./_processes.ts";
import { startRedis } from "./_redis.ts";
import { longestGapMs, partsOf, simNowMs } from "./_stage.ts";
import { Stall } from "./_stall.ts";

const NUMBERS = [1, 2, 3];
const BOT_ID = "123456789012345678";

/** Messages of each channel: some are on their way or wait at each moment until after the network is mended. */
const MESSAGES = 45;
/** Asked for before the cut, to be sent while it lasts and after it. */
const PROMISED = 40;
const PROMISED_CHANNEL = 9;

/** A proxy that was away for so long has been forgotten, and one that was away for less has not. */
const CUT_MS = { redis: 8_000, all: 11_000 };

/** A lease, for the owner's last beat may have been lost, and once more until the others are sure. */
const FOLLOWED_MS_MAX = 6_000;

/** Until a door has noticed that what it had handed on is nowhere, and its channel goes on. */
const NOTICED_MS_MAX = 8_000;

const what = Deno.args[0] === "all" ? "all" : "redis";

await openHub();
await using sim = await startSim({
  hostname: "0.0.0.0",
  rules: [{ match: "POST /channels/{}/messages", limit: 5, periodMs: 1_000 }],
  latencyIn: { minMs: 0, maxMs: 3 },
  latencyOut: { minMs: 1, maxMs: 20 },
});
await using redis = await startRedis(
  ...["--bind", "0.0.0.0", "--protected-mode", "no"],
);
await using stack = new AsyncDisposableStack();
const proxies = await Promise.all(NUMBERS.map(startNumber));
for (const { child } of proxies) stack.use(child);
await settled(proxies);
const { owner, doors } = await partsOf(proxies);
const ownerNumber = NUMBERS[proxies.indexOf(owner)] ?? 0;
using stall = new Stall();

const promised: { at: number; place: string }[] = [];
for (let at = 0; at < PROMISED; at++) promised.push(await promise(at));
const plain = proxies.map((through, at) => callPlainly(through, 2 * at));
const named = proxies.map((through, at) => callByName(through, 2 * at + 1));
await waitMs(1_000);

const cutMs = simNowMs();
await cutFromPort(ownerNumber, redis.port);
if (what === "all") await cutFromPeers(ownerNumber);
await waitMs(CUT_MS[what]);
// On a busy machine the others may find Redis late as well, and consent that it goes on.
while (!doors.includes((await partsOf(proxies)).owner)) await waitMs(100);
const gapMs = longestGapMs(sim, cutMs);
await mend();
await settled(proxies);
while ((await partsOf(proxies)).owner !== owner) await waitMs(100);

const plainly = await Promise.all(plain);
const byName = await Promise.all(named);
const kept = await Promise.all(promised.map(outcomeOf));
const atDoors = [plainly, byName].flatMap((all) =>
  all.filter((_, at) => proxies[at] !== owner)
).flat();
const slowestMs = Math.max(...atDoors.map(({ tookMs }) => tookMs));
const unknown = plainly.flat().filter(({ as }) => as === "unknown").length;
const verdict = verdictOn({
  told: [...plainly.flat(), ...byName.flat(), ...kept],
  moments: [],
  faults: await faultsIn(proxies),
  requests: sim.requests(),
});
const { allowanceMs } = stall;
const figures = { gapMs, slowestMs, allowanceMs, unknown: verdict.unknown };
await Deno.stdout.write(
  new TextEncoder().encode(
    JSON.stringify({ ...figures, tenures: tenuresIn(sim, cutMs) }, null, 2),
  ),
);

assert.deepEqual(verdict.problems, []);
assertOneAtATime(sim);
assert.ok(gapMs < FOLLOWED_MS_MAX + allowanceMs, `${gapMs} ms`);
assert.ok(slowestMs < NOTICED_MS_MAX + allowanceMs, `${slowestMs} ms`);
// A door has one message at a time of each of these callers that nobody can know of.
assert.ok(unknown <= (what === "all" ? doors.length : 0), `${unknown}`);

function startNumber(number: number): Promise<ProxyProcess> {
  const hub = hubAddressOf(number);
  const env = {
    REST_HOST: addressOf(number),
    REST_PORT: "8000",
    REST_REDIS_URL: `redis://${hub}:${redis.port}`,
    REST_PEER_URL: `http://${addressOf(number)}:8001`,
  };
  return startProxyProcess(
    redis,
    `http://${hub}:${sim.port}/api`,
    env,
    inNetworkOf(number),
  );
}

/** Messages of a channel whose callers are told what came of each; what was certainly not sent they send again. */
function callPlainly(through: ProxyProcess, channel: number): Promise<Told[]> {
  return callAll({
    doors: [through.url],
    first: 0,
    key: PROXY_KEY,
    botId: BOT_ID,
    channelId: `${1_000 + channel}`,
    contents: Array.from({ length: MESSAGES }, (_, at) => `c${channel}-${at}`),
    gapMs: 40,
  });
}

/** Messages with names, each asked for until it is known what came of it. */
async function callByName(
  through: ProxyProcess,
  channel: number,
): Promise<Told[]> {
  const told: Told[] = [];
  for (let at = 0; at < MESSAGES; at++) {
    const content = `c${channel}-${at}`;
    const headers = { "idempotency-key": content };
    const beganMs = performance.now();
    let status: number | undefined;
    do {
      if (status !== undefined) await waitMs(100);
      status = await through.post(1_000 + channel, content, headers);
    } while (status === 429 || status === 503);
    const atMs = performance.now();
    told.push({
      content,
      as: status === 200 ? "sent" : status === 408 ? "unknown" : "failed",
      tookMs: atMs - beganMs,
      atMs,
      why: `${status}`,
    });
    await waitMs(40);
  }
  return told;
}

/** Has a message taken whose answer is fetched later; returns where. */
async function promise(at: number): Promise<{ at: number; place: string }> {
  for (;;) {
    const response = await fetch(
      `${owner.url}/api/v10/channels/${1_000 + PROMISED_CHANNEL}/messages`,
      {
        method: "POST",
        headers: {
          authorization: PROXY_KEY,
          "content-type": "application/json",
          prefer: "respond-async",
        },
        body: JSON.stringify({ content: `c${PROMISED_CHANNEL}-${at}` }),
      },
    );
    const text = await response.text();
    const place = response.headers.get("location");
    if (response.status === 202 && place !== null) return { at, place };
    // On a busy disk Redis may be late: then nothing was promised.
    assert.equal(response.status, 503, text);
    await waitMs(100);
  }
}

/** What came of it in the end, asked at a door. */
async function outcomeOf(
  { at, place }: { at: number; place: string },
): Promise<Told> {
  const content = `c${PROMISED_CHANNEL}-${at}`;
  for (;;) {
    const response = await fetch(`${doors[0]?.url}${place}`, {
      headers: { authorization: PROXY_KEY },
    });
    const text = await response.text();
    const { status } = response;
    if (status === 202) {
      await waitMs(100);
      continue;
    }
    const as = status === 200 ? "sent" : status === 408 ? "unknown" : "failed";
    const why = `${status} ${text}`;
    return { content, as, tookMs: 0, atMs: performance.now(), why };
  }
}

/** Through which address of ours a request came, which tells its proxy. */
function senderOf({ headers }: ReceivedRequest): string {
  return headers.find(([name]) => name.toLowerCase() === "host")?.[1] ?? "";
}

interface Tenure {
  readonly sender: string;
  readonly fromMs: number;
  toMs: number;
  count: number;
}

/** Who sent for the bot, one after the other; times count from `zeroMs`. */
function tenuresIn(sim: Sim, zeroMs: number): Tenure[] {
  const tenures: Tenure[] = [];
  const requests = sim.requests().toSorted((a, b) =>
    a.receivedAtMs - b.receivedAtMs
  );
  for (const request of requests) {
    const sender = senderOf(request);
    const toMs = (request.answeredAtMs ?? Infinity) - zeroMs;
    const last = tenures.at(-1);
    if (last?.sender === sender) {
      last.count++;
      last.toMs = Math.max(last.toMs, toMs);
    } else {
      const fromMs = request.receivedAtMs - zeroMs;
      tenures.push({ sender, fromMs, toMs, count: 1 });
    }
  }
  return tenures;
}

/** Who sends has heard the end of everything that another one had sent. */
function assertOneAtATime(sim: Sim): void {
  const tenures = tenuresIn(sim, 0);
  for (const [at, { fromMs, sender }] of tenures.entries()) {
    const before = tenures[at - 1];
    assert.ok((before?.toMs ?? 0) <= fromMs, `${sender}: two send at once`);
  }
}

/** What the proxies said that is a fault of their own; ends them. */
async function faultsIn(proxies: readonly ProxyProcess[]): Promise<string[]> {
  for (const { child } of proxies) child.signal("SIGTERM");
  const ends = await Promise.all(proxies.map(({ child }) => child.ended()));
  return ends.flatMap(({ out, err }) =>
    (out + err).split("\n").filter((line) =>
      /\bbug\b|fault of our own/i.test(line)
    )
  );
}

function waitMs(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
