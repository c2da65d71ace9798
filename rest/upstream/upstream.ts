import { Pool, type UndiciDispatcher } from "../../deps.ts";
import type { Answer } from "../domain/answer.ts";
import type { OutboundProxy } from "../domain/outbound_proxy.ts";
import type { Upstream } from "../domain/ports.ts";
import type { ProxyRequest } from "../domain/request.ts";
import { connectorTo } from "./connector.ts";
import { Exchange, type ExchangeTicks } from "./exchange.ts";
import { type FixedHost, fixedHost } from "./fixed_host.ts";
import { type Timed, Timeouts } from "./timeouts.ts";

/** Where requests go, and how long each part of an exchange may take. */
export interface UpstreamOptions {
  /** Base URL of all requests, `https://discord.com/api`; version and path are appended. */
  readonly baseUrl: string;
  /** `User-Agent` for callers whose own does not begin with `DiscordBot`. */
  readonly userAgent: string;
  /** From the request to the end of the answer's headers; large bodies get more time. */
  readonly headersTimeoutMs: number;
  /** For a small body as a whole; for a large one, between two chunks. */
  readonly bodyTimeoutMs: number;
  /** For name resolution, connection and TLS together. */
  readonly connectTimeoutMs: number;
  /** Most connections at a time, each with one request; 256 by default. */
  readonly connectionsMax?: number;
  /** Certificate authorities to trust, in PEM; by default the runtime's own list. */
  readonly caCertificates?: string;
  /** The forward proxy that every connection goes through; none when left out. */
  readonly outboundProxy?: OutboundProxy | undefined;
  /** The address of this machine to send from; the system's choice when left out. */
  readonly outboundAddress?: string | undefined;
}

/**
 * With Discord's usual 200 ms, this many connections carry 1280 requests a second:
 * more than twice the largest global limit (500). They leave callers most of the
 * 1024 file descriptors that a process usually has.
 */
const CONNECTIONS_MAX = 256;

/**
 * Idle connections are closed after this time, before Cloudflare closes them
 * (after minutes): if a request is sent while the other side closes, nobody knows
 * whether it arrived.
 */
const IDLE_MS = 30_000;

/** Largest headers of an answer; Discord's have 2 KiB. */
const HEADER_BYTES_MAX = 32 * 1024;

/**
 * A larger body gets more time, and its connection is closed after it: if the
 * answer (413, 401) comes before the whole body is sent, the rest of the body
 * would be in front of the next request. The kernel takes smaller bodies at once.
 */
const USUAL_BODY_BYTES_MAX = 1024 * 1024;

/** Slowest upload that is waited for: one megabit per second. */
const UPLOAD_BYTES_PER_MS = 128;

/** A caller that reads nothing of a large answer for this time counts as disconnected. */
const READER_TIMEOUT_MS = 120_000;

/** Ticks per shortest time-out: time-outs are late by about a tenth of it at most. */
const TICKS_PER_TIMEOUT = 10;
/** Bounds of a tick: shorter ones cost time at 10,000 requests a second, longer ones make callers wait. */
const TICK_MS_MIN = 10;
const TICK_MS_MAX = 1_000;

/**
 * Makes the client that sends requests to Discord.
 *
 * undici's pool speaks HTTP/1.1, sends nothing twice, follows no redirects, reads
 * no proxy variables and changes neither path nor body. Tests check each of these.
 */
export function createUpstream(options: UpstreamOptions): Upstream {
  const host = fixedHost(options.baseUrl);
  const tickMs = tickMsOf(options);
  const exchanges = new Exchanges(tickMs);
  const connecting = new Timeouts(tickMs);
  const pool = poolOf(host, options, connecting);
  let connections = 0;
  pool.on("connect", () => void connections++);
  pool.on("disconnect", () => void connections--);
  const usualTicks = ticksOf(options, exchanges);
  const ticksFor = (body: Uint8Array) => {
    const uploadMs = body.length / UPLOAD_BYTES_PER_MS;
    const headers = exchanges.ticksOf(options.headersTimeoutMs + uploadMs);
    return { ...usualTicks, headers };
  };

  function send(
    request: ProxyRequest,
    mayLeave?: () => boolean,
  ): Promise<Answer> {
    const { method, target, body } = request;
    const outgoing: UndiciDispatcher.DispatchOptions = {
      method,
      path: host.pathOf(target),
      headers: requestHeaders(request, options.userAgent),
      body: body ?? null,
    };
    const isLarge = body !== undefined && body.length > USUAL_BODY_BYTES_MAX;
    if (isLarge) outgoing.reset = true;
    const ticks = isLarge ? ticksFor(body) : usualTicks;
    return new Promise((resolve, reject) => {
      const idle = connections - exchanges.size;
      const ends = { resolve, reject, mayLeave };
      const exchange = new Exchange(ticks, exchanges, ends);
      // undici uses a connection again one turn of the event loop after its
      // answer has ended. A request that comes earlier, such as the next one of
      // the same line, would open another connection if none is idle.
      const isFreeSoon = idle > 0 && idle <= exchanges.endedThisTurn;
      if (isFreeSoon) setImmediate(() => pool.dispatch(outgoing, exchange));
      else pool.dispatch(outgoing, exchange);
    });
  }

  return {
    host: placeOf(host, options.outboundProxy),
    send,
    connections: () => connections,
    async close() {
      await pool.destroy();
      exchanges.stop();
      connecting.stop();
    },
  };
}

