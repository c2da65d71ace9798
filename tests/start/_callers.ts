/** Callers who never try twice, for restarts. */
import { KEY } from "./_held_upstream.ts";

const PAUSE_MS = 50;

/** Posts one message; what comes of it, in a word. */
export async function post(
  url: string,
  content: number | string,
  key: string = KEY,
): Promise<string> {
  // No connection is used twice, so nothing is tried again by the runtime.
  using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  try {
    const response = await fetch(url, {
      client,
      method: "POST",
      headers: { authorization: key, "content-type": "application/json" },
      body: JSON.stringify({ content: `${content}` }),
    });
    const text = await response.text();
    return response.ok ? "answered" : text;
  } catch (error) {
    return `${error}: ${error instanceof Error ? error.cause : ""}`;
  }
}

function channelOf(address: string, id: number): string {
  return `${address}/api/v10/channels/${id}/messages`;
}

/** One call every 50 ms, each to a channel of its own, until `over`; what came of each. */
export async function callSteadily(
  address: string,
  over: AbortSignal,
  key: string = KEY,
): Promise<string[]> {
  const calls: Promise<string>[] = [];
  for (let at = 1; !over.aborted; at++) {
    calls.push(post(channelOf(address, 100 + at), `steady ${at}`, key));
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return await Promise.all(calls);
}

/** Messages for one channel as fast as it goes, one after the other, until `over`. */
export async function postInOrder(
  address: string,
  channel: number,
  over: AbortSignal,
  key: string = KEY,
): Promise<string[]> {
  const outcomes: string[] = [];
  for (let at = 1; !over.aborted; at++) {
    outcomes.push(await post(channelOf(address, channel), `busy ${at}`, key));
  }
  return outcomes;
}
