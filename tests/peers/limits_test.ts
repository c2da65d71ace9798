/** Discord's limits behind several proxies, judged by the simulated Discord's clock. */
import assert from "node:assert/strict";
import { SYSTEM_CLOCK } from "../../rest/clock/system_clock.ts";
import type { Clock } from "../../rest/domain/ports.ts";
import { startSim } from "../../sim/server.ts";
import { Stall } from "../cluster/_stall.ts";
import { KEY } from "../_proxy.ts";
import { pipelined, until } from "./_calls.ts";
import { startCluster } from "./_cluster.ts";

const MESSAGES = 400;
const CHANNELS = 100;
const PROXIES = 4;
/** Four seconds are enough to tell three hundredths. */
const GLOBAL_LIMIT = 100;
const RATIO_MAX = 1.03;

/** Machines whose calendars are hours apart, and were started on different days. */
const SKEWS_MS = [0, 3_600_000, -86_400_000, 7_777] as const;

function clockAt(place: number): Clock {
  const skewMs = SKEWS_MS[place] ?? 0;
  return {
    nowMs: () => SYSTEM_CLOCK.nowMs() + 2 * skewMs,
    wallMs: () => SYSTEM_CLOCK.wallMs() + skewMs,
    wakeAt: (atMs, action) => SYSTEM_CLOCK.wakeAt(atMs - 2 * skewMs, action),
  };
}

/** All messages at once, each through the proxy at a place; says how long Discord saw them come. */
async function run(placeOf: (index: number) => number): Promise<number> {
  const globalLimit = { limit: GLOBAL_LIMIT };
  const latencyOut = { minMs: 20, maxMs: 60 };
  await using sim = await startSim({ globalLimit, latencyOut });
  await using cluster = await startCluster({
    upstream: sim.url,
    count: PROXIES,
    env: { REST_GLOBAL_LIMIT: `${GLOBAL_LIMIT}` },
    clockAt,
  });
  const answers = Array.from({ length: MESSAGES }, async (_, index) => {
    const { url = "" } = cluster.proxies[placeOf(index)] ?? {};
    const channel = 1_000 + index % CHANNELS;
    const response = await fetch(`${url}/channels/${channel}/messages`, {
      method: "POST",
      headers: { authorization: KEY, "content-type": "application/json" },
      body: JSON.stringify({ content: `${index}` }),
    });
    await response.body?.cancel();
    return response.status;
  });
  const statuses = await Promise.all(answers);
  assert.deepEqual(statuses.filter((status) => status !== 200), []);
  const requests = sim.requests();
  // No 429 either, which the proxy would have sent again.
  assert.equal(requests.length, MESSAGES);
  const times = requests.map(({ receivedAtMs }) => receivedAtMs);
  return Math.max(...times) - Math.min(...times);
}

Deno.test("400 messages over 100 channels through four proxies with clocks of their own meet no 429, and take as long as through one", async () => {
  using stall = new Stall();
  const aloneMs = await run(() => 0);
  const spreadMs = await run((index) => index % PROXIES);
  const mostMs = RATIO_MAX * aloneMs + stall.allowanceMs;
  assert.ok(spreadMs < mostMs, `${spreadMs} ms beside ${aloneMs} ms`);
});

Deno.test("the messages of a hot channel, all at once through one door, leave in their order and meet no 429", async () => {
  const match = "POST /channels/{id}/messages";
  await using sim = await startSim({
    rules: [{ match, limit: 5, periodMs: 1_000 }],
    latencyIn: { minMs: 0, maxMs: 10 },
    latencyOut: { minMs: 5, maxMs: 40 },
  });
  await using cluster = await startCluster({
    upstream: sim.url,
    count: 2,
    clockAt,
  });
  const [, door] = cluster.proxies;
  const contents = Array.from(
    { length: 12 },
    // Longer ones take longer to arrive at the owner.
    (_, index) => `${index} ${"x".repeat(index % 3 === 0 ? 60_000 : 1)}`,
  );
  const port = door?.listener.address.port ?? 0;
  const { close } = pipelined(port, "/channels/7/messages", contents);
  await until(() => sim.requests().length >= contents.length);
  close();
  const requests = sim.requests();
  assert.deepEqual(requests.filter(({ status }) => status === 429), []);
  const order = requests.map(({ body }) =>
    /"content":"(\d+) /.exec(new TextDecoder().decode(body))?.[1]
  );
  assert.deepEqual(order, contents.map((_, index) => `${index}`));
});
