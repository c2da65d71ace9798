import type { Child } from "../child.ts";
import { startDiscord } from "../discord.ts";
import { waitUntil } from "../drive.ts";
import { type Asked, pace, quantile } from "../load.ts";
import { requestOf } from "../mix.ts";
import type { Place } from "../raw_http.ts";
import { KEY, startPeer, startSluice, TOKEN } from "../subjects.ts";

/** Two processes of one program may differ by a tenth. */
const RUNS = Number(Deno.env.get("BENCH_RUNS") ?? 3);
/** Each of them; together little enough for two cores. */
const PER_SECOND = 200;
const MEASURED_MS = 12_000;
/** Until most of what runs for each request is compiled. */
const WARM_MS = 20_000;
/** The garbage of the warm-up is collected in this time. */
const LEAD_MS = 4_000;

/** All of them are one bot, and half of the mix counts globally: here it never binds, so that nobody waits for a limit. */
const GLOBAL_LIMIT = 5_000;

/** The stock clients stand behind a listener that does as little as can be. */
const SUBJECTS = ["sluice", "relay", "discordjs", "discordeno"] as const;

/** How many kinds of requests there are in the mix. */
const KINDS = 4;
let asked = 0;

/** As the mix has it, and never the same twice: an interaction is answered once. */
const fresh: Asked = (owner, turn) =>
  requestOf(owner, KINDS * asked++ + turn % KINDS);

interface Cost {
  readonly cpuUs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Processor time per request and delay, of all at once, each before the same simulated Discord. */
export async function* besideLines(): AsyncGenerator<string> {
  const runs: Record<string, Cost>[] = [];
  for (let run = 0; run < RUNS; run++) runs.push(await runOnce());
  yield `${PER_SECOND} requests a second each, medians of ${RUNS} runs:`;
  for (const name of ["direct", ...SUBJECTS]) {
    const costs = runs.flatMap((run) => run[name] ?? []);
    const mid = (read: (cost: Cost) => number, digits: number) =>
      quantile(costs.map(read), 0.5).toFixed(digits);
    const cpu = name === "direct"
      ? ""
      : `${mid(({ cpuUs }) => cpuUs, 0)} µs of CPU per request, `;
    yield `${name}: ${cpu}p50 ${mid(({ p50Ms }) => p50Ms, 2)} ms, ` +
      `p99 ${mid(({ p99Ms }) => p99Ms, 2)} ms`;
  }
}

async function runOnce(): Promise<Record<string, Cost>> {
  await using stack = new AsyncDisposableStack();
  const discord = stack.use(await startDiscord());
  await discord.reset({ globalLimit: { limit: GLOBAL_LIMIT } });
  const options = { upstream: discord.url, globalLimit: GLOBAL_LIMIT };
  const children: Child[] = [];
  for (const name of SUBJECTS) {
    const start = name === "sluice"
      ? startSluice(options)
      : startPeer(name, options);
    children.push(stack.use(await start));
  }
  const places = [
    placeOf(new URL(discord.url), `Bot ${TOKEN}`),
    ...children.map(({ url }) => placeOf(url, KEY)),
  ];
  await waitUntil(performance.now() + 1_500);
  await pace(places, PER_SECOND, WARM_MS, fresh);
  await pace(places, PER_SECOND, LEAD_MS, fresh);
  const cpuMs = () => Promise.all(children.map((child) => child.cpuMs()));
  const before = await cpuMs();
  const took = await pace(places, PER_SECOND, MEASURED_MS, fresh);
  const after = await cpuMs();
  return Object.fromEntries(
    ["direct", ...SUBJECTS].map((name, at) => {
      const own = took[at] ?? [];
      const usedMs = (after[at - 1] ?? NaN) - (before[at - 1] ?? NaN);
      return [name, {
        cpuUs: usedMs / own.length * 1_000,
        p50Ms: quantile(own, 0.5),
        p99Ms: quantile(own, 0.99),
      }];
    }),
  );
}

function placeOf({ hostname, port }: URL, authorization: string): Place {
  const headers = [`authorization: ${authorization}`];
  return { hostname, port: Number(port), headers };
}
