import type { Range } from "../../sim/model/random.ts";

/** The simulator's limits are lifted, so that thousands of messages need seconds. */
export const LIFTED = {
  globalPerSecond: 2_000,
  channelPerSecond: 50,
} as const;

/** The simulated Discord of these runs. */
export const WORLD = {
  recordLimit: 0,
  globalLimit: { limit: LIFTED.globalPerSecond },
  rules: [{
    match: "POST /channels/{}/messages",
    limit: LIFTED.channelPerSecond,
    periodMs: 1_000,
  }],
  // Long enough that a kill finds requests on their way, short enough for 50 a second.
  latencyIn: { minMs: 0, maxMs: 3 },
  latencyOut: { minMs: 1, maxMs: 10 },
} as const;

/** A socket is cut every few seconds; most outlive no bot. */
export const SOCKET_LIFE: Range = { minMs: 50, maxMs: 2_500 };

/** A folder that goes when it is disposed of. */
export async function temporaryFolder(): Promise<
  AsyncDisposable & { readonly path: string }
> {
  const path = await Deno.makeTempDir({ prefix: "chaos-" });
  return {
    path,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}
