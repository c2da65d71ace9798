/** `deno task bench:door`: what a request takes longer through a door than at the owner of its bot. */
// deno-lint-ignore-file no-console -- Its output is what it is for.
import { type Child, startChild } from "./child.ts";
import { callOverHttp, pace, quantile } from "./load.ts";
import { requestOf as mixed } from "./mix.ts";
import type { Place, RawRequest } from "./raw_http.ts";
import { KEY, startSluice } from "./subjects.ts";
import { freePort } from "../tools/free_port.ts";

const RUNS = 3;
const WARM_UP_MS = 8_000;
const CONNECTIONS = 32;
const PACE_PER_SECOND = 200;
const PACE_LEAD_MS = 3_000;
const PACE_MS = 8_000;
/** The highest that can be set. */
const GLOBAL_LIMIT = 10_000;
const ADDED_MS_WANTED = 1.5;

const added: number[] = [];
for (let run = 0; run < RUNS; run++) {
  const [owner = [], door = []] = await runPair();
  const mid = (took: readonly number[]) => quantile(took, 0.5);
  const late = (took: readonly number[]) => quantile(took, 0.99);
  added.push(mid(door) - mid(owner));
  console.log(
    `${PACE_PER_SECOND}/s: owner ${mid(owner).toFixed(2)} ms p50, ` +
      `${late(owner).toFixed(2)} p99; through a door ` +
      `${mid(door).toFixed(2)} and ${late(door).toFixed(2)}; ` +
      `ratio ${(mid(door) / mid(owner)).toFixed(2)}`,
  );
}
console.log(
  `a door adds ${quantile(added, 0.5).toFixed(2)} ms p50 of ` +
    `${added.map((ms) => ms.toFixed(2)).join(", ")} ` +
    `(want ${ADDED_MS_WANTED} or less)`,
);

/** Milliseconds that requests took at an owner and through its door, both new. */
async function runPair(): Promise<number[][]> {
  await using stack = new AsyncDisposableStack();
  const origin = stack.use(await startChild({ script: "bench/origin.ts" }));
  const upstream = origin.url.href;
  const peerUrl = `http://127.0.0.1:${freePort()}`;
  const options = { upstream, globalLimit: GLOBAL_LIMIT };
  const key = { REST_PEER_KEY: `peers-${KEY}` };
  const owner = stack.use(
    await startSluice({ ...options, env: { ...key, REST_PEER_URL: peerUrl } }),
  );
  const door = stack.use(
    await startSluice({ ...options, env: { ...key, REST_OWNER_URL: peerUrl } }),
  );
  const places = [owner, door].map(placeOf);
  for (const place of places) {
    await using caller = await callOverHttp(place, CONNECTIONS, forwarded);
    await caller.saturate(WARM_UP_MS);
  }
  await pace(places, PACE_PER_SECOND, PACE_LEAD_MS, forwarded);
  return await pace(places, PACE_PER_SECOND, PACE_MS, forwarded);
}

/** Of the mix what a door hands on: interactions leave from where they come to. */
function forwarded(owner: number, turn: number): RawRequest {
  return mixed(owner, turn % 2);
}

function placeOf({ url }: Child): Place {
  return {
    hostname: url.hostname,
    port: Number(url.port),
    headers: [`authorization: ${KEY}`],
  };
}
