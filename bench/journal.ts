/**
 * `deno task bench:journal [pace] [case…]`: what the journal costs a request, beside the same
 * run without one, and how long its loop is blocked. A case is named by its whole title:
 * `deno task bench:journal "messages, all writes kept"`.
 */
// deno-lint-ignore-file no-console -- Its output is what it is for.
import { type Child, startChild } from "./child.ts";
import { waitUntil } from "./drive.ts";
import { callOverHttp, pace, quantile } from "./load.ts";
import type { Place, RawRequest } from "./raw_http.ts";
import { KEY, startPeer, startSluice } from "./subjects.ts";

const RUNS = 3;
/** Until neither process got any faster from run to run. */
const WARM_UP_MS = 10_000;
const MEASURED_MS = 12_000;

/** The highest that can be set. */
const GLOBAL_LIMIT = 10_000;

/** Of two channels none waits for the other's answer. */
const CHANNELS = 1_000;
const FIRST_CHANNEL = 1_300_000_000_000_000_000n;

const MESSAGE = JSON.stringify({ content: "x".repeat(180) });

function messageAt(_owner: number, turn: number): RawRequest {
  const channel = FIRST_CHANNEL + BigInt(turn % CHANNELS);
  return {
    method: "POST",
    target: `/api/v10/channels/${channel}/messages`,
    body: MESSAGE,
  };
}

function readAt(_owner: number, turn: number): RawRequest {
  const channel = FIRST_CHANNEL + BigInt(turn % CHANNELS);
  return {
    method: "GET",
    target: `/api/v10/channels/${channel}/messages/${channel}`,
  };
}

/** What is compared with the same requests without a journal. */
interface Case {
  readonly title: string;
  /** Of the proxy; undefined: a bare relay keeps what it sends, in the barest way. */
  readonly settings: Readonly<Record<string, string>> | undefined;
  readonly requestAt: typeof messageAt;
  readonly want: string;
}

const CASES: readonly Case[] = [
  {
    title: "messages through a bare relay, one bare statement for each",
    settings: undefined,
    requestAt: messageAt,
    want: "nothing: it is what SQLite takes",
  },
  {
    title: "messages, all writes kept",
    settings: { REST_JOURNAL_WRITES: "all" },
    requestAt: messageAt,
    want: "+0.5 ms p50, +60 µs of CPU",
  },
  {
    title: "messages, promised ones kept (these are not)",
    settings: { REST_JOURNAL_WRITES: "promised" },
    requestAt: messageAt,
    want: "+2 % of CPU",
  },
  {
    title: "reads, all writes kept",
    settings: { REST_JOURNAL_WRITES: "all" },
    requestAt: readAt,
    want: "+2 % of CPU",
  },
  {
    title: "messages, all writes kept, encrypted",
    settings: {
      REST_JOURNAL_WRITES: "all",
      REST_JOURNAL_KEY: "0123456789abcdef".repeat(4),
    },
    requestAt: messageAt,
    want: "no bound",
  },
  {
    title: "messages, all writes kept beyond a power cut",
    settings: { REST_JOURNAL_WRITES: "all", REST_JOURNAL_SYNC: "machine" },
    requestAt: messageAt,
    want: "2 to 5 ms p50",
  },
];

interface Run {
  readonly bare: Measured;
  readonly kept: Measured;
}

interface Measured {
  readonly p50: number;
  readonly p99: number;
  readonly cpuUs: number;
  /** The longest that its event loop was late in the last quarter of a minute. */
  readonly lagMs: number;
}

const isNumber = (word: string) => /^[0-9]+$/.test(word);
/** The case that has no pace. */
const AT_WORK = "messages as fast as they are answered, all writes kept";
const titles: readonly string[] = [
  ...CASES.map(({ title }) => title),
  AT_WORK,
];
const wanted = Deno.args.filter((word) => !isNumber(word));
const unheardOf = wanted.find((word) => !titles.includes(word));
if (unheardOf !== undefined) {
  console.error(`Cannot run "${unheardOf}": cases are\n${titles.join("\n")}`);
  Deno.exit(1);
}
/** Requests that wait at each when it is asked for as many as it answers. */
const IN_FLIGHT = 64;
const TURNS = 6;
const TURN_MS = 2_500;
/** Another pace may be told, for a machine that is busy with other things. */
const PER_SECOND = Number(Deno.args.find(isNumber) ?? 1_000);
for (const one of CASES) {
  if (wanted.length === 0 || wanted.includes(one.title)) await compare(one);
}
if (wanted.length === 0 || wanted.includes(AT_WORK)) await compareAtWork();

