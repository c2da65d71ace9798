/**
 * `deno task bench:commits . ../other`: processor time per request of the
 * proxies in several checkouts, in turn, beside the bare relay. Settings come
 * after a checkout, as in `.,REST_SERVER_TIMING=false`; ratios are to the last.
 */
// deno-lint-ignore-file no-console -- Its output is what it is for.
import { type Child, startChild, startProgram } from "./child.ts";
import { waitUntil } from "./drive.ts";
import { type Caller, callOverHttp, quantile } from "./load.ts";
import { denoPath } from "../tools/deno_child.ts";
import { FLAGS, KEY, startPeer, startSluice } from "./subjects.ts";

/** Two processes of one program may differ by a tenth. */
const RUNS = Number(Deno.env.get("BENCH_RUNS") ?? 5);
const TURNS = 12;
const TURN_MS = 400;
const WARM_TURNS = 12;
const CONNECTIONS = 64;
/** The highest that can be set. */
const GLOBAL_LIMIT = 10_000;
/** The first of the ports that proxies of other checkouts listen on. */
const FIRST_PORT = 18_300;

const names = ["relay", ...Deno.args];
const measured = new Map(names.map((name) => [name, [] as number[]]));
for (let run = 0; run < RUNS; run++) await runOnce();
const [last = ""] = names.slice(-1);
for (const [name, costs] of measured) {
  const ratios = costs.map((cost, run) =>
    cost / (measured.get(last)?.[run] ?? NaN)
  );
  console.log(
    `${name}: ${quantile(costs, 0.5).toFixed(1)} µs of CPU per request, ` +
      `${quantile(ratios, 0.5).toFixed(3)} x the last, of ` +
      ratios.map((ratio) => ratio.toFixed(3)).join(", "),
  );
}

interface Contest {
  readonly name: string;
  readonly child: Child;
  readonly caller: Caller;
  cpuMs: number;
  answered: number;
}

async function runOnce(): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const origin = stack.use(await startChild({ script: "bench/origin.ts" }));
  const contests: Contest[] = [];
  for (const [at, name] of names.entries()) {
    const child = stack.use(await start(name, at, origin.url.href));
    await waitUntil(performance.now() + 1_500);
    const caller = stack.use(await callOverHttp(placeOf(child), CONNECTIONS));
    contests.push({ name, child, caller, cpuMs: 0, answered: 0 });
  }
  for (let turn = 0; turn < WARM_TURNS; turn++) {
    for (const { caller } of contests) await caller.saturate(1_000);
  }
  for (let turn = 0; turn < TURNS; turn++) {
    const order = turn % 2 === 0 ? contests : contests.toReversed();
    for (const contest of order) await takeTurn(contest);
  }
  for (const { name, cpuMs, answered } of contests) {
    measured.get(name)?.push(cpuMs / answered * 1_000);
  }
}

async function takeTurn(contest: Contest): Promise<void> {
  const beforeMs = await contest.child.cpuMs();
  contest.answered += await contest.caller.saturate(TURN_MS);
  contest.cpuMs += await contest.child.cpuMs() - beforeMs;
}

async function start(
  name: string,
  at: number,
  upstream: string,
): Promise<Child> {
  const options = { upstream, globalLimit: GLOBAL_LIMIT };
  if (name === "relay") return await startPeer(name, options);
  const [checkout = ".", ...settings] = name.split(",");
  const env = Object.fromEntries(
    settings.map((setting) => setting.split("=") as [string, string]),
  );
  if (checkout === ".") return await startSluice({ ...options, env });
  const port = String(FIRST_PORT + at);
  const url = new URL(`http://127.0.0.1:${port}`);
  const script = `${await Deno.realPath(checkout)}/rest/mod.ts`;
  const args = ["run", "--no-prompt", "--no-check", "-A", ...FLAGS, script];
  return await startProgram(
    denoPath(),
    {
      HOME: Deno.env.get("HOME") ?? "",
      DENO_NO_UPDATE_CHECK: "1",
      DISCORD_TOKEN: "MTIwMDAwMDAwMDAwMDAwMDAwMA.bench0.not-a-real-token",
      REST_AUTHORIZATION: KEY,
      REST_PORT: port,
      REST_UPSTREAM: upstream,
      REST_GLOBAL_LIMIT: String(GLOBAL_LIMIT),
      REST_LOG_FORMAT: "json",
      ...env,
    },
    url,
    args,
  );
}

function placeOf({ url }: Child): Parameters<typeof callOverHttp>[0] {
  return {
    hostname: url.hostname,
    port: Number(url.port),
    headers: [`authorization: ${KEY}`],
  };
}
