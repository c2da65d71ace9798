import type { FactSink } from "../../domain/fact.ts";
import type { Clock } from "../../domain/ports.ts";
import type { Endpoint } from "../http/incoming_request.ts";
import { TimeoutQueue } from "../http/timeout_queue.ts";
import type { ConnectionLimits } from "./connections.ts";
import { Connections } from "./connections.ts";
import type { ForwardedReader } from "./forwarded.ts";

/** What bounds connections in time and number. */
export interface TransportLimits extends ConnectionLimits {
  /** How long a request's head may take. */
  readonly headTimeoutMs: number;
  /** How long a connection may be without a request. */
  readonly idleTimeoutMs: number;
  /** How large a head may be; as callers' are, unless said. */
  readonly headBytesMax?: number;
}

/** What every listener is given besides its place. */
export interface ServeOptions {
  readonly endpoint: Endpoint;
  readonly facts: FactSink;
  readonly clock: Clock;
  readonly limits: TransportLimits;
  readonly forwarded: ForwardedReader;
}

/** What every server of ours works with, whatever it listens on. */
export interface Transport extends ServeOptions {
  readonly connections: Connections;
  /** Cuts answers that nobody takes. */
  readonly unread: TimeoutQueue;
  /** Ends the reading of what a caller goes on sending after its answer. */
  readonly lingering: TimeoutQueue;
  /** Ends connections that nobody asks anything on any more. */
  readonly idle: TimeoutQueue;
  /** Tells callers of HTTP/1.1 how long that is, so that none sends as it ends. */
  readonly keepAlive: [name: string, value: string];
}

/**
 * A caller that takes not one of the 64 KiB it was last given for so long does
 * not read: it would keep a connection to Discord, of which there are few.
 */
const UNREAD_MS = 10_000;

/** A caller that is refused amid its upload gets to read why: most are done or have noticed by then. */
const LINGER_MS = 15_000;

/** Puts it together. */
export function transportOf(options: ServeOptions): Transport {
  const { clock, limits } = options;
  return {
    ...options,
    connections: new Connections(limits),
    unread: new TimeoutQueue(clock, UNREAD_MS),
    lingering: new TimeoutQueue(clock, LINGER_MS),
    idle: new TimeoutQueue(clock, limits.idleTimeoutMs),
    keepAlive: [
      "keep-alive",
      `timeout=${Math.floor(limits.idleTimeoutMs / 1_000)}`,
    ],
  };
}

/** Ends its timers: everybody has left. */
export function stopTimers({ unread, lingering, idle }: Transport): void {
  for (const queue of [unread, lingering, idle]) queue.stop();
}
