/** `deno task bench:machine`: what the scheduler and the queue cost in time and memory. */
// deno-lint-ignore-file no-console -- Its output is what it is for.
import { createHash } from "../deps.ts";
import { createDispatcher } from "../rest/dispatcher/dispatcher.ts";
import type { ProxyRequest } from "../rest/domain/request.ts";
import { routeOf } from "../rest/routes/route_of.ts";
import { createScheduler } from "../rest/scheduler/scheduler.ts";
import { answeredOf, askOf, pathOf, SERVER_OFFSET_MS } from "./asks.ts";
import {
  type Costs,
  SchedulerWorld,
  type WorldShape,
} from "./scheduler_world.ts";

/**
 * A growing heap takes pages from the system, and the first use of a page takes
 * longer than a whole request; after this many requests the heap has its size.
 */
const WARM_UP = 600_000;
const MEASURED = 100_000;
const RUNS = 7;

const BUCKETS = 20_000;
const SUBMITTED = 100_000;
const CHANNELS = 1_000;
const BODY_BYTES = 200;

const KIB = 1024;
const MIB = KIB * KIB;
const START_MS = 10_000;

time();
await idleBuckets();
await submitted();
// The queue is still full: the process would not end by itself.
Deno.exit(0);

/** What bounds the pace, and with how many waiting. */
interface Case extends WorldShape {
  readonly name: string;
  /** What it is compared with: as many lines, fewer requests. */
  readonly few?: Case;
  /** There is no equal world with few waiting requests; this one has other lines, too. */
  readonly loose?: Case;
}

/** Costs of the scheduler's calls, of each world in turn, so that a slow second of the machine meets all alike. */
function time(): void {
  const tenFew = { name: "own limits bind", lines: 10, waiting: 100 };
  const ten = { ...tenFew, waiting: 100_000, few: tenFew };
  const globalFew = {
    name: "the global limit binds, of 1,000/s",
    lines: 10_000,
    waiting: 100,
    globalLimit: 1_000,
  };
  const global = { ...globalFew, waiting: 100_000, few: globalFew };
  const many = { ...ten, lines: 10_000, few: undefined, loose: tenFew };
  const cases: Case[] = [tenFew, ten, globalFew, global, many];
  const worlds = cases.map((one) => new SchedulerWorld(one));
  for (const world of worlds) world.run(WARM_UP);
  const runs = Array.from(
    { length: RUNS },
    () => worlds.map((world) => world.measure(MEASURED)),
  );
  const runsOf = (one: Case) =>
    runs.map((run) => run[cases.indexOf(one)] as Costs);
  for (const one of cases) {
    const base = one.few ?? one.loose;
    tell(one, runsOf(one), base === undefined ? undefined : runsOf(base));
  }
}

function tell(
  { lines, waiting, name, few, loose }: Case,
  runs: readonly Costs[],
  base: readonly Costs[] | undefined,
): void {
  const partOf = (label: string, read: (costs: Costs) => number) => {
    const us = median(runs.map(read)).toFixed(2);
    const times = base?.map((costs, run) =>
      read(runs[run] as Costs) / read(costs)
    );
    const growth = times === undefined
      ? ""
      : ` (${median(times).toFixed(2)} x)`;
    return `${label} ${us} µs${growth}`;
  };
  const parts = [
    partOf("enqueue", ({ enqueueUs }) => enqueueUs),
    partOf("lease", ({ leaseUs }) => leaseUs),
    partOf("settle", ({ settleUs }) => settleUs),
    partOf(
      "all three",
      (costs) => costs.enqueueUs + costs.leaseUs + costs.settleUs,
    ),
  ];
  const wants = few === undefined ? "" : ", 2 x or less";
  const against = loose === undefined
    ? ""
    : ` (x: of ${loose.waiting} in ${loose.lines} lines)`;
  console.log(
    `${waiting} waiting in ${lines} lines, ${name}: ${
      parts.join(", ")
    }${against}; ` +
      `want 5 µs or less each${wants}`,
  );
}

/** Heap that a bucket takes whose numbers are known and that nobody uses. */
async function idleBuckets(): Promise<void> {
  const scheduler = createScheduler({ globalLimitOf: () => BUCKETS * 2 });
  const before = await heapBytes();
  for (let index = 0; index < BUCKETS; index++) {
    const nowMs = START_MS + index / 10;
    const reset = { resetAfterMs: 1_000, resetAtMs: nowMs + 1_000 };
    const answered = answeredOf(
      { limit: 5, remaining: 4, ...reset },
      nowMs,
      nowMs,
    );
    scheduler.enqueue(askOf(index, index), nowMs);
    for (const id of scheduler.poll(nowMs).leases) {
      scheduler.settle(id, answered, nowMs);
    }
  }
  const each = (await heapBytes() - before) / BUCKETS / KIB;
  // Asked afterwards, or the collector would take the whole machine first.
  const { hashes } = scheduler.snapshot(START_MS + BUCKETS / 10);
  console.log(
    `${BUCKETS} idle buckets of ${hashes.length} learnt hash: ${
      each.toFixed(2)
    } KiB each; want 1 or less`,
  );
}

/** What a full queue takes, from the caller's ticket to the scheduler's heap. */
async function submitted(): Promise<void> {
  const scheduler = createScheduler({ waitingMax: SUBMITTED });
  const dispatcher = createDispatcher({
    scheduler,
    upstream: {
      host: "nowhere",
      send: () => new Promise(() => {}),
      close: () => Promise.resolve(),
    },
    clock: {
      nowMs: () => performance.now(),
      wallMs: () => Date.now(),
      wakeAt: () => () => {},
    },
    random: Math.random,
    facts: () => {},
    digest: (parts) => {
      const hash = createHash("sha256");
      for (const part of parts) hash.update(part);
      return hash.digest("base64");
    },
    options: {
      maxWaitMs: 240_000,
      isSingleFlight: false,
      adoptMs: 60_000,
      keptBytesMax: 1_048_576,
      apiVersion: 10,
    },
  });
  const before = await heapBytes();
  const tickets = Array.from(
    { length: SUBMITTED },
    (_, index) => dispatcher.submit(requestOf(index)),
  );
  const heap = await heapBytes() - before;
  console.log(
    `${tickets.length} requests of ${BODY_BYTES} bytes at submit: ` +
      `${(heap / MIB).toFixed(0)} MiB of heap and buffers; want 250 or less`,
  );
}

function requestOf(index: number): ProxyRequest {
  const path = pathOf(index % CHANNELS);
  return {
    method: "POST",
    target: { version: 10, path, query: "" },
    route: routeOf("POST", path, SERVER_OFFSET_MS),
    headers: [
      ["content-type", "application/json"],
      ["user-agent", `DiscordBot (https://example.com, ${index})`],
    ],
    body: new Uint8Array(BODY_BYTES).fill(index),
    identity: {
      id: "bot:1",
      kind: "bot",
      authorization: undefined,
      isOwn: true,
    },
    caller: "default/shard-1",
    urgency: 3,
    isOrdered: true,
    leaveWithinMs: undefined,
  };
}

/** Live bytes in the heap and in buffers beside it; needs `--expose-gc`. */
async function heapBytes(): Promise<number> {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) {
    throw new Error("Cannot measure memory: run with --v8-flags=--expose-gc");
  }
  // Twice, with a turn of the event loop between, so that finalisers run.
  gc();
  await new Promise((resolve) => setTimeout(resolve, 50));
  gc();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? NaN;
}
