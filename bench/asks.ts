import { routeOf } from "../rest/routes/route_of.ts";
import type { Ask, Settlement } from "../rest/scheduler/types.ts";

/** Discord's clock, minus ours. */
export const SERVER_OFFSET_MS = 1_700_000_000_000;

const FIRST_ID = 1_300_000_000_000_000_000n;
const HASH = "0123456789abcdef0123456789abcdef";

/** The path of a message to one of many channels. */
export function pathOf(channel: number): string {
  return `/channels/${FIRST_ID + BigInt(channel)}/messages`;
}

/** An ordinary message of a bot with 16 shards. */
export function askOf(channel: number, id: number): Ask {
  return {
    id,
    identityId: "bot:1",
    isOwnToken: true,
    method: "POST",
    route: routeOf("POST", pathOf(channel), SERVER_OFFSET_MS),
    caller: `default/shard-${channel % 16}`,
    urgency: 3,
    isOrdered: true,
    fields: undefined,
    bytes: 200,
    deadlineAtMs: undefined,
  };
}

/** Discord's answer to it, with the headers of its bucket. */
export function answeredOf(
  bucket: {
    readonly limit: number;
    readonly remaining: number;
    readonly resetAtMs: number;
    readonly resetAfterMs: number;
  },
  sentAtMs: number,
  receivedAtMs: number,
): Settlement {
  const { limit, remaining, resetAtMs, resetAfterMs } = bucket;
  const resetAtServerMs = resetAtMs + SERVER_OFFSET_MS;
  const report = {
    status: 200,
    sentAtMs,
    receivedAtMs,
    bucket: { hash: HASH, limit, remaining, resetAtServerMs, resetAfterMs },
    rateLimited: undefined,
    errorCode: undefined,
    isCloudflare403: false,
  };
  return { kind: "answered", report };
}
