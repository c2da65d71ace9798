/**
 * `deno task bench:end`: what the proxy costs where no limit binds, beside a
 * relay that does the least a proxy can.
 */
// deno-lint-ignore-file no-console -- Its output is what it is for.
import { type Child, startChild } from "./child.ts";
import { waitUntil } from "./drive.ts";
import { type Caller, callOverHttp, pace, quantile } from "./load.ts";
import type { Place } from "./raw_http.ts";
import { KEY, startPeer, startSluice } from "./subjects.ts";

/**
 * The median of five runs, each with a pair of its own: two processes of one
 * program may differ by a tenth, as their compiler and their memory fall out.
 */
const RUNS = 5;
/** Short turns, so that a slow second of the machine meets both. */
const TURNS = 12;
const TURN_MS = 250;
/** Until neither got any faster from run to run (seen 2026-11, Deno 2.9.6). */
const WARM_UP_MS = 14_000;
/** Busy, but with far fewer connections than the limit on open files. */
const CONNECTIONS = 64;

const PACE_PER_SECOND = 200;
const PACE_MS = 8_000;
/** The garbage of a burst is collected in this time, so that it does not count for the steady pace. */
const PACE_LEAD_MS = 4_000;

/** The highest that can be set. */
const GLOBAL_LIMIT = 10_000;

/** The tests' own certificate for 127.0.0.1, and the authority behind it. */
const TLS = new URL("../tests/fixtures/tls/", import.meta.url);
const CA_FILE = new URL("ca.pem", TLS);

await measure("plain", {});
await measure("TLS upstream", {
  tls: {
    cert: Deno.readTextFileSync(new URL("cert.pem", TLS)),
    key: Deno.readTextFileSync(new URL("key.pem", TLS)),
  },
});

async function measure(title: string, origin: object): Promise<void> {
  const runs: Run[] = [];
  for (let run = 0; run < RUNS; run++) runs.push(await runPair(origin));
  const mid = (read: (run: Run) => number) => quantile(runs.map(read), 0.5);
  const ratios = runs.map(({ sluice, relay }) => sluice.rate / relay.rate);
  console.log(
    `${title}: sluice ${mid(({ sluice }) => sluice.rate).toFixed(0)}/s, ` +
      `relay ${mid(({ relay }) => relay.rate).toFixed(0)}/s, ` +
      `ratio ${quantile(ratios, 0.5).toFixed(3)} of ${listOf(ratios)} ` +
      "(want 0.85 or more); CPU per request " +
      `${mid(({ sluice }) => sluice.cpuUs).toFixed(0)} and ` +
      `${mid(({ relay }) => relay.cpuUs).toFixed(0)} µs`,
  );
  // Over TLS one direct call in a hundred took 40 ms (seen 2026-11): nothing to compare with.
  if ("tls" in origin) return;
  for (const name of ["sluice", "relay"] as const) {
    const p50 = runs.map((run) => run[name].addedMs(0.5));
    const p99 = runs.map((run) => run[name].addedMs(0.99));
    console.log(
      `${title}, ${PACE_PER_SECOND}/s: ${name} adds ` +
        `${quantile(p50, 0.5).toFixed(2)} ms p50 of ${listOf(p50)} ` +
        `(want 0.6 or less), ${quantile(p99, 0.5).toFixed(2)} ms p99 of ` +
        `${listOf(p99)} (want 3 or less)`,
    );
  }
  console.log(
    `${title}, ${PACE_PER_SECOND}/s: the direct call took ` +
      `${mid((run) => run.directMs(0.5)).toFixed(2)} ms p50, ` +
      `${mid((run) => run.directMs(0.99)).toFixed(2)} ms p99`,
  );
}

function listOf(values: readonly number[]): string {
  return values.map((value) => value.toFixed(2)).join(", ");
}

/** Milliseconds below which a share of all lies. */
type Quantile = (share: number) => number;

interface Measured {
  /** Answered per second. */
  readonly rate: number;
  readonly cpuUs: number;
  /** At a steady pace, over the direct call. */
  readonly addedMs: Quantile;
}

