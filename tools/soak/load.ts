import type { Call } from "./calls.ts";

/** What the callers have seen since the last report. */
export interface Tally {
  readonly sent: number;
  readonly answered: number;
  /** Milliseconds each answer took, in no order. */
  readonly latenciesMs: readonly number[];
  /** Answers with a wrong status, by kind and status; status 0 is no answer at all. */
  readonly odd: ReadonlyMap<string, number>;
}

/** A steady load. */
export interface Load {
  /** Calls that wait for an answer. */
  readonly waiting: number;
  /** Returns the report and begins a new one. */
  take(): Tally;
  /** Stops sending; settles when every call is answered, or after `forMs`. */
  stop(forMs: number): Promise<void>;
}

const TICK_MS = 10;

/** Makes `perSecond` calls a second, however slowly they are answered. */
export function startLoad(
  baseUrl: string,
  nextCall: () => Call,
  perSecond: number,
): Load {
  const startedMs = performance.now();
  const client = Deno.createHttpClient({ poolMaxIdlePerHost: 64 });
  const calls = new Set<Promise<void>>();
  let begun = 0;
  let tally = newTally();

  const timer = setInterval(() => {
    const due = (performance.now() - startedMs) * perSecond / 1_000;
    for (; begun < due; begun++) {
      tally.sent++;
      const call = run(nextCall()).finally(() => calls.delete(call));
      calls.add(call);
    }
  }, TICK_MS);

  async function run(call: Call): Promise<void> {
    const sentAtMs = performance.now();
    const status = await statusOf(call, baseUrl, client);
    tally.answered++;
    if (status === LEFT) return;
    tally.latenciesMs.push(performance.now() - sentAtMs);
    const isRight = call.wanted === undefined
      ? status >= 200 && status < 300
      : status === call.wanted;
    if (isRight) return;
    const name = `${call.kind} ${status}`;
    tally.odd.set(name, (tally.odd.get(name) ?? 0) + 1);
  }

  return {
    get waiting() {
      return calls.size;
    },
    take() {
      const taken = tally;
      tally = newTally();
      return taken;
    },
    async stop(forMs) {
      clearInterval(timer);
      const late = Promise.withResolvers<void>();
      const lateTimer = setTimeout(late.resolve, forMs);
      await Promise.race([Promise.all(calls), late.promise]);
      clearTimeout(lateTimer);
      client.close();
    },
  };
}

/** Stands for a status: the caller disconnected, as it was meant to. */
const LEFT = -1;

async function statusOf(
  { method, path, headers, body, leavesAfterMs }: Call,
  baseUrl: string,
  client: Deno.HttpClient,
): Promise<number> {
  const signal = leavesAfterMs === undefined
    ? null
    : AbortSignal.timeout(leavesAfterMs);
  try {
    const response = await fetch(`${baseUrl}${path}`, {
      method,
      headers,
      body: body ?? null,
      signal,
      client,
    });
    await response.arrayBuffer();
    return response.status;
  } catch {
    return signal?.aborted === true ? LEFT : 0;
  }
}

function newTally() {
  return {
    sent: 0,
    answered: 0,
    latenciesMs: new Array<number>(),
    odd: new Map<string, number>(),
  };
}
