/**
 * `deno task fuzz`: mutated requests over raw sockets against the real proxy
 * before the simulated Discord, then a crowd of connections that say nothing
 * useful.
 */
// deno-lint-ignore-file no-console -- Its output is what it is for.
import { bringCrowd, crowdProblemOf, type CrowdReport } from "./fuzz/crowd.ts";
import { planAttack } from "./fuzz/attack.ts";
import {
  campaign,
  type Finding,
  type Progress,
  SECRETS,
  startTarget,
  type Target,
} from "./fuzz/campaign.ts";
import { processFacts } from "./soak/process_facts.ts";
import { numberOptions, taskWords } from "./task_words.ts";

const PROGRESS_MS = 5_000;
const MIB = 1024 * 1024;

const USAGE =
  `deno task fuzz [--count 1000000] [--seed …] [--connections 48] [--crowd 10000]

Sends so many mutated requests over so many raw sockets to the real proxy, and
then as many connections as --crowd says that bring nothing useful. Exit code 1
when a rule was broken, with the seed and the bytes that broke it.`;

async function fuzz(): Promise<void> {
  const options = taskWords(USAGE, (words) =>
    numberOptions(words, {
      count: 1_000_000,
      seed: Math.floor(Math.random() * 2 ** 31),
      connections: 48,
      crowd: 10_000,
    }));
  await using target = await startTarget();
  console.log(`seed ${options.seed}, ${options.count} requests`);
  const finding = await attackAll(target, options);
  if (finding !== undefined) return fail(finding, options.seed);
  const crowd = await bringCrowd(target.proxy, options.crowd, SECRETS.key);
  console.log(tellCrowd(crowd));
  const problem = crowdProblemOf(crowd);
  if (problem !== undefined) {
    return fail({ problem, connection: undefined }, options.seed);
  }
  console.log("no rule broken");
}

async function attackAll(
  target: Target,
  { count, seed, connections }: {
    readonly count: number;
    readonly seed: number;
    readonly connections: number;
  },
): Promise<Finding | undefined> {
  const progress: Progress = {
    seed,
    sent: 0,
    connections: 0,
    reached: 0,
    statuses: new Map(),
  };
  const startedMs = performance.now();
  const tell = async () => {
    // Then its end is told instead.
    if (target.proxy.hasEnded) return;
    const seconds = (performance.now() - startedMs) / 1_000;
    const { residentBytes, sockets } = await processFacts(target.proxy.pid);
    console.log(
      `${progress.sent} sent, ${Math.round(progress.sent / seconds)}/s, ` +
        `${progress.reached} reached upstream, proxy ${
          (residentBytes / MIB).toFixed(0)
        } MiB, ${sockets} sockets; ${tellStatuses(progress)}`,
    );
  };
  const timer = setInterval(() => void tell(), PROGRESS_MS);
  const finding = await campaign(target, progress, count, connections);
  clearInterval(timer);
  if (finding === undefined) await tell();
  return finding;
}

function tellStatuses({ statuses }: Progress): string {
  return [...statuses].sort(([one], [other]) => one - other)
    .map(([status, count]) => `${status === 0 ? "none" : status}: ${count}`)
    .join(", ");
}

function tellCrowd(
  { opened, answeredMs, before, during, after }: CrowdReport,
): string {
  const mib = (bytes: number) => `${(bytes / MIB).toFixed(0)} MiB`;
  return `${opened} connections at once; a good request among them took ${
    answeredMs.toFixed(1)
  } ms; ` +
    `handles ${before.handles}, ${during.handles}, ${after.handles}; memory ${
      [before, during, after].map((facts) => mib(facts.residentBytes)).join(
        ", ",
      )
    }`;
}

function fail({ problem, connection }: Finding, seed: number): void {
  console.log(
    `\nbroken: ${problem}\nseed ${seed}, connection ${connection ?? "unknown"}`,
  );
  if (connection !== undefined) {
    console.log(JSON.stringify(planAttack(seed, connection, SECRETS).pieces));
  }
  Deno.exitCode = 1;
}

if (import.meta.main) await fuzz();
