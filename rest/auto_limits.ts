import type { Settings } from "./config/settings.ts";
import type { Answer } from "./domain/answer.ts";
import type { FactSink } from "./domain/fact.ts";
import type { Identity } from "./domain/identity.ts";
import type { Clock, Submitter } from "./domain/ports.ts";
import type { ProxyRequest } from "./domain/request.ts";
import type { Queue } from "./queue.ts";
import { routeOf } from "./routes/route_of.ts";

interface LimitedBot {
  readonly name: string;
  readonly applicationId: string | undefined;
  readonly identity: Identity;
}

/** What finds out the bots' global limits. */
export interface AutoLimitsParts {
  readonly bots: readonly LimitedBot[];
  /** The queue: what is asked here waits like anything else. */
  readonly submitter: Submitter;
  readonly clock: Clock;
  readonly facts: FactSink;
  readonly apiVersion: number;
  /** Bots with a limit of the operator's are not asked about. */
  readonly hasOwnLimit: (bot: LimitedBot) => boolean;
  readonly setLimit: (identityId: string, limit: number) => void;
}

/** Starts it where the operator wants it; returns what stops it. */
export function openAutoLimits(
  { globalLimit, globalLimits, apiVersion }: Settings,
  { queue, submitter, bots, clock, facts }:
    & Pick<AutoLimitsParts, "clock" | "facts" | "submitter">
    & {
      readonly bots: { readonly all: readonly LimitedBot[] };
      readonly queue: Queue;
    },
): () => void {
  if (globalLimit !== "auto") return () => {};
  return watchGlobalLimits({
    bots: bots.all,
    clock,
    facts,
    apiVersion,
    submitter,
    hasOwnLimit: ({ applicationId = "" }) => globalLimits.has(applicationId),
    setLimit: queue.setGlobalLimit,
  });
}

/** Discord raises a bot's limit when it grows, which takes weeks. */
const EVERY_MS = 3_600_000;
/** What every bot has (Discord docs, "Global Rate Limit"), and the least that is ever set. */
const LEAST = 50;

const PATH = "/gateway/bot";
const ROUTE = routeOf("GET", PATH, 0);

const decoder = new TextDecoder();

/**
 * Asks Discord for each bot's gateway, now and every hour, and sets the global
 * limit that follows from the answer. Returns what stops it.
 */
export function watchGlobalLimits(parts: AutoLimitsParts): () => void {
  const { bots, clock, hasOwnLimit } = parts;
  let stop = () => {};
  const round = () => {
    for (const bot of bots) if (!hasOwnLimit(bot)) void ask(parts, bot);
    stop = clock.wakeAt(clock.nowMs() + EVERY_MS, round);
  };
  round();
  return () => stop();
}

async function ask(parts: AutoLimitsParts, bot: LimitedBot): Promise<void> {
  const { submitter, facts, setLimit, apiVersion } = parts;
  try {
    const request = requestOf(bot, apiVersion);
    const answer = await submitter.submit(request).answer;
    const limit = globalLimitOf(answer);
    if (limit === undefined) return;
    setLimit(bot.identity.id, limit);
    facts({ kind: "global_limit", bot: bot.name, limit });
  } catch {
    // Refused, or no answer: the limit stays, and the next hour asks again.
  }
}

/**
 * The global limit of a bot, by its answer to `GET /gateway/bot`; undefined
 * where it tells none. Discord's documents give 50 a second for every bot, and
 * say that large ones (150,000 guilds) start more than one shard at a time
 * (docs: "Sharding for Large Bots", `session_start_limit.max_concurrency`).
 * What those may send stands nowhere; nirn-proxy has found 25 for each shard
 * that may start at a time, and at least 500 (its README, 2024).
 */
export function globalLimitOf({ status, body }: Answer): number | undefined {
  if (status !== 200 || !(body instanceof Uint8Array)) return undefined;
  try {
    const { session_start_limit: start } = JSON.parse(decoder.decode(body)) as {
      session_start_limit?: { max_concurrency?: unknown };
    };
    const concurrency = start?.max_concurrency;
    if (!Number.isSafeInteger(concurrency)) return undefined;
    const shards = concurrency as number;
    return shards <= 1
      ? LEAST
      : Math.min(LIMIT_MAX, Math.max(500, 25 * shards));
  } catch {
    return undefined;
  }
}

/** More than ten times the highest that was heard of (1,200 a second) is no limit of a bot. */
const LIMIT_MAX = 10_000;

function requestOf({ identity }: LimitedBot, version: number): ProxyRequest {
  return {
    method: "GET",
    target: { version, path: PATH, query: "" },
    route: ROUTE,
    headers: [],
    body: undefined,
    identity,
    caller: "proxy",
    urgency: 3,
    isOrdered: false,
    leaveWithinMs: undefined,
  };
}
