/**
 * `deno task soak [--seconds 600] [--rate 300] [--seed 1]`: a steady mixed load
 * with faults through the real proxy to the simulated Discord, each in a
 * process of its own. Prints a row every ten seconds and a verdict, whose
 * bounds stand in `soak/verdict.ts`; exit code 1 when something grew, was
 * limited or was done twice.
 */
// deno-lint-ignore-file no-console -- Its output is what it is for.
import { randomUUID } from "../deps.ts";
import { createRandom } from "../sim/model/random.ts";
import type { AuditReport, SimOptions } from "../sim/server.ts";
import { createCalls } from "./soak/calls.ts";
import { type Child, startProxyChild, startSimChild } from "./soak/child.ts";
import { type Load, startLoad, type Tally } from "./soak/load.ts";
import { numberOptions } from "./soak/options.ts";
import { processFacts, settledFacts } from "./soak/process_facts.ts";
import type { Point } from "./soak/trend.ts";
import {
  type Finding,
  HANDLES_SLACK,
  judgeAudit,
  judgeEnd,
  judgeTrends,
  type Sample,
} from "./soak/verdict.ts";
import { startWatch } from "./soak/watch.ts";

const ROW_S = 10;
/** Longer than any retry and any time-out set here. */
const END_MS = 30_000;
const MIB = 1024 * 1024;

/** A large bot: the load is below its global limit, so that a queue would be our own doing. */
const GLOBAL_LIMIT = 500;

/** What Discord and the way there do wrong, per request. */
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

async function soak(): Promise<void> {
  const options = numberOptions(Deno.args, {
    seconds: 600,
    rate: 300,
    seed: 1,
  });
  const key = randomUUID();
  const liveHeap: Point[] = [];
  const startedMs = performance.now();
  await using sim = await startSimChild({ ...WORLD, seed: options.seed });
  await using proxy = await startProxyChild({
    env: {
      DISCORD_TOKEN:
        "MTIzNDU2Nzg5MDEyMzQ1Njc4.soaked.not-a-real-token-of-anyone",
      REST_AUTHORIZATION: key,
      REST_UPSTREAM: sim.url.href,
      REST_GLOBAL_LIMIT: String(GLOBAL_LIMIT),
      REST_UPSTREAM_TIMEOUT_MS: "5000",
    },
    moreFlags: ["--v8-flags=--trace-gc"],
    onLine(line) {
      const bytes = liveBytesIn(line);
      if (bytes === undefined) return;
      const atS = (performance.now() - startedMs) / 1_000;
      liveHeap.push({ atS, value: bytes });
    },
  });
  console.log(
    `${options.seconds} s at ${options.rate}/s, seed ${options.seed}`,
  );
  const before = await processFacts(proxy.pid);
  const calls = createCalls(createRandom(options.seed), key);
  const load = startLoad(`${proxy.url.origin}/api/v10`, calls, options.rate);
  const samples = await watchLoad(load, proxy, sim, options.seconds);
  await load.stop(END_MS);
  const report = await reportOf(sim);
  // Its connections end with it: what the proxy then has open it has kept.
  await sim.stop();
  const after = await settledFacts(proxy.pid, before.handles + HANDLES_SLACK);

  const findings = [
    ...judgeTrends({ samples, liveHeap }),
    ...judgeAudit(report),
    ...judgeEnd(load.waiting, before.handles, after.handles),
  ];
  tellVerdict(findings, proxy);
}

/** What V8 says after a full collection: `… Mark-Compact 64.3 (114.5) -> 21.5 (112.3) MB …`. */
const COLLECTED = /Mark-Compact .*-> ([0-9.]+) \([0-9.]+\) MB/;

function liveBytesIn(line: string): number | undefined {
  const megabytes = COLLECTED.exec(line)?.[1];
  return megabytes === undefined ? undefined : Number(megabytes) * MIB;
}

/** Prints a row every ten seconds until the time is over. */
async function watchLoad(
  load: Load,
  proxy: Child,
  sim: Child,
  seconds: number,
): Promise<readonly Sample[]> {
  const watch = startWatch(proxy.pid, () => load.waiting);
  console.log(ROW_HEAD);
  for (let doneS = 0; doneS < seconds; doneS += ROW_S) {
    const restS = Math.min(ROW_S, seconds - doneS);
    await new Promise((resolve) => setTimeout(resolve, restS * 1_000));
    if (proxy.hasEnded) break;
    const sample = watch.samples.at(-1);
    if (sample === undefined) continue;
    console.log(rowOf(sample, load.take(), await reportOf(sim)));
  }
  await watch.stop();
  return watch.samples;
}

const ROW_HEAD =
  "    s  sent/s  waiting    p50    p99  memory  sockets  handles  threads  cpu  429 user/global/shared  not as wanted";

function rowOf(sample: Sample, tally: Tally, { limited }: AuditReport): string {
  const sorted = tally.latenciesMs.toSorted((one, other) => one - other);
  const at = (share: number) =>
    `${(sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(0)} ms`;
  const odd = [...tally.odd].sort().map(([name, count]) => `${name}: ${count}`);
  return [
    sample.atS.toFixed(0).padStart(5),
    (tally.sent / ROW_S).toFixed(0).padStart(7),
    String(sample.waiting).padStart(8),
    at(0.5).padStart(7),
    at(0.99).padStart(7),
    `${(sample.residentBytes / MIB).toFixed(0)} MiB`.padStart(8),
    String(sample.sockets).padStart(8),
    String(sample.handles).padStart(8),
    String(sample.threads).padStart(8),
    `${sample.cpuPercent.toFixed(0)} %`.padStart(5),
    ` ${limited.user}/${limited.global}/${limited.shared}`.padEnd(24),
    odd.join(", "),
  ].join(" ");
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
