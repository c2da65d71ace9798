import { Pool } from "../../../deps.ts";

/** What a caller was told of one message. */
export interface Told {
  readonly content: string;
  /** `unknown`: nobody could say, or its door died over it. */
  readonly as: "sent" | "unknown" | "failed";
  readonly tookMs: number;
  /** When the answer was here (`performance.now()`). */
  readonly atMs: number;
  /** What a failure said. */
  readonly why?: string;
}

/** One caller: messages of one bot to one channel, one after the other. */
export interface CallerOptions {
  readonly doors: readonly string[];
  /** The first door; another one is taken when nobody listens there. */
  readonly first: number;
  readonly key: string;
  readonly botId: string;
  readonly channelId: string;
  readonly contents: readonly string[];
  /** Between two messages at least. */
  readonly gapMs: number;
}

/** As a patient library does: what was certainly not sent is sent again, up to this long. */
const PATIENCE_MS = 60_000;
const AGAIN_MS_MAX = 1_000;
const AGAIN_MS_MIN = 50;

/** Sends all of them; never rejects. */
export async function callAll(options: CallerOptions): Promise<Told[]> {
  const pools = options.doors.map((door) =>
    // Its own time-outs are off: a dead proxy resets the connection, and a stopped one is waited for.
    new Pool(door, {
      connections: 1,
      pipelining: 1,
      connectTimeout: 0,
      headersTimeout: 0,
      bodyTimeout: 0,
    })
  );
  const told: Told[] = [];
  let at = options.first;
  for (const content of options.contents) {
    const startMs = performance.now();
    const { as, why, door } = await callOne(pools, at, content, options);
    at = door;
    const atMs = performance.now();
    told.push({
      content,
      as,
      tookMs: atMs - startMs,
      atMs,
      ...why !== undefined && { why },
    });
    await sleep(options.gapMs);
  }
  await Promise.all(pools.map((pool) => pool.destroy()));
  return told;
}

interface Result {
  readonly as: Told["as"];
  readonly why?: string;
  /** The door for the next message. */
  readonly door: number;
}

async function callOne(
  pools: readonly Pool[],
  first: number,
  content: string,
  options: CallerOptions,
): Promise<Result> {
  const endMs = performance.now() + PATIENCE_MS;
  let door = first;
  let why = "";
  while (performance.now() < endMs) {
    const pool = pools[door % pools.length];
    if (pool === undefined) break;
    const tried = await tryOnce(pool, content, options);
    // As a balancer does that looks at /readyz: who leaves gets nothing new.
    if (tried.isLeaving) door = (door + 1) % pools.length;
    if (tried.as !== "again") return { ...tried, as: tried.as, door };
    why = tried.why ?? "";
    if (tried.isGone) door = (door + 1) % pools.length;
    await sleep(tried.afterMs ?? AGAIN_MS_MIN);
  }
  return { as: "failed", why: `gave up: ${why}`, door };
}

interface Tried {
  readonly as: Told["as"] | "again";
  readonly why?: string;
  /** Nobody listens there. */
  readonly isGone?: boolean;
  /** It said that it ends. */
  readonly isLeaving?: boolean;
  readonly afterMs?: number;
}

async function tryOnce(
  pool: Pool,
  content: string,
  { key, botId, channelId }: CallerOptions,
): Promise<Tried> {
  try {
    const { statusCode, headers, body } = await pool.request({
      method: "POST",
      path: `/api/v10/channels/${channelId}/messages`,
      headers: {
        authorization: key,
        "bot_id": botId,
        "content-type": "application/json",
      },
      body: JSON.stringify({ content }),
    });
    const text = await body.text();
    const isLeaving = headers["connection"] === "close";
    if (statusCode === 200) return { as: "sent", isLeaving };
    const { sent, code, retry_after: afterS } = JSON.parse(text);
    if (sent === null) return { as: "unknown", why: `${code}` };
    if (sent !== false) return { as: "failed", why: `${statusCode} ${text}` };
    const afterMs = Math.min(AGAIN_MS_MAX, (afterS ?? 0) * 1_000);
    return { as: "again", why: `${statusCode} ${code}`, afterMs };
  } catch (error) {
    const code = String(Object(error).code);
    if (code === "ECONNREFUSED") {
      return { as: "again", why: code, isGone: true };
    }
    return { as: "unknown", why: code };
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
