/**
 * `deno task bench:rep`: the same requests over one socket of REP and over
 * HTTP, through the same proxy where no limit binds; and what a socket costs
 * that says nothing.
 */
// deno-lint-ignore-file no-console -- Its output is what it is for.
import { type Child, startChild } from "./child.ts";
import { waitUntil } from "./drive.ts";
import { type Caller, callOverHttp, quantile } from "./load.ts";
import { idleBytes } from "./rep_idle.ts";
import { callOverRep } from "./rep_load.ts";
import { processUse } from "./process_use.ts";
import { KEY, startSluice } from "./subjects.ts";

/** The median of five runs each, in turn: one slow second of the machine must not decide. */
const RUNS = 5;
const RUN_MS = 3_000;
/** Until the compiler is done with the code. */
const WARM_UP_MS = 10_000;

const IN_FLIGHT = 64;
const IDLE_SOCKETS = 10_000;

/** The highest that can be set. */
const GLOBAL_LIMIT = 10_000;

const RATIO_WANTED = 1.2;
const CPU_WANTED = 0.9;
const KIB_WANTED = 12;

const KIB = 1_024;

await throughput();
await idleSockets();

async function throughput(): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const origin = stack.use(await startChild({ script: "bench/origin.ts" }));
  const sluice = stack.use(await startProxy(origin.url.href));
  const rep = { url: sluice.url, key: KEY, inFlight: IN_FLIGHT };
  const callers: Readonly<Record<string, Caller>> = {
    "HTTP": stack.use(await callOverHttp(placeOf(sluice), IN_FLIGHT)),
    "plain REP": stack.use(await callOverRep(rep)),
    "session REP": stack.use(await callOverRep({ ...rep, session: "bench" })),
  };
  const measured = await inTurn(sluice, callers);
  const http = measured["HTTP"] as Measured;
  for (const [name, { rate, cpuUs }] of Object.entries(measured)) {
    const ratio = rate / http.rate;
    const cpuRatio = cpuUs / http.cpuUs;
    console.log(
      `${name}: ${rate.toFixed(0)}/s with ${IN_FLIGHT} in flight, ` +
        `${cpuUs.toFixed(0)} µs of CPU each` +
        (name === "HTTP" ? "" : `; ${ratio.toFixed(2)} x HTTP's rate ` +
          `(want ${RATIO_WANTED} or more), ${cpuRatio.toFixed(2)} x its CPU ` +
          `(want ${CPU_WANTED} or less)`),
    );
  }
}

interface Measured {
  readonly rate: number;
  readonly cpuUs: number;
}

/** All callers take turns, so that other work of the machine slows them alike. */
async function inTurn(
  sluice: Child,
  callers: Readonly<Record<string, Caller>>,
): Promise<Record<string, Measured>> {
  const runs = new Map<string, Measured[]>();
  for (let run = -1; run < RUNS; run++) {
    for (const [name, caller] of Object.entries(callers)) {
      const before = await processUse(sluice.pid);
      const startMs = performance.now();
      const answered = await caller.saturate(run < 0 ? WARM_UP_MS : RUN_MS);
      const tookMs = performance.now() - startMs;
      const after = await processUse(sluice.pid);
      if (run < 0) continue;
      const measured = {
        rate: answered / tookMs * 1_000,
        cpuUs: (after.cpuMs - before.cpuMs) / answered * 1_000,
      };
      runs.set(name, [...runs.get(name) ?? [], measured]);
    }
  }
  return Object.fromEntries(
    [...runs].map(([name, all]) => [name, {
      rate: median(all.map(({ rate }) => rate)),
      cpuUs: median(all.map(({ cpuUs }) => cpuUs)),
    }]),
  );
}

async function idleSockets(): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const bare = stack.use(
    await startChild({ script: "bench/rep_bare_sockets.ts" }),
  );
  // It gets no requests, so it needs no upstream that answers.
  const sluice = stack.use(await startProxy("http://127.0.0.1:9/api"));
  const bareKib = await idleBytes(bare, IDLE_SOCKETS, KEY) / KIB;
  const sluiceKib = await idleBytes(sluice, IDLE_SOCKETS, KEY) / KIB;
  console.log(
    `${IDLE_SOCKETS} idle sockets: ${sluiceKib.toFixed(1)} KiB each, ` +
      `${bareKib.toFixed(1)} KiB on a server that does nothing; ` +
      `${(sluiceKib - bareKib).toFixed(1)} KiB are ours ` +
      `(want ${KIB_WANTED} or less)`,
  );
}

async function startProxy(upstream: string): Promise<Child> {
  const sluice = await startSluice({ upstream, globalLimit: GLOBAL_LIMIT });
  // For its first second the proxy takes Discord's windows for part-used.
  await waitUntil(performance.now() + 1_500);
  return sluice;
}

function placeOf({ url }: Child): Parameters<typeof callOverHttp>[0] {
  return {
    hostname: url.hostname,
    port: Number(url.port),
    headers: [`authorization: ${KEY}`],
  };
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
