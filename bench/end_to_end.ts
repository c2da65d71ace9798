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
/** Busy, but far from one file per connection mattering. */
const CONNECTIONS = 64;

const PACE_PER_SECOND = 200;
const PACE_MS = 15_000;

/** The highest that can be set. */
const GLOBAL_LIMIT = 10_000;

/** The tests' own certificate for 127.0.0.1, and the authority behind it. */
const TLS = new URL("../tests/fixtures/tls/", import.meta.url);

await throughput("plain", {});
await throughput("TLS upstream", {
  tls: {
    cert: Deno.readTextFileSync(new URL("cert.pem", TLS)),
    key: Deno.readTextFileSync(new URL("key.pem", TLS)),
  },
});
await addedLatency();

async function throughput(title: string, origin: object): Promise<void> {
  const runs: Pairwise<Measured>[] = [];
  for (let run = 0; run < RUNS; run++) runs.push(await measurePair(origin));
  const mid = (read: (run: Pairwise<Measured>) => number) =>
    quantile(runs.map(read), 0.5);
  const ratios = runs.map(({ sluice, relay }) => sluice.rate / relay.rate);
  const each = ratios.map((ratio) => ratio.toFixed(2)).join(", ");
  console.log(
    `${title}: sluice ${mid(({ sluice }) => sluice.rate).toFixed(0)}/s, ` +
      `relay ${mid(({ relay }) => relay.rate).toFixed(0)}/s, ` +
      `ratio ${quantile(ratios, 0.5).toFixed(3)} of ${each} ` +
      "(want 0.85 or more); CPU per request " +
      `${mid(({ sluice }) => sluice.cpuUs).toFixed(0)} and ` +
      `${mid(({ relay }) => relay.cpuUs).toFixed(0)} µs`,
  );
}

interface Measured {
  /** Answered per second. */
  readonly rate: number;
  readonly cpuUs: number;
}

interface Pairwise<T> {
  readonly sluice: T;
  readonly relay: T;
}

/** One run: a pair started anew and warmed up, then asked in turns. */
async function measurePair(origin: object): Promise<Pairwise<Measured>> {
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
  return {
    sluice: resultOf(sluice, sluiceAfterMs - sluiceBeforeMs),
    relay: resultOf(relay, relayAfterMs - relayBeforeMs),
  };
}

/** One of a pair, and what it has done in its turns. */
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

function resultOf({ answered, tookMs }: Contest, cpuMs: number): Measured {
  return {
    rate: answered / tookMs * 1_000,
    cpuUs: cpuMs / answered * 1_000,
  };
}

async function addedLatency(): Promise<void> {
  await using pair = await startPair({});
  const places = [pair.origin, pair.sluice, pair.relay].map(placeOf);
  for (const place of places) {
    await using caller = await callOverHttp(place, CONNECTIONS);
    await caller.saturate(WARM_UP_MS);
  }
  const [direct = [], sluice = [], relay = []] = await pace(
    places,
    PACE_PER_SECOND,
    PACE_MS,
  );
  for (const [name, took] of Object.entries({ sluice, relay })) {
    const added = (share: number) =>
      (quantile(took, share) - quantile(direct, share)).toFixed(2);
    console.log(
      `${PACE_PER_SECOND}/s: ${name} adds ${
        added(0.5)
      } ms p50 (want 0.6 or less), ` +
        `${added(0.99)} ms p99 (want 3 or less); direct ` +
        `${quantile(direct, 0.5).toFixed(2)} and ${
          quantile(direct, 0.99).toFixed(2)
        } ms`,
    );
  }
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
    caFile: new URL("ca.pem", TLS).pathname,
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