async function compare(
  { title, settings, requestAt, want }: Case,
): Promise<void> {
  const runs: Run[] = [];
  for (let run = 0; run < RUNS; run++) {
    runs.push(await runOnce(settings, requestAt));
  }
  const mid = (read: (run: Run) => number) => quantile(runs.map(read), 0.5);
  const pair = (read: (one: Measured) => number, digits: number) =>
    `${mid(({ kept }) => read(kept)).toFixed(digits)} against ` +
    `${mid(({ bare }) => read(bare)).toFixed(digits)}`;
  const cpuRatio = mid(({ kept, bare }) => kept.cpuUs / bare.cpuUs);
  console.log(
    `${title}, ${PER_SECOND}/s, with a journal against without (want ${want}): ` +
      `p50 ${pair(({ p50 }) => p50, 2)} ms, p99 ${
        pair(({ p99 }) => p99, 2)
      } ms, ` +
      `CPU ${pair(({ cpuUs }) => cpuUs, 0)} µs, ratio ${
        cpuRatio.toFixed(3)
      }, ` +
      `longest block ${pair(({ lagMs }) => lagMs, 1)} ms`,
  );
}

/** What a kept message takes of a process that has no time to spare: then batches form, and nothing has to wake up for one. */
async function compareAtWork(): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "bench-journal-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const origin = stack.use(
    await startChild({ script: "bench/origin.ts", args: ["{}"] }),
  );
  const options = { upstream: origin.url.href, globalLimit: GLOBAL_LIMIT };
  const settings = { REST_JOURNAL_WRITES: "all" };
  const journal = { path: `${folder}/journal.db`, settings };
  const started = [startSluice(options), startSluice({ ...options, journal })];
  const subjects = [];
  for (const child of await Promise.all(started)) {
    stack.use(child);
    const spread = (owner: number, turn: number) =>
      messageAt(owner, owner + turn * IN_FLIGHT);
    const caller = await callOverHttp(placeOf(child), IN_FLIGHT, spread);
    stack.use(caller);
    await caller.saturate(WARM_UP_MS / 2);
    subjects.push({ child, caller, cpuUs: [] as number[] });
  }
  for (let turn = 0; turn < TURNS; turn++) {
    for (const { child, caller, cpuUs } of subjects) {
      const beforeMs = await child.cpuMs();
      const count = await caller.saturate(TURN_MS);
      cpuUs.push((await child.cpuMs() - beforeMs) / count * 1_000);
    }
  }
  const [bare = NaN, kept = NaN] = subjects.map(({ cpuUs }) =>
    quantile(cpuUs, 0.5)
  );
  console.log(
    `${AT_WORK}, ${IN_FLIGHT} at once, with a journal against without (want +60 µs of CPU): ` +
      `CPU ${kept.toFixed(0)} against ${bare.toFixed(0)} µs, +${
        (kept - bare).toFixed(0)
      } µs`,
  );
}

/** Both are asked in turn, so that a slow second of the machine meets both. */
async function runOnce(
  settings: Case["settings"],
  requestAt: typeof messageAt,
): Promise<Run> {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "bench-journal-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const origin = stack.use(
    await startChild({ script: "bench/origin.ts", args: ["{}"] }),
  );
  const options = { upstream: origin.url.href, globalLimit: GLOBAL_LIMIT };
  const path = `${folder}/journal.db`;
  const started = settings === undefined
    ? [
      startPeer("relay", options),
      startPeer("relay", { ...options, journalPath: path }),
    ] as const
    : [
      startSluice(options),
      startSluice({ ...options, journal: { path, settings } }),
    ] as const;
  const bare = stack.use(await started[0]);
  const kept = stack.use(await started[1]);
  await waitUntil(performance.now() + 1_500);
  const places = [bare, kept].map(placeOf);
  await pace(places, PER_SECOND, WARM_UP_MS, requestAt);
  // Reading the figures begins to watch the loop.
  for (const child of [bare, kept]) await lagMsOf(child);
  const before = [await bare.cpuMs(), await kept.cpuMs()] as const;
  const [viaBare = [], viaKept = []] = await pace(
    places,
    PER_SECOND,
    MEASURED_MS,
    requestAt,
  );
  const after = [await bare.cpuMs(), await kept.cpuMs()] as const;
  return {
    bare: {
      ...latencies(viaBare, after[0] - before[0]),
      lagMs: await lagMsOf(bare),
    },
    kept: {
      ...latencies(viaKept, after[1] - before[1]),
      lagMs: await lagMsOf(kept),
    },
  };
}

function latencies(
  took: readonly number[],
  cpuMs: number,
): Omit<Measured, "lagMs"> {
  return {
    p50: quantile(took, 0.5),
    p99: quantile(took, 0.99),
    cpuUs: cpuMs / took.length * 1_000,
  };
}

async function lagMsOf({ url }: Child): Promise<number> {
  const response = await fetch(new URL("/metrics", url), {
    headers: { authorization: KEY },
  });
  const text = await response.text();
  // A bare relay sends it on, and has no such figure.
  const seconds = /^sluice_event_loop_lag_seconds (\S+)/m.exec(text)?.[1];
  return Number(seconds ?? NaN) * 1_000;
}

function placeOf({ url }: Child): Place {
  return {
    hostname: url.hostname,
    port: Number(url.port),
    headers: [`authorization: ${KEY}`],
  };
}
