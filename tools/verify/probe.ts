import type { RouteFinding, RouteLimit, WindowKind } from "./findings.ts";
import type { Reply } from "./visit.ts";

/** Sends the nth request of a route. */
export type Send = (n: number) => Promise<Reply>;

export interface ProbeOptions {
  readonly isGuess?: boolean;
  /** One request only: a limit of two days is not spent for curiosity, and its Reset depends on earlier requests. */
  readonly isOnce?: boolean;
}

export interface Probe {
  readonly finding: RouteFinding;
  readonly replies: readonly Reply[];
}

/** Resets of a fixed window are the same to the millisecond; hikari allows as much (buckets.py). */
const SAME_RESET_MS = 50;

/** A bucket that is empty for longer is left alone. */
const WAIT_MS_MAX = 5_000;

/**
 * Learns a route's limit from up to three requests: the first meets it at rest;
 * of the other two, sent at once, the resets tell whether its window slides.
 */
export async function probe(
  route: string,
  send: Send,
  { isGuess = false, isOnce = false }: ProbeOptions = {},
): Promise<Probe> {
  const first = await send(0);
  const limit = limitIn(first);
  const replies = [first];
  const hasRoom = limit !== undefined && limit.remaining >= 2;
  if (first.status < 400 && hasRoom && !isOnce) {
    replies.push(...await Promise.all([send(1), send(2)]));
  }
  await rest(replies);
  return { finding: findingOf(route, replies, { isGuess, isOnce }), replies };
}

/** Lets a bucket that the last answers have emptied fill again. */
export async function rest(replies: readonly Reply[]): Promise<void> {
  const waitMs = Math.max(0, ...replies.map(waitMsOf));
  if (waitMs > 0 && waitMs <= WAIT_MS_MAX) {
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

function waitMsOf(reply: Reply): number {
  if (reply.status === 429) {
    const seconds = Number(reply.body["retry_after"]);
    return Number.isFinite(seconds) ? seconds * 1_000 : 0;
  }
  const limit = limitIn(reply);
  return limit?.remaining === 0 ? limit.resetAfterMs : 0;
}

/** What `replies` of a route say, the first of them of a bucket at rest. */
export function findingOf(
  route: string,
  replies: readonly Reply[],
  { isGuess, isOnce }: { readonly isGuess: boolean; readonly isOnce: boolean },
): RouteFinding {
  const [first, ...others] = replies;
  const said = first === undefined ? undefined : limitIn(first);
  const limit: RouteLimit | undefined = said === undefined ? undefined : {
    limit: said.limit,
    resetAfterMs: isOnce ? undefined : said.resetAfterMs,
    kind: kindOf(said, others),
    bucket: said.bucket,
  };
  return { route, isGuess, limit, refused: refusalIn(first) };
}

function refusalIn(reply: Reply | undefined): string | undefined {
  if (reply === undefined || reply.status < 400) return undefined;
  const { code } = reply.body;
  return typeof code === "number"
    ? `${reply.status}, code ${code}`
    : String(reply.status);
}

function kindOf(first: SaidLimit, others: readonly Reply[]): WindowKind {
  const resets = others.flatMap((reply) => limitIn(reply)?.resetAtMs ?? []);
  if (resets.length < 2) return "unknown";
  const used = Math.max(1, first.limit - first.remaining);
  const intervalMs = first.resetAfterMs / used;
  const movedMs = Math.max(...resets) - Math.min(...resets);
  if (movedMs <= Math.min(SAME_RESET_MS, intervalMs / 2)) return "fixed";
  const offMs = Math.abs(movedMs - intervalMs);
  return offMs <= Math.max(SAME_RESET_MS, intervalMs / 5)
    ? "sliding"
    : "unknown";
}

interface SaidLimit {
  readonly limit: number;
  readonly remaining: number;
  readonly resetAfterMs: number;
  readonly resetAtMs: number;
  readonly bucket: string;
}

/** The limit that an answer announces; undefined where it announces none. */
export function limitIn({ headers }: Reply): SaidLimit | undefined {
  const numberOf = (name: string) => Number(headers.get(`x-ratelimit-${name}`));
  const bucket = headers.get("x-ratelimit-bucket");
  if (bucket === null || headers.get("x-ratelimit-limit") === null) {
    return undefined;
  }
  return {
    limit: numberOf("limit"),
    remaining: numberOf("remaining"),
    resetAfterMs: numberOf("reset-after") * 1_000,
    resetAtMs: numberOf("reset") * 1_000,
    bucket,
  };
}
