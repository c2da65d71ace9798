import { Pool, type UndiciDispatcher } from "../../deps.ts";
import type { Answer } from "../domain/answer.ts";
import { type HeaderList, HOP_BY_HOP } from "../domain/headers.ts";
import { PEER_KEY_HEADER } from "../domain/owners.ts";
import type { Secret } from "../domain/secret.ts";
import { connectorTo } from "../upstream/connector.ts";
import type { ReceivedHeaders } from "../upstream/answer_headers.ts";
import { Exchange, type ExchangeTicks } from "../upstream/exchange.ts";
import { fixedHost } from "../upstream/fixed_host.ts";
import { Timeouts } from "../upstream/timeouts.ts";

/** One request to another proxy. */
export interface PeerRequest {
  /** What the other's `REST_PEER_URL` says. */
  readonly url: string;
  readonly method: string;
  /** Path and query, byte for byte. */
  readonly path: string;
  readonly headers: HeaderList;
  readonly body: Uint8Array<ArrayBuffer> | undefined;
}

/** A request on its way, and how to give it up. */
export interface PeerExchange {
  /** Rejects with `UpstreamFailure` only. */
  readonly answer: Promise<Answer>;
  /** Nobody waits any more: the other proxy sees its caller leave. */
  abort(): void;
}

/** Talks to the other proxies, over one pool for each. */
export interface PeerClient {
  /** `onAccepted` is called once the other proxy has it in its queue, if it says so. */
  send(request: PeerRequest, onAccepted?: () => void): PeerExchange;
  close(): Promise<void>;
}

/** What the client is made with. */
export interface PeerClientOptions {
  readonly key: Secret;
  /** How long an answer may take in all: the longest wait, and Discord's time. */
  readonly answerTimeoutMs: number;
  /** As many as a door has callers: each of them waits on one. */
  readonly connectionsMax: number;
  /** Certificates to trust besides the runtime's, in PEM. */
  readonly caCertificates?: string | undefined;
}

/** A machine of the same network answers in milliseconds; half the time in which a dead owner is replaced is left for the next. */
const CONNECT_TIMEOUT_MS = 1_000;

/** Well before a listener of ours closes what is idle (`REST_IDLE_TIMEOUT_MS` is 120 s): what is sent while the other side closes is in doubt. */
const IDLE_MS = 20_000;

/** Discord's largest have 2 KiB, and 32 are taken from it; as much again for what the owner says of them. */
const HEADER_BYTES_MAX = 64 * 1024;

/** As for an answer of Discord's. */
const READER_TIMEOUT_MS = 120_000;

/** Precise enough for waits of seconds. */
const TICK_MS = 100;

/** More than any cluster has; pools of proxies that are gone are closed beyond it. */
const POOLS_MAX = 64;

/** Makes the client. */
export function createPeerClient(options: PeerClientOptions): PeerClient {
  return new Client(options);
}

class Client implements PeerClient {
  readonly #options: PeerClientOptions;
  readonly #pools = new Map<string, Pool>();
  readonly #timeouts = new Timeouts(TICK_MS);
  readonly #ticks: ExchangeTicks;

  constructor(options: PeerClientOptions) {
    this.#options = options;
    const { answerTimeoutMs } = options;
    const ticksOf = (ms: number) => this.#timeouts.ticksOf(ms);
    this.#ticks = {
      queued: ticksOf(answerTimeoutMs),
      headers: ticksOf(answerTimeoutMs),
      body: ticksOf(answerTimeoutMs),
      reader: ticksOf(READER_TIMEOUT_MS),
    };
  }

  send(request: PeerRequest, onAccepted?: () => void): PeerExchange {
    const { url, method, path, headers, body } = request;
    const pool = this.#poolOf(url);
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const exchange = new Exchange(this.#ticks, this.#timeouts, {
      resolve,
      reject,
      headersOf: peerHeaders,
      ...onAccepted !== undefined && { onProcessing: onAccepted },
    });
    const flat = [PEER_KEY_HEADER, this.#options.key.reveal()];
    for (const [name, value] of headers) flat.push(name, value);
    const outgoing: UndiciDispatcher.DispatchOptions = {
      method: method as UndiciDispatcher.HttpMethod,
      path,
      headers: flat,
      body: body ?? null,
    };
    pool.dispatch(outgoing, exchange);
    return {
      answer: promise,
      abort: () => exchange.abort("GIVEN_UP"),
    };
  }

  async close(): Promise<void> {
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    await Promise.all(pools.map((pool) => pool.destroy()));
    this.#timeouts.stop();
  }

  #poolOf(url: string): Pool {
    const known = this.#pools.get(url);
    if (known !== undefined) return known;
    const { connectionsMax, caCertificates } = this.#options;
    const host = fixedHost(url);
    const pool = new Pool(host.origin, {
      connections: connectionsMax,
      connect: connectorTo(host, {
        timeouts: this.#timeouts,
        timeoutMs: CONNECT_TIMEOUT_MS,
        caCertificates,
        proxy: undefined,
        localAddress: undefined,
      }),
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: 0,
      bodyTimeout: 0,
      useMilo: false,
    });
    this.#pools.set(url, pool);
    this.#forgetOldest();
    return pool;
  }

  #forgetOldest(): void {
    if (this.#pools.size <= POOLS_MAX) return;
    const [oldest] = this.#pools;
    if (oldest === undefined) return;
    this.#pools.delete(oldest[0]);
    // What is under way ends first.
    void oldest[1].close();
  }
}

const STAYS: ReadonlySet<string> = new Set(HOP_BY_HOP);

/** What an owner answers is read as a whole: what may go on to a caller was decided there. */
function peerHeaders({ read, raw, hasBody }: ReceivedHeaders): HeaderList {
  const fields: Array<readonly [string, string]> = [];
  const isFlat = Object.values(read).every((value) =>
    typeof value === "string"
  );
  if (isFlat) {
    for (const name in read) fields.push([name, String(read[name])]);
  } else {
    for (let at = 0; at + 1 < raw.length; at += 2) {
      const name = raw[at]?.toString("latin1").toLowerCase() ?? "";
      fields.push([name, raw[at + 1]?.toString("latin1") ?? ""]);
    }
  }
  return fields.filter(([name]) =>
    !STAYS.has(name) && (hasBody || name !== "content-length")
  );
}
