import type {
  BucketReport,
  LimitReport,
} from "../../rest/domain/limit_report.ts";
import type { Method } from "../../rest/domain/request.ts";
import { routeOf } from "../../rest/routes/route_of.ts";
import type { Ask, Scheduler } from "../../rest/scheduler/types.ts";

/** Past the first second, in which half of every global limit counts as spent. */
export const START_MS = 10_000;

/** Discord's clock minus ours, anything but zero so that mixing them up shows. */
export const SERVER_OFFSET_MS = 1_700_000_000_000;

let nextId = 1;

/** An ask with everything ordinary; a test names only what it is about. */
export function askOf(
  method: Method,
  path: string,
  change: Partial<Ask> = {},
): Ask {
  return {
    id: nextId++,
    identityId: "bot:1",
    isOwnToken: true,
    method,
    route: routeOf(method, path, SERVER_OFFSET_MS),
    caller: "default/a",
    urgency: 3,
    isOrdered: true,
    fields: undefined,
    bytes: 0,
    deadlineAtMs: undefined,
    ...change,
  };
}

/** Bucket headers of an answer decided at `decidedAtMs` on our clock. */
export function bucketOf(
  change: Partial<BucketReport> & { decidedAtMs: number },
): BucketReport {
  const { decidedAtMs, ...rest } = change;
  const resetAfterMs = rest.resetAfterMs ?? 1_000;
  return {
    hash: "hash-a",
    limit: 5,
    remaining: 4,
    resetAfterMs,
    resetAtServerMs: SERVER_OFFSET_MS + decidedAtMs + resetAfterMs,
    ...rest,
  };
}

/** An answer received at `atMs`, sent 50 ms before. */
export function reportOf(
  atMs: number,
  change: Partial<LimitReport> = {},
): LimitReport {
  return {
    status: 200,
    sentAtMs: atMs - 50,
    receivedAtMs: atMs,
    bucket: undefined,
    rateLimited: undefined,
    errorCode: undefined,
    isCloudflare403: false,
    ...change,
  };
}

/** A 429 of the given scope. */
export function limitedOf(
  atMs: number,
  scope: "user" | "global" | "shared" | undefined,
  retryAfterMs: number | undefined,
  change: Partial<LimitReport> = {},
): LimitReport {
  return reportOf(atMs, {
    status: 429,
    rateLimited: { scope, retryAfterMs, isCloudflareBlock: false },
    ...change,
  });
}

/** Answers a lease and polls. */
export function settleAndPoll(
  scheduler: Scheduler,
  id: number,
  report: LimitReport,
): {
  verdict: string;
  leases: readonly number[];
  wakeAtMs: number | undefined;
} {
  const nowMs = report.receivedAtMs;
  const verdict = scheduler.settle(id, { kind: "answered", report }, nowMs);
  const { leases, wakeAtMs } = scheduler.poll(nowMs);
  return { verdict, leases, wakeAtMs };
}

/** Enqueues all and returns the ids. */
export function enqueueAll(
  scheduler: Scheduler,
  asks: readonly Ask[],
  nowMs: number,
): number[] {
  for (const ask of asks) {
    const refused = scheduler.enqueue(ask, nowMs);
    if (refused !== undefined) throw new Error(refused.message);
  }
  return asks.map((ask) => ask.id);
}
