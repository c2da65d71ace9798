/** `deno task bench:machine`: what the scheduler and the queue cost in time and memory. */
// deno-lint-ignore-file no-console -- Its output is what it is for.
import { createHash } from "../deps.ts";
import { createDispatcher } from "../rest/dispatcher/dispatcher.ts";
import type { ProxyRequest } from "../rest/domain/request.ts";
import { routeOf } from "../rest/routes/route_of.ts";
import { createScheduler } from "../rest/scheduler/scheduler.ts";
import { answeredOf, askOf, pathOf, SERVER_OFFSET_MS } from "./asks.ts";
import { type Costs, SchedulerWorld } from "./scheduler_world.ts";

const WARM_UP = 20_000;
const MEASURED = 100_000;
const RUNS = 5;

const BUCKETS = 20_000;
const SUBMITTED = 100_000;
const CHANNELS = 1_000;
const BODY_BYTES = 200;

const KIB = 1024;
const MIB = KIB * KIB;
const START_MS = 10_000;

const few = timeOf(10, 10);
timeOf(10_000, 10, few);
timeOf(10, 10_000, few);
await idleBuckets();
await submitted();
// The queue still holds everything: nothing would end by itself.
Deno.exit(0);

/** The median of some runs, printed beside the cost with few waiting. */
function timeOf(lines: number, perLine: number, few?: Costs): Costs {
  const world = new SchedulerWorld(lines, perLine);
  world.run(WARM_UP);
  const runs = Array.from({ length: RUNS }, () => world.measure(MEASURED));
  const costs: Costs = {
    enqueueUs: median(runs.map((run) => run.enqueueUs)),
    leaseUs: median(runs.map((run) => run.leaseUs)),
    settleUs: median(runs.map((run) => run.settleUs)),
  };
  const parts = Object.entries(costs).map(([name, us]) => {
    const before = few?.[name as keyof Costs];
    const growth = before === undefined
      ? ""
      : ` (${(us / before).toFixed(2)} x)`;
    return `${name.slice(0, -2)} ${us.toFixed(2)} µs${growth}`;
  });
  console.log(
    `${lines * perLine} waiting in ${lines} lines: ${parts.join(", ")}` +
      `${few === undefined ? "" : `, all three ${growthOf(costs, few)} x`}; ` +
      "want 5 µs or less each, and 2 x or less",
  );
  return costs;
}

/** How many times as long the whole way of a request takes. */
function growthOf(many: Costs, few: Costs): string {
  const whole = ({ enqueueUs, leaseUs, settleUs }: Costs) =>
    enqueueUs + leaseUs + settleUs;
  return (whole(many) / whole(few)).toFixed(2);
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
    options: { maxWaitMs: 240_000, isSingleFlight: false, apiVersion: 10 },
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

/** What is alive, in the heap and in buffers beside it; needs `--expose-gc`. */
async function heapBytes(): Promise<number> {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) {
    throw new Error("Cannot measure memory: run with --v8-flags=--expose-gc");
  }
  // Twice, with a turn between: what finalisers let go counts too.
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
