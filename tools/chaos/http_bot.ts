/**
 * One life of one bot over plain HTTP, as a process: sends its numbered messages
 * in order, each under an `Idempotency-Key` of its own, and asks again until it
 * is answered, whoever died meanwhile. With `respond-async` it hands messages in
 * first and fetches their answers afterwards.
 */
import type { BotPlan } from "./bot.ts";
import { ReplyLog } from "./reply_log.ts";

/** A proxy that was killed is back within a second. */
const RETRY_MS = 50;

/** One try lasts no longer: a ghost of a connection must not hold a bot up. */
const TRY_MS_MAX = 10_000;

if (import.meta.main) await live(JSON.parse(Deno.args[0] ?? "{}"));

async function live(plan: BotPlan): Promise<void> {
  using log = ReplyLog.open(plan.logPath);
  const open = new Set<Promise<void>>();
  for (let number = 1; number <= plan.messages; number++) {
    if (log.has(number)) continue;
    while (open.size >= plan.window) await Promise.race(open);
    if (plan.kind !== "async") {
      await note(log, number, await settled(plan, number));
      continue;
    }
    // Handed in one after the other, so that they keep their order.
    const location = await handedIn(plan, number);
    const fetched = fetchAnswer(plan, number, location)
      .then((response) => note(log, number, response))
      .finally(() => open.delete(fetched));
    open.add(fetched);
  }
  await Promise.all(open);
}

async function note(
  log: ReplyLog,
  number: number,
  response: Response,
): Promise<void> {
  const body = await response.json();
  const id = response.ok && typeof body.id === "string" ? body.id : null;
  const { status } = response;
  const { message } = body;
  log.note({
    number,
    status,
    id,
    wasMissed: false,
    code: codeOf(body),
    ...!response.ok && typeof message === "string" && { said: message },
  });
}

function codeOf({ code }: { readonly code?: unknown }): string | null {
  return typeof code === "string" ? code : null;
}

/** The answer to a message, however often it has to be asked for. */
async function settled(plan: BotPlan, number: number): Promise<Response> {
  for (;;) {
    const response = await tryOnce(plan, number, {});
    if (response !== undefined) return response;
    await pause();
  }
}

/** Where the answer will be. */
async function handedIn(plan: BotPlan, number: number): Promise<string> {
  for (;;) {
    const response = await tryOnce(plan, number, { prefer: "respond-async" });
    const location = response?.headers.get("location");
    await response?.body?.cancel();
    if (typeof location === "string") return location;
    await pause();
  }
}

async function fetchAnswer(
  plan: BotPlan,
  number: number,
  location: string,
): Promise<Response> {
  for (;;) {
    try {
      const response = await fetch(new URL(location, plan.url), {
        headers: { authorization: plan.key },
        signal: AbortSignal.timeout(TRY_MS_MAX),
      });
      // Nobody knows it: then it was never accepted, and is handed in again.
      if (response.status === 404) return await settled(plan, number);
      if (response.status !== 202 && !isForLater(response)) return response;
      await response.body?.cancel();
    } catch {
      // The proxy is gone, and comes back.
    }
    await pause();
  }
}

/** Undefined: it has to be tried again. */
async function tryOnce(
  { url, key, name, channelId }: BotPlan,
  number: number,
  headers: Record<string, string>,
): Promise<Response | undefined> {
  try {
    const response = await fetch(
      new URL(`/api/v10/channels/${channelId}/messages`, url),
      {
        method: "POST",
        headers: {
          authorization: key,
          "content-type": "application/json",
          "idempotency-key": `${name}-${number}`,
          "x-rest-client": name,
          ...headers,
        },
        body: JSON.stringify({ content: `${name} ${number}` }),
        signal: AbortSignal.timeout(TRY_MS_MAX),
      },
    );
    if (!isForLater(response)) return response;
    await response.body?.cancel();
  } catch {
    // The proxy is gone, and comes back.
  }
  return undefined;
}

function isForLater({ status }: Response): boolean {
  return status === 429 || status === 503;
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, RETRY_MS));
}