/** Where requests go, as errors tell it. */
function placeOf(
  { hostname, port }: FixedHost,
  proxy: OutboundProxy | undefined,
): string {
  const place = `${hostname}:${port}`;
  return proxy === undefined
    ? place
    : `${place} through ${proxy.hostname}:${proxy.port}`;
}

function poolOf(
  host: FixedHost,
  options: UpstreamOptions,
  connecting: Timeouts,
): Pool {
  const { connectionsMax, connectTimeoutMs, caCertificates } = options;
  return new Pool(host.origin, {
    connections: connectionsMax ?? CONNECTIONS_MAX,
    connect: connectorTo(host, {
      timeouts: connecting,
      timeoutMs: connectTimeoutMs,
      caCertificates,
      proxy: options.outboundProxy,
      localAddress: options.outboundAddress,
    }),
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
    maxHeaderSize: HEADER_BYTES_MAX,
    // `Timeouts` replaces these: it knows uploads, 1xx and callers that do not read.
    headersTimeout: 0,
    bodyTimeout: 0,
    // Otherwise an environment variable could change the parser.
    useMilo: false,
  });
}

function ticksOf(options: UpstreamOptions, timeouts: Timeouts): ExchangeTicks {
  const { connectTimeoutMs, headersTimeoutMs, bodyTimeoutMs } = options;
  return {
    // A connection is free at the latest when its request has timed out.
    queued: timeouts.ticksOf(connectTimeoutMs + headersTimeoutMs),
    headers: timeouts.ticksOf(headersTimeoutMs),
    body: timeouts.ticksOf(bodyTimeoutMs),
    reader: timeouts.ticksOf(READER_TIMEOUT_MS),
  };
}

function tickMsOf(options: UpstreamOptions): number {
  const { connectTimeoutMs, headersTimeoutMs, bodyTimeoutMs } = options;
  const shortest = Math.min(connectTimeoutMs, headersTimeoutMs, bodyTimeoutMs);
  const wanted = Math.ceil(shortest / TICKS_PER_TIMEOUT);
  return Math.min(Math.max(wanted, TICK_MS_MIN), TICK_MS_MAX);
}

/** Discord blocks a `User-Agent` that begins otherwise (docs: Reference, User Agent). */
const BOT_AGENT = "DiscordBot";

/**
 * The headers that are sent to Discord, names and values alternating: those of
 * the caller, `User-Agent` and `Authorization`. undici adds host, length and
 * connection.
 */
export function requestHeaders(
  request: ProxyRequest,
  userAgent: string,
): string[] {
  const flat: string[] = [];
  let agent = userAgent;
  for (const [name, value] of request.headers) {
    if (name !== "user-agent") flat.push(name, value);
    else if (value.startsWith(BOT_AGENT)) agent = value;
  }
  flat.push("user-agent", agent);
  const { authorization } = request.identity;
  if (authorization !== undefined) {
    flat.push("authorization", authorization.reveal());
  }
  return flat;
}

/** The exchanges in flight, and how many ended in this turn of the event loop. */
class Exchanges extends Timeouts {
  #endedThisTurn = 0;

  get endedThisTurn(): number {
    return this.#endedThisTurn;
  }

  override delete(timed: Timed): void {
    super.delete(timed);
    if (this.#endedThisTurn++ === 0) setImmediate(this.#startTurn);
  }

  readonly #startTurn = (): void => {
    this.#endedThisTurn = 0;
  };
}
