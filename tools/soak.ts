/**
 * `deno task soak`: a steady mixed load with faults through the real proxy to
 * the simulated Discord, each in a process of its own. The verdict's bounds
 * stand in `soak/verdict.ts`.
 */
// deno-lint-ignore-file no-console -- Its output is what it is for.
import { randomUUID } from "../deps.ts";
import { createRandom } from "../sim/model/random.ts";
import type { AuditReport, SimOptions } from "../sim/server.ts";
import { createCalls } from "./soak/calls.ts";
import { type Child, startProxyChild, startSimChild } from "./soak/child.ts";
import { insideIn } from "./soak/inside.ts";
import { type Load, startLoad, type Tally } from "./soak/load.ts";
import { processFacts } from "./soak/process_facts.ts";
import { ROW_HEAD, ROW_S, rowOf } from "./soak/rows.ts";
import {
  type Ends,
  type Finding,
  type InsideSample,
  judgeAnswers,
  judgeAudit,
  judgeEnd,
  judgeTrends,
  type Sample,
  warmBytes,
} from "./soak/verdict.ts";
import { startWatch } from "./soak/watch.ts";
import { numberOptions, taskWords } from "./task_words.ts";

/** Longer than any retry and any time-out set here. */
const END_MS = 30_000;

/** The limit of a large bot: the load stays below it, so that a growing queue would be the proxy's fault. */
const GLOBAL_LIMIT = 500;

/** Faults of Discord and of the network, by chance per request. */
const WORLD: SimOptions = {
  recordLimit: 0,
  keepBodyBytes: 0,
  latencyIn: { minMs: 0, maxMs: 10 },
  latencyOut: { minMs: 30, maxMs: 70 },
  globalLimit: { limit: GLOBAL_LIMIT },
  ipPool: { isOn: false },
  faults: [
    { probability: 0.01, fault: { kind: "status", status: 502 } },
    { probability: 0.003, fault: { kind: "status", status: 500 } },
    { probability: 0.003, fault: { kind: "reset", isExecuted: true } },
    { probability: 0.003, fault: { kind: "close" } },
    { probability: 0.001, fault: { kind: "cut_body" } },
    { probability: 0.001, fault: { kind: "nonsense" } },
    { probability: 0.002, fault: { kind: "slow_body", overMs: 1_000 } },
    { probability: 0.0005, fault: { kind: "silence" } },
    {
      probability: 0.002,
      fault: { kind: "limited", scope: "shared", retryAfterMs: 300 },
    },
  ],
};

const DEFAULTS = { seconds: 600, rate: 300, seed: 1, trends: 1 };

const USAGE =
  `deno task soak [--seconds 600] [--rate 300] [--seed 1] [--trends 1]

Sends calls of all kinds through the real proxy to a simulated Discord that
makes mistakes, prints a row every ten seconds, and a verdict: exit code 1 when
something grew, was limited, was done twice or was left over. --trends 0 leaves
out what a machine that is busy with other things makes waver.`;

async function soak(): Promise<void> {
  const options = taskWords(USAGE, (words) => numberOptions(words, DEFAULTS));
  const key = randomUUID();
  let stalledMs = 0;
  await using sim = await startSimChild(
    { ...WORLD, seed: options.seed },
    (ms) => stalledMs += ms,
  );
  const insides: InsideSample[] = [];
  await using proxy = await startWatchedProxy(sim.url, key, insides);
  console.log(
    `${options.seconds} s at ${options.rate}/s, seed ${options.seed}`,
  );
  const before = await processFacts(proxy.pid);
  const calls = createCalls(createRandom(options.seed), key);
  const load = startLoad(`${proxy.url.origin}/api/v10`, calls, options.rate);
  const rows = { load, proxy, sim, insides };
  const { samples, odd } = await watchLoad(rows, options.seconds);
  await load.stop(END_MS);
  addTo(odd, load.take());
  const report = await reportOf(sim);
  // Its connections end with it: sockets that the proxy still has open after that are leaked.
  await sim.stop();

  const seen = { samples, insides: [...insides] };
  const left = await whatIsLeft(proxy, insides, load, {
    handles: before.handles,
    timers: 0,
    liveBytes: warmBytes(seen),
  });
  tellVerdict([
    ...options.trends === 0 ? [] : judgeTrends(seen),
    ...judgeAudit(report, { globalLimitPerSecond: GLOBAL_LIMIT, stalledMs }),
    ...judgeAnswers(odd),
    ...left,
  ], proxy);
}

