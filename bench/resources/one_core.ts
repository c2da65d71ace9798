import { startChild } from "../child.ts";
import { waitUntil } from "../drive.ts";
import { callOverHttp, pace, quantile } from "../load.ts";
import type { Place } from "../raw_http.ts";
import { KEY, startSluice } from "../subjects.ts";

const RATES = [500, 1_000, 1_500, 2_000, 2_500, 3_000, 4_000, 5_000, 6_000];
const STEP_MS = 8_000;
/** What a first try at a rate opens and grows does not count. */
const LEAD_MS = 2_000;
/** Until its code is compiled. */
const WARM_UP_MS = 14_000;
const CONNECTIONS = 64;

/** The highest that can be set. */
const GLOBAL_LIMIT = 10_000;

/** A request in a hundred that takes so much longer than a direct one is a sign of a queue in the process, not of Discord's limits. */
const DEGRADED_MS = 10;

/** One may be other work of the machine. */
const MISSES_MAX = 2;

/** What Discord gives a bot until it raises that (docs: rate limits, global). */
const PER_BOT = 50;

/** At steady paces, each higher than the one before: where one process, and so one core, begins to fall behind. */
export async function* coreLines(): AsyncGenerator<string> {
  await using stack = new AsyncDisposableStack();
  const origin = stack.use(await startChild({ script: "bench/origin.ts" }));
  const proxy = stack.use(
    await startSluice({
      upstream: origin.url.href,
      globalLimit: GLOBAL_LIMIT,
    }),
  );
  const places = [placeOf(proxy.url), placeOf(origin.url)];
  await waitUntil(performance.now() + 1_500);
  const [place] = places as [Place, Place];
  const caller = stack.use(await callOverHttp(place, CONNECTIONS));
  await caller.saturate(WARM_UP_MS);
  const usedBeforeMs = await proxy.cpuMs();
  const answered = await caller.saturate(STEP_MS);
  const eachMs = (await proxy.cpuMs() - usedBeforeMs) / answered;
  yield `as fast as it goes: ${(eachMs * 1_000).toFixed(0)} µs of CPU per ` +
    `request, of which a core has ${(1_000 / eachMs).toFixed(0)} in a second`;
  let best = 0;
  let misses = 0;
  for (const rate of RATES) {
    await pace(places, rate, LEAD_MS);
    const beforeMs = await proxy.cpuMs();
    const fromMs = performance.now();
    const [took = [], direct = []] = await pace(places, rate, STEP_MS);
    const cores = (await proxy.cpuMs() - beforeMs) /
      (performance.now() - fromMs);
    const p99Ms = quantile(took, 0.99);
    const directMs = quantile(direct, 0.99);
    yield `${rate}/s: p50 ${quantile(took, 0.5).toFixed(2)} ms, ` +
      `p99 ${p99Ms.toFixed(2)} ms (direct ${directMs.toFixed(2)} ms), ` +
      `${cores.toFixed(2)} cores`;
    const isWell = p99Ms <= directMs + DEGRADED_MS;
    if (isWell) best = rate;
    misses = isWell ? 0 : misses + 1;
    if (misses === MISSES_MAX) break;
  }
  yield `one process keeps its p99 within ${DEGRADED_MS} ms of a direct call ` +
    `up to ${best} requests a second: ${Math.floor(best / PER_BOT)} bots ` +
    `that send ${PER_BOT} a second without a break`;
}

function placeOf({ hostname, port }: URL): Place {
  const headers = [`authorization: ${KEY}`];
  return { hostname, port: Number(port), headers };
}
