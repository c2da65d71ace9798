import { denoCommand } from "../deno_child.ts";
import { drawMs, type Random, type Range } from "../../sim/model/random.ts";
import type { BotKind, BotPlan } from "./bot.ts";

const ROOT = new URL("../../", import.meta.url);

/** What a bot of each kind runs. */
const PROGRAMS: Readonly<Record<BotKind, string>> = {
  rep: "tools/chaos/bot.ts",
  key: "tools/chaos/http_bot.ts",
  async: "tools/chaos/http_bot.ts",
};

/** A life ends anywhere between authentication and having sent most messages. */
const LIFE: Range = { minMs: 100, maxMs: 4_000 };
/** A bot restarts at once, or after other bots have run. */
const DEATH: Range = { minMs: 0, maxMs: 500 };
/** Windows from one message after the other to more than the channel takes in a second. */
const WINDOWS = [1, 8, 64, 500] as const;

/** How a bot lived. */
export interface Lives {
  readonly kills: number;
  /** Its last process had a reply to everything. */
  readonly isDone: boolean;
  /** The output of processes that ended by themselves before they had finished. */
  readonly failures: readonly string[];
}

/** Starts the bot again and again, and kills it, until it is done or told to stop. */
export async function liveAndDie(
  plan: Omit<BotPlan, "window">,
  random: Random,
  signal: AbortSignal,
  lifeMs: Range = LIFE,
): Promise<Lives> {
  const failures: string[] = [];
  let kills = 0;
  while (!signal.aborted) {
    const window = WINDOWS[Math.floor(random() * WINDOWS.length)] ?? 1;
    const life = await oneLife(
      { ...plan, window },
      drawMs(random, lifeMs),
      signal,
    );
    if (life.kind === "done") return { kills, isDone: true, failures };
    if (life.kind === "failed") failures.push(life.said);
    else kills++;
    await forMs(drawMs(random, DEATH), signal);
  }
  return { kills, isDone: false, failures };
}

type Ending =
  | { readonly kind: "done" | "killed" }
  | { readonly kind: "failed"; readonly said: string };

async function oneLife(
  plan: BotPlan,
  lifeMs: number,
  signal: AbortSignal,
): Promise<Ending> {
  const { logPath } = plan;
  const child = denoCommand({
    args: [
      "run",
      "--no-prompt",
      "--no-check",
      "--cached-only",
      "--allow-net=127.0.0.1",
      `--allow-read=${logPath}`,
      `--allow-write=${logPath}`,
      new URL(PROGRAMS[plan.kind], ROOT).pathname,
      JSON.stringify(plan),
    ],
    cwd: ROOT,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const said = new Response(child.stderr).text();
  const over = new AbortController();
  const killed = forMs(lifeMs, AbortSignal.any([signal, over.signal]))
    .then(() => kill(child));
  const { code, signal: diedOf } = await child.status;
  over.abort();
  await killed;
  if (code === 0) return { kind: "done" };
  if (diedOf === "SIGKILL") return { kind: "killed" };
  return { kind: "failed", said: `exit ${code}: ${await said}` };
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It was faster.
  }
}

/** Settles after this time, or as soon as the signal is aborted. */
export function forMs(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
