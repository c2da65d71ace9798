import { Pool, type UndiciDispatcher } from "../../deps.ts";
import type { Answer } from "../domain/answer.ts";
import type { Upstream } from "../domain/ports.ts";
import type { ProxyRequest } from "../domain/request.ts";
import { connectorTo } from "./connector.ts";
import { Exchange, type ExchangeTicks } from "./exchange.ts";
import { type FixedHost, fixedHost } from "./fixed_host.ts";
import { Watch, type Watched } from "./watch.ts";

/** Where requests go, and how long each part of an exchange may take. */
export interface UpstreamOptions {
  /** Where requests go, `https://discord.com/api`; version and path are put behind it. */
  readonly baseUrl: string;
  /** For callers whose own does not begin with `DiscordBot`. */
  readonly userAgent: string;
  /** From the request to the end of its answer's headers; large bodies get more. */
  readonly headersTimeoutMs: number;
  /** For a small body in all, for a large one between two chunks. */
  readonly bodyTimeoutMs: number;
  /** For name, connection and TLS together. */
  readonly connectTimeoutMs: number;
  /** Connections at once, each with one request; 256 when left out. */
  readonly connectionsMax?: number;
  /** Authorities to trust, in PEM; the runtime's own list when left out. */
  readonly caCertificates?: string;
}

/**
 * At Discord's usual 200 ms they carry 1280 requests a second, more than twice
 * the largest global limit (500), and leave callers most of the 1024 files a
 * process usually has.
 */
const CONNECTIONS_MAX = 256;

/**
 * We close idle connections after this, before Cloudflare does (after minutes):
 * of a request that meets the other side's closing nobody knows the end.
 */
const IDLE_MS = 30_000;

/** Discord's headers take 2 KiB; an answer with more than this is a failure. */
const HEADER_BYTES_MAX = 32 * 1024;

/**
 * A larger body gets time for its way, and a connection that is closed after
 * it: an answer that comes before its end (413, 401) would leave the rest in
 * front of the next request. Less than this a kernel takes at once.
 */
const USUAL_BODY_BYTES_MAX = 1024 * 1024;

/** The slowest upload that is waited for: a megabit per second. */
const UPLOAD_BYTES_PER_MS = 128;

/** A caller that reads nothing of a large answer for so long is taken for gone. */
const READER_TIMEOUT_MS = 120_000;

/** Time-outs are kept to about a tenth of the shortest, by looking this often. */
const TICKS_PER_TIMEOUT = 10;
/** More often would be felt at 10 000 requests a second, less often by whoever waits. */
const TICK_MS_MIN = 10;
const TICK_MS_MAX = 1_000;

/**
 * Opens the way to Discord.
 *
 * undici's pool speaks HTTP/1.1, sends nothing a second time, follows no
 * redirect, reads no proxy variable and leaves path and body as they are; the
 * tests hold it to each of these.
 */
export function createUpstream(options: UpstreamOptions): Upstream {
  const host = fixedHost(options.baseUrl);
  const tickMs = tickMsOf(options);
  const exchanges = new Exchanges(tickMs);
  const connecting = new Watch(tickMs);
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

  function send(request: ProxyRequest): Promise<Answer> {
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
      const exchange = new Exchange(ticks, exchanges, resolve, reject);
      // undici looks at a connection again one turn after its answer has ended.
      // A request that comes sooner, as the next of a line does, would open
      // another beside it, were there no idle one.
      const isFreeSoon = idle > 0 && idle <= exchanges.endedThisTurn;
      if (isFreeSoon) setImmediate(() => pool.dispatch(outgoing, exchange));
      else pool.dispatch(outgoing, exchange);
    });
  }

  return {
    host: `${host.hostname}:${host.port}`,
    send,
    async close() {
      await pool.destroy();
      exchanges.stop();
      connecting.stop();
    },
  };
}

function poolOf(
  host: FixedHost,
  options: UpstreamOptions,
  connecting: Watch,
): Pool {
  const { connectionsMax, connectTimeoutMs, caCertificates } = options;
  return new Pool(host.origin, {
    connections: connectionsMax ?? CONNECTIONS_MAX,
    connect: connectorTo(host, {
      watch: connecting,
      timeoutMs: connectTimeoutMs,
      caCertificates,
    }),
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
    maxHeaderSize: HEADER_BYTES_MAX,
    // Ours know more: uploads, 1xx, callers that do not read.
    headersTimeout: 0,
    bodyTimeout: 0,
    // An environment variable could change the parser otherwise.
    useMilo: false,
  });
}

function ticksOf(options: UpstreamOptions, watch: Watch): ExchangeTicks {
  const { connectTimeoutMs, headersTimeoutMs, bodyTimeoutMs } = options;
  return {
    // A connection is free, at the latest, when the request on it is out of time.
    queued: watch.ticksOf(connectTimeoutMs + headersTimeoutMs),
    headers: watch.ticksOf(headersTimeoutMs),
    body: watch.ticksOf(bodyTimeoutMs),
    reader: watch.ticksOf(READER_TIMEOUT_MS),
  };
}

function tickMsOf(options: UpstreamOptions): number {
  const { connectTimeoutMs, headersTimeoutMs, bodyTimeoutMs } = options;
  const shortest = Math.min(connectTimeoutMs, headersTimeoutMs, bodyTimeoutMs);
  const wanted = Math.ceil(shortest / TICKS_PER_TIMEOUT);
  return Math.min(Math.max(wanted, TICK_MS_MIN), TICK_MS_MAX);
}

/** Discord blocks what looks like neither a bot nor a browser (docs: Reference, User Agent). */
const BOT_AGENT = "DiscordBot";

/**
 * What goes upstream, as names and values in turn: the caller's headers, who
 * asks and with which program. Host, length and connection are undici's.
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

/** The exchanges under way, and how many have ended in this turn of the event loop. */
class Exchanges extends Watch {
  #endedThisTurn = 0;

  get endedThisTurn(): number {
    return this.#endedThisTurn;
  }

  override delete(watched: Watched): void {
    super.delete(watched);
    if (this.#endedThisTurn++ === 0) setImmediate(this.#startTurn);
  }

  readonly #startTurn = (): void => {
    this.#endedThisTurn = 0;
  };
}
