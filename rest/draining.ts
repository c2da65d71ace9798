import type { DrainReport } from "./dispatcher/drain.ts";
import type { Dispatcher } from "./dispatcher/types.ts";
import type { Clock } from "./domain/ports.ts";
import type { JournalKeeper } from "./journal_keeper.ts";
import type { HttpEndpoint } from "./listener/http/endpoint.ts";
import type { WebSocketEndpoint } from "./listener/websocket/endpoint.ts";
import type { Operating } from "./operating.ts";

/** What ends with a proxy. */
export interface DrainParts {
  readonly clock: Clock;
  readonly dispatcher: Dispatcher;
  readonly http: HttpEndpoint;
  readonly sockets: WebSocketEndpoint;
  readonly operating: Operating;
  /** Ends what asks Discord by itself, for the limits there are. */
  readonly stopLimits: () => void;
  /** Undefined: nothing outlives the process. */
  readonly keeper: JournalKeeper | undefined;
}

/** Drains a whole proxy: queue, REP, HTTP and what operators look at, in an order in which nobody is left without an answer. */
export async function drainProxy(
  { clock, dispatcher, http, sockets, operating, stopLimits, keeper }:
    DrainParts,
  forMs: number,
  closePorts: () => Promise<void> = () => Promise.resolve(),
): Promise<DrainReport> {
  const endsAtMs = clock.nowMs() + forMs;
  stopLimits();
  sockets.announceDrain(forMs);
  let closed = Promise.resolve();
  // Before the queue gives anything up: that is still answered over the sockets.
  const report = await dispatcher.drain(forMs, () => {
    // Its streams never end by themselves.
    operating.closeStreams();
    closed = sockets.drain(Math.max(0, endsAtMs - clock.nowMs()));
    return Promise.all([closed, closePorts()]);
  });
  await closed;
  http.close();
  operating.close();
  await keeper?.end();
  return report;
}