/** A proxy that also reports its heap and timers. */
async function startWatchedProxy(
  upstream: URL,
  key: string,
  insides: InsideSample[],
): Promise<Child> {
  const startedMs = performance.now();
  const inside = new URL("soak/inside.ts", import.meta.url).pathname;
  return await startProxyChild({
    env: {
      DISCORD_TOKEN:
        "MTIzNDU2Nzg5MDEyMzQ1Njc4.soaked.not-a-real-token-of-anyone",
      REST_AUTHORIZATION: key,
      REST_UPSTREAM: upstream.href,
      REST_GLOBAL_LIMIT: String(GLOBAL_LIMIT),
      REST_UPSTREAM_TIMEOUT_MS: "5000",
    },
    moreFlags: ["--v8-flags=--expose-gc", `--preload=${inside}`],
    onLine(line) {
      const told = insideIn(line);
      if (told === undefined) return;
      const atS = (performance.now() - startedMs) / 1_000;
      insides.push({ atS, ...told });
    },
  });
}

/** Garbage collection and closing connections take this long at most; what is left afterwards is leaked. */
const SETTLE_MS_MAX = 30_000;
const LOOK_MS = 500;

/** Looks again until nothing is left over, or until `SETTLE_MS_MAX` has passed. */
async function whatIsLeft(
  proxy: Child,
  insides: readonly InsideSample[],
  load: Load,
  begin: Ends,
): Promise<readonly Finding[]> {
  const untilMs = performance.now() + SETTLE_MS_MAX;
  const told = insides.length;
  for (;;) {
    if (proxy.hasEnded) return [];
    const { handles } = await processFacts(proxy.pid);
    const { liveBytes, timers } = insides.at(-1) ?? NOTHING_TOLD;
    const findings = judgeEnd(load.waiting, begin, {
      handles,
      timers,
      liveBytes,
    });
    const isFine = insides.length > told &&
      findings.every((finding) => finding.isFine);
    if (isFine || performance.now() > untilMs) return findings;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

const NOTHING_TOLD = { liveBytes: Infinity, timers: Infinity };

interface Rows {
  readonly load: Load;
  readonly proxy: Child;
  readonly sim: Child;
  readonly insides: readonly InsideSample[];
}

/** Prints a row every ten seconds until the time is over. */
async function watchLoad(
  { load, proxy, sim, insides }: Rows,
  seconds: number,
): Promise<{ readonly samples: readonly Sample[]; readonly odd: Odds }> {
  const watch = startWatch(proxy.pid, () => load.waiting);
  const odd = new Map<string, number>();
  console.log(ROW_HEAD);
  for (let doneS = 0; doneS < seconds; doneS += ROW_S) {
    const restS = Math.min(ROW_S, seconds - doneS);
    await new Promise((resolve) => setTimeout(resolve, restS * 1_000));
    if (proxy.hasEnded) break;
    const sample = watch.samples.at(-1);
    const tally = load.take();
    addTo(odd, tally);
    if (sample === undefined) continue;
    const report = await reportOf(sim);
    console.log(rowOf(sample, insides.at(-1), tally, report));
  }
  await watch.stop();
  return { samples: watch.samples, odd };
}

type Odds = Map<string, number>;

function addTo(odd: Odds, tally: Tally): void {
  for (const [name, n] of tally.odd) odd.set(name, (odd.get(name) ?? 0) + n);
}

async function reportOf(sim: Child): Promise<AuditReport> {
  const response = await fetch(new URL("/__sim/report", sim.url));
  return await response.json();
}

function tellVerdict(findings: readonly Finding[], proxy: Child): void {
  for (const { text } of findings) console.log(text);
  const isFine = findings.every((finding) => finding.isFine) &&
    !proxy.hasEnded;
  if (proxy.hasEnded) {
    console.log(`the proxy ended: ${proxy.lastLines.join("\n")}`);
  }
  console.log(isFine ? "verdict: flat" : "verdict: NOT FLAT");
  if (!isFine) Deno.exitCode = 1;
}

if (import.meta.main) await soak();
