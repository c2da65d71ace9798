/**
 * `deno task bench:end`: what the proxy costs where no limit binds, beside a
 * relay that does the least a proxy can.
 */
// deno-lint-ignore-file no-console -- Its output is what it is for.
import { type Child, startChild } from "./child.ts";
import { waitUntil } from "./drive.ts";
import { pace, quantile, saturate } from "./load.ts";
import type { Place } from "./raw_http.ts";
import { KEY, startPeer, startSluice } from "./subjects.ts";

/** The median of five runs each, in turn: one slow second of the machine must not decide. */
const RUNS = 5;
const RUN_MS = 3_000;
/** Until neither got any faster from run to run (seen 2026-11, Deno 2.9.6). */
const WARM_UP_MS = 12_000;
/** Busy, but far from one file per connection mattering. */
const CONNECTIONS = 64;

/** More than a connection can ask in one run. */
const TURNS_MAX = 100_000;

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
  await using pair = await startPair(origin);
  const { sluice, relay } = pair;
  const rates: Record<"sluice" | "relay", number[]> = { sluice: [], relay: [] };
  const costs: Record<"sluice" | "relay", number[]> = { sluice: [], relay: [] };
  for (let run = -1; run < RUNS; run++) {
    for (
      const [name, child] of [["sluice", sluice], ["relay", relay]] as const
    ) {
      const isWarmUp = run < 0;
      const forMs = isWarmUp ? WARM_UP_MS : RUN_MS;
      const cpuBeforeMs = await child.cpuMs();
      const rate = await saturate(placeOf(child), {
        connections: CONNECTIONS,
        forMs,
        firstTurn: (run + 1) * TURNS_MAX,
      });
      const cpuMs = await child.cpuMs() - cpuBeforeMs;
      if (isWarmUp) continue;
      rates[name].push(rate);
      costs[name].push(cpuMs / (rate * forMs / 1_000) * 1_000);
    }
  }
  const [ours, theirs] = [median(rates.sluice), median(rates.relay)];
  console.log(
    `${title}: sluice ${ours.toFixed(0)}/s, relay ${theirs.toFixed(0)}/s, ` +
      `ratio ${(ours / theirs).toFixed(3)} (want 0.85 or more); ` +
      `CPU per request ${median(costs.sluice).toFixed(0)} and ` +
      `${median(costs.relay).toFixed(0)} µs`,
  );
}

async function addedLatency(): Promise<void> {
  await using pair = await startPair({});
  const places = [pair.origin, pair.sluice, pair.relay].map(placeOf);
  await pace(places, PACE_PER_SECOND, WARM_UP_MS);
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

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