interface Run {
  readonly sluice: Measured;
  readonly relay: Measured;
  readonly directMs: Quantile;
}

/** One run: a pair started anew and warmed up, then asked in turns, as fast as can be and at a steady pace. */
async function runPair(origin: object): Promise<Run> {
  await using stack = new AsyncDisposableStack();
  const pair = stack.use(await startPair(origin));
  const contestOf = async (child: Child): Promise<Contest> => {
    const caller = await callOverHttp(placeOf(child), CONNECTIONS);
    return { caller: stack.use(caller), answered: 0, tookMs: 0 };
  };
  const sluice = await contestOf(pair.sluice);
  const relay = await contestOf(pair.relay);
  await sluice.caller.saturate(WARM_UP_MS);
  await relay.caller.saturate(WARM_UP_MS);

  const cpuMs = () =>
    Promise.all([pair.sluice, pair.relay].map((child) => child.cpuMs()));
  const [sluiceBeforeMs = 0, relayBeforeMs = 0] = await cpuMs();
  for (let turn = 0; turn < TURNS; turn++) {
    const isOurs = turn % 2 === 0;
    await takeTurn(isOurs ? sluice : relay);
    await takeTurn(isOurs ? relay : sluice);
  }
  const [sluiceAfterMs = 0, relayAfterMs = 0] = await cpuMs();
  const [direct = [], viaSluice = [], viaRelay = []] = "tls" in origin
    ? []
    : await paceOf(pair);
  const directMs = (share: number) => quantile(direct, share);
  const addedOf = (took: readonly number[]): Quantile => (share) =>
    quantile(took, share) - directMs(share);
  return {
    sluice: {
      ...resultOf(sluice, sluiceAfterMs - sluiceBeforeMs),
      addedMs: addedOf(viaSluice),
    },
    relay: {
      ...resultOf(relay, relayAfterMs - relayBeforeMs),
      addedMs: addedOf(viaRelay),
    },
    directMs,
  };
}

/** Milliseconds of the direct call, through ours and through the relay. */
async function paceOf({ origin, sluice, relay }: Pair): Promise<number[][]> {
  const places = [origin, sluice, relay].map(placeOf);
  await pace(places, PACE_PER_SECOND, PACE_LEAD_MS);
  return await pace(places, PACE_PER_SECOND, PACE_MS);
}

/** One subject of a pair, and its results. */
interface Contest {
  readonly caller: Caller;
  answered: number;
  tookMs: number;
}

async function takeTurn(contest: Contest): Promise<void> {
  const startMs = performance.now();
  contest.answered += await contest.caller.saturate(TURN_MS);
  contest.tookMs += performance.now() - startMs;
}

function resultOf(
  { answered, tookMs }: Contest,
  cpuMs: number,
): Pick<Measured, "rate" | "cpuUs"> {
  return {
    rate: answered / tookMs * 1_000,
    cpuUs: cpuMs / answered * 1_000,
  };
}

interface Pair extends AsyncDisposable {
  readonly origin: Child;
  readonly sluice: Child;
  readonly relay: Child;
}

/** An upstream, and both subjects in front of it. */
async function startPair(originOptions: object): Promise<Pair> {
  await using stack = new AsyncDisposableStack();
  const origin = stack.use(
    await startChild({
      script: "bench/origin.ts",
      args: [JSON.stringify(originOptions)],
    }),
  );
  const options = {
    upstream: origin.url.href,
    globalLimit: GLOBAL_LIMIT,
    caFile: CA_FILE.pathname,
  };
  const sluice = stack.use(await startSluice(options));
  const relay = stack.use(await startPeer("relay", options));
  // For its first second the proxy takes Discord's windows for part-used.
  await waitUntil(performance.now() + 1_500);
  const all = stack.move();
  return {
    origin,
    sluice,
    relay,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

function placeOf({ url }: Child): Place {
  return {
    hostname: url.hostname,
    port: Number(url.port),
    headers: [`authorization: ${KEY}`],
  };
}
