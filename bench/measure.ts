import type { AuditReport } from "../sim/auditor.ts";
import type { BenchCase } from "./bench_case.ts";
import type { Discord } from "./discord.ts";
import { Driver, type Volley, waitUntil } from "./drive.ts";
import type { Subject } from "./subjects.ts";

/** One case, one subject. */
export interface Result {
  readonly benchCase: BenchCase;
  readonly subject: string;
  readonly tookMs: number;
  /** True when every request was answered in time, those of the warm-up included. */
  readonly isComplete: boolean;
  /** Answers that were not 2xx, by status. */
  readonly failed: ReadonlyMap<number, number>;
  /** 429s the simulator gave while the case ran, warm-up excepted. */
  readonly limited: AuditReport["limited"];
  readonly reordered: number;
  readonly doubled: number;
}

/** Time for Discord's windows that were open at the start of the proxy to end: no case measures them. */
const SETTLE_MS = 1_500;
/** How long a case may last: peers that poll take several times the ideal. */
const IDEAL_TIMES_MAX = 4;
const GRACE_MS = 20_000;
const VOLLEY_MS_MAX = 30_000;

/** Runs one case through one subject, started anew: nothing learnt before helps. */
export async function measure(
  benchCase: BenchCase,
  subject: Subject,
  discord: Discord,
): Promise<Result> {
  const { globalLimit = 50, sim, warmUp, background, shots } = benchCase;
  const world = { globalLimit: { limit: globalLimit }, ...sim };
  await discord.reset(world);
  await using child = await subject.start({
    upstream: discord.url,
    globalLimit,
  });
  using driver = new Driver(placeOf(child.url, subject));
  await waitUntil(performance.now() + SETTLE_MS);
  let isWarm = true;
  if (warmUp !== undefined) {
    for (const volley of warmUp.volleys) {
      const { unanswered } = await driver.fire(volley, VOLLEY_MS_MAX);
      if (unanswered > 0) isWarm = false;
    }
    await waitUntil(performance.now() + warmUp.restMs);
  }
  const before = await discord.report();
  // Opened before the background requests, too: their answers must not delay it.
  const behind = background?.shots ?? [];
  await driver.prepare(behind.length + shots.length);
  const withinMs = IDEAL_TIMES_MAX * benchCase.idealMs + GRACE_MS;
  const backgroundMs = withinMs + (background?.headStartMs ?? 0);
  const ran = driver.fire(behind, backgroundMs);
  await waitUntil(performance.now() + (background?.headStartMs ?? 0));
  const volley = await driver.fire(shots, withinMs);
  const after = await discord.report();
  await child[Symbol.asyncDispose]();
  await ran;
  const result = resultOf(benchCase, subject.name, volley, before, after);
  return { ...result, isComplete: result.isComplete && isWarm };
}

function placeOf(
  url: URL,
  { authorization }: Subject,
): ConstructorParameters<typeof Driver>[0] {
  return {
    hostname: url.hostname,
    port: Number(url.port),
    headers: [`authorization: ${authorization}`],
  };
}

function resultOf(
  benchCase: BenchCase,
  subject: string,
  volley: Volley,
  before: AuditReport,
  after: AuditReport,
): Result {
  const failed = [...volley.byStatus]
    .filter(([status]) => status < 200 || status > 299);
  return {
    benchCase,
    subject,
    tookMs: volley.tookMs,
    isComplete: volley.unanswered === 0,
    failed: new Map(failed),
    limited: {
      user: after.limited.user - before.limited.user,
      global: after.limited.global - before.limited.global,
      shared: after.limited.shared - before.limited.shared,
      cloudflare: after.limited.cloudflare - before.limited.cloudflare,
    },
    reordered: after.reordered.length - before.reordered.length,
    doubled: after.doubled.length - before.doubled.length,
  };
}
