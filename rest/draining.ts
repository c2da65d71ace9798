import type { DrainOptions, DrainReport } from "./dispatcher/drain.ts";
import type { Dispatcher } from "./dispatcher/types.ts";
import type { Clock } from "./domain/ports.ts";
import type { JournalKeeper } from "./journal_keeper.ts";
import type { HttpEndpoint } from "./listener/http/endpoint.ts";
import type { WebSocketEndpoint } from "./listener/websocket/endpoint.ts";
import type { Operating } from "./operating.ts";
import type { Peering } from "./peers/peering.ts";

/** What ends with a proxy. */
export interface DrainParts {
  readonly clock: Clock;
  readonly dispatcher: Dispatcher;
  readonly http: HttpEndpoint;
  readonly sockets: WebSocketEndpoint;
  readonly operating: Operating;
  /** Undefined: there is no other proxy. */
  readonly peering: Peering | undefined;
  /** Ends what asks Discord by itself, for the limits there are. */
  readonly stopLimits: () => void;
  /** Undefined: nothing outlives the process. */
  readonly keeper: JournalKeeper | undefined;
}

/** Drains a whole proxy: queue, REP, HTTP and what operators look at, in an order in which nobody is left without an answer. */
export async function drainProxy(
  parts: DrainParts,
  forMs: number,
  closePorts: () => Promise<void> = () => Promise.resolve(),
  options: DrainOptions = {},
): Promise<DrainReport> {
  const { clock, dispatcher, http, sockets, operating, stopLimits } = parts;
  const { peering, keeper } = parts;
  const endsAtMs = clock.nowMs() + forMs;
  stopLimits();
  sockets.announceDrain(forMs);
  let closed: Promise<unknown> = Promise.resolve();
  // Before the queue gives anything up: that is still answered over the sockets.
  const report = await dispatcher.drain(forMs, () => {
    // Its streams never end by themselves.
    operating.closeStreams();
    const leftMs = Math.max(0, endsAtMs - clock.nowMs());
    closed = Promise.all([
      sockets.drain(leftMs),
      peering?.door.drain(leftMs),
    ]);
    return Promise.all([closed, closePorts(), peering?.forwarder.whenIdle()]);
  }, options);
  await peering?.close();
  await closed;
  http.close();
  operating.close();
  await keeper?.end();
  return report;
}
