/** Callers who never try twice, for restarts. */

const PAUSE_MS = 50;

/** Posts one message; what comes of it, in a word. */
async function post(
  url: string,
  key: string,
  content: string,
): Promise<string> {
  // No connection is used twice, so nothing is tried again by the runtime.
  using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  try {
    const response = await fetch(url, {
      client,
      method: "POST",
      headers: { authorization: key, "content-type": "application/json" },
      body: JSON.stringify({ content }),
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
  key: string,
  over: AbortSignal,
): Promise<string[]> {
  const calls: Promise<string>[] = [];
  for (let at = 1; !over.aborted; at++) {
    calls.push(post(channelOf(address, 100 + at), key, `steady ${at}`));
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return await Promise.all(calls);
}

/** Messages for one channel as fast as it goes, one after the other, until `over`. */
export async function postInOrder(
  address: string,
  key: string,
  channel: number,
  over: AbortSignal,
): Promise<string[]> {
  const outcomes: string[] = [];
  for (let at = 1; !over.aborted; at++) {
    outcomes.push(await post(channelOf(address, channel), key, `busy ${at}`));
  }
  return outcomes;
}
