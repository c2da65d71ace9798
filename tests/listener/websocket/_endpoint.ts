import { KeptBodies } from "../../../rest/idempotency/kept_bodies.ts";
import assert from "node:assert/strict";
import type { Answer } from "../../../rest/domain/answer.ts";
import type { Guarantee } from "../../../rest/domain/entry.ts";
import type { Fact } from "../../../rest/domain/fact.ts";
import { NOBODY } from "../../../rest/domain/identity.ts";
import type {
  CallerGone,
  Clock,
  Submitter,
  Ticket,
} from "../../../rest/domain/ports.ts";
import { Refusal } from "../../../rest/domain/refusal.ts";
import type { ProxyRequest } from "../../../rest/domain/request.ts";
import { SYSTEM_CLOCK } from "../../../rest/clock/system_clock.ts";
import type { Authorizer } from "../../../rest/listener/access/authorize.ts";
import { createHttpEndpoint } from "../../../rest/listener/http/endpoint.ts";
import type { UpgradeHandler } from "../../../rest/listener/http/incoming_request.ts";
import { startListener } from "../../../rest/listener/transport/listen.ts";
import type { PortListener } from "../../../rest/listener/transport/listener.ts";
import {
  createWebSocketEndpoint,
  type WebSocketEndpoint,
  type WebSocketEndpointDeps,
  type WebSocketSettings,
} from "../../../rest/listener/websocket/endpoint.ts";

import { SETTINGS } from "../_bench.ts";
import { endpointOf, servingOf } from "../_serve.ts";

export const KEY = "the-key-of-these-tests";

/** A request the door handed on, and how it ends. */
export class Job implements Ticket {
  readonly request: ProxyRequest;
  readonly answer: Promise<Answer>;
  isTaken = false;
  /** A write whose caller is gone. */
  isLeft = false;
  /** What a cancellation comes to. */
  state: "waiting" | "sent" | "done" = "waiting";
  readonly #settle: PromiseWithResolvers<Answer>;

  constructor(request: ProxyRequest) {
    this.request = request;
    this.#settle = Promise.withResolvers();
    this.answer = this.#settle.promise;
    this.answer.catch(() => {});
  }

  cancel(): "cancelled" | "sent" | "done" {
    this.isTaken = true;
    if (this.state !== "waiting") return this.state;
    this.fail(new Refusal("cancelled", "Taken back"));
    return "cancelled";
  }

  reply(status: number, value?: unknown): void {
    const body = value === undefined
      ? undefined
      : new TextEncoder().encode(JSON.stringify(value));
    this.replyRaw({
      status,
      headers: [["content-type", "application/json"]],
      body,
    });
  }

  replyRaw(answer: Answer): void {
    this.#settle.resolve(answer);
  }

  /** As the queue does it: a waiting read ends, a write goes on. */
  leave(): void {
    if (this.request.method === "GET") this.cancel();
    else this.isLeft = true;
  }

  fail(error: unknown): void {
    this.#settle.reject(error);
  }
}

/** The queue and Discord behind it, as the test wants them. */
export class FakeSubmitter implements Submitter {
  readonly jobs: Job[] = [];
  /** What each of them was promised. */
  readonly guarantees: Array<Guarantee | undefined> = [];
  /** Called with every request; set it to answer by itself. */
  onJob: (job: Job) => void = () => {};
  #waiters: { count: number; resolve: () => void }[] = [];

  submit(
    request: ProxyRequest,
    callerGone?: CallerGone,
    guarantee?: Guarantee,
  ): Ticket {
    const job = new Job(request);
    callerGone?.addEventListener("abort", { handleEvent: () => job.leave() });
    this.guarantees.push(guarantee);
    this.jobs.push(job);
    this.#waiters = this.#waiters.filter(({ count, resolve }) => {
      if (this.jobs.length < count) return true;
      resolve();
      return false;
    });
    this.onJob(job);
    return job;
  }

  /** Resolves with the nth request, counted from 1. */
  async job(count: number): Promise<Job> {
    if (this.jobs.length < count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiters.push({ count, resolve });
      await promise;
    }
    const job = this.jobs[count - 1];
    assert.ok(job);
    return job;
  }
}

/** Knows one key, in `Authorization` or `X-Rest-Authorization`. */
export const AUTHORIZER: Authorizer = {
  prove({ authorization, restAuthorization, pathKey, botId }) {
    const isKnown = [authorization, restAuthorization, pathKey]
      .some((shown) => shown === KEY || shown === `Bot ${KEY}`);
    if (!isKnown) return undefined;
    const isBrought = restAuthorization === KEY && authorization !== null;
    return {
      keyName: "main",
      key: undefined,
      botId,
      brought: isBrought
        ? { ...NOBODY, id: `brought:${authorization}` }
        : undefined,
    };
  },
  ownIdentityOf: ({ brought }) =>
    brought ?? { ...NOBODY, id: "bot:1", isOwn: true },
  identityFor: ({ brought }) =>
    brought ?? { ...NOBODY, id: "bot:1", isOwn: true },
  isOpen: () => false,
  refusal: () => new Refusal("unauthorized", "Cannot accept the request"),
};

export interface EndpointOptions {
  readonly settings?: Partial<WebSocketSettings>;
  readonly deps?: Partial<WebSocketEndpointDeps>;
  /** Turns the time after which silent sockets are pinged. */
  readonly pingClock?: Clock;
}

/** A door on a real port, with a fake queue behind it. */
export class TestEndpoint implements AsyncDisposable {
  readonly submitter: FakeSubmitter;
  readonly facts: Fact[];
  readonly door: WebSocketEndpoint;
  readonly url: string;
  readonly #listener: PortListener;
  readonly #clients: Client[] = [];

  private constructor(
    submitter: FakeSubmitter,
    facts: Fact[],
    door: WebSocketEndpoint,
    listener: PortListener,
  ) {
    this.submitter = submitter;
    this.facts = facts;
    this.door = door;
    this.#listener = listener;
    this.url = `127.0.0.1:${listener.address.port}`;
  }

  static async open(options: EndpointOptions = {}): Promise<TestEndpoint> {
    const submitter = new FakeSubmitter();
    const told: Fact[] = [];
    const door = createWebSocketEndpoint({
      bodies: new KeptBodies(Infinity),
      submitter,
      authorizer: AUTHORIZER,
      clock: SYSTEM_CLOCK,
      facts: (fact) => told.push(fact),
      settings: {
        apiVersion: 10,
        upstream: "https://discord.com/api",
        isHeaderRequired: false,
        isKeyInPathAllowed: false,
        origins: new Set(),
        ...options.settings,
      },
      ...options.deps,
    });
    const http = createHttpEndpoint({
      submitter,
      authorizer: AUTHORIZER,
      clock: SYSTEM_CLOCK,
      facts: () => {},
      isDraining: () => false,
      hasUpgrade: true,
      settings: SETTINGS,
    });
    const upgrade: UpgradeHandler = (request) => door.upgrade(request);
    const listener = await startListener({
      ...servingOf(endpointOf(http.handle, upgrade), {
        ...options.pingClock && { clock: options.pingClock },
      }),
      host: "127.0.0.1",
      port: 0,
    });
    return new TestEndpoint(submitter, told, door, listener);
  }

  /** Opens a socket; with the key unless told otherwise. */
  async dial(options: {
    readonly headers?: Record<string, string>;
    readonly protocols?: string[];
    readonly path?: string;
  } = {}): Promise<Client> {
    const client = new Client(`ws://${this.url}${options.path ?? "/"}`, {
      headers: options.headers ?? { authorization: KEY },
      ...options.protocols && { protocols: options.protocols },
    });
    this.#clients.push(client);
    await client.opened;
    return client;
  }

  /** An upgrade by hand: the status line and headers that come back. */
  async shake(headers: Record<string, string>, path = "/"): Promise<Response> {
    const connection = await Deno.connect({
      hostname: "127.0.0.1",
      port: this.#listener.address.port,
    });
    const lines = Object.entries({
      host: this.url,
      upgrade: "websocket",
      connection: "Upgrade",
      "sec-websocket-version": "13",
      "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
      ...headers,
    }).map(([name, value]) => `${name}: ${value}\r\n`);
    await connection.write(
      new TextEncoder().encode(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`),
    );
    const buffer = new Uint8Array(16_384);
    let text = "";
    while (!text.includes("\r\n\r\n")) {
      const size = await connection.read(buffer);
      if (size === null) break;
      text += new TextDecoder().decode(buffer.subarray(0, size));
    }
    connection.close();
    const [head = "", body = ""] = text.split("\r\n\r\n");
    const [status = "", ...fields] = head.split("\r\n");
    return Object.defineProperty(
      new Response(body, {
        headers: fields.map((field): [string, string] => {
          const colon = field.indexOf(":");
          return [field.slice(0, colon), field.slice(colon + 1).trim()];
        }),
      }),
      "status",
      { value: Number(status.split(" ")[1]) },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client.end();
    for (const job of this.submitter.jobs) job.reply(200, null);
    await this.door.drain(0);
    await this.#listener.shutdown();
  }
}

/** A client's socket with its messages in a row. */
export class Client {
  readonly socket: WebSocket;
  readonly opened: Promise<void>;
  readonly closed: Promise<CloseEvent>;
  readonly #messages: string[] = [];
  #onMessage: (() => void) | undefined;

  constructor(
    url: string,
    options: { headers?: Record<string, string>; protocols?: string[] },
  ) {
    this.socket = new WebSocket(url, options);
    const opened = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<CloseEvent>();
    this.opened = opened.promise;
    this.closed = closed.promise;
    this.socket.onopen = () => opened.resolve();
    this.socket.onerror = (event) => {
      event.preventDefault();
      opened.reject(new Error("could not connect"));
    };
    this.socket.onclose = (event) => {
      closed.resolve(event);
      this.#onMessage?.();
    };
    this.socket.onmessage = ({ data }) => {
      this.#messages.push(data);
      this.#onMessage?.();
    };
  }

  say(frame: object): void {
    this.socket.send(JSON.stringify(frame));
  }

  /** The next message as text; throws if the socket closes first. */
  async nextText(): Promise<string> {
    while (this.#messages.length === 0) {
      const isOver = this.socket.readyState === WebSocket.CLOSED;
      if (isOver) throw new Error("closed without another message");
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onMessage = resolve;
      await promise;
    }
    return this.#messages.shift() ?? "";
  }

  // deno-lint-ignore no-explicit-any
  async next(): Promise<any> {
    return JSON.parse(await this.nextText());
  }

  /** What came since the last look, without waiting. */
  get pending(): readonly string[] {
    return this.#messages;
  }

  /** Sends a frame and gives its reply. */
  // deno-lint-ignore no-explicit-any
  ask(frame: object): Promise<any> {
    this.say(frame);
    return this.next();
  }

  async end(): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    this.socket.close();
    await this.closed;
  }
}

/** A peer that speaks TCP by hand: it neither reads nor answers but what the test does. `behind` comes in the same segment as its request. */
export async function rawPeer(
  door: TestEndpoint,
  headers: readonly string[] = [],
  behind = new Uint8Array(),
): Promise<Deno.TcpConn> {
  const { port } = new URL(`http://${door.url}`);
  const peer = await Deno.connect({
    hostname: "127.0.0.1",
    port: Number(port),
  });
  const lines = [
    "GET / HTTP/1.1",
    `Host: ${door.url}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ...headers,
  ];
  const head = new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`);
  await peer.write(new Uint8Array([...head, ...behind]));
  const buffer = new Uint8Array(1);
  // Byte by byte, so that no frame behind the headers is swallowed.
  for (let text = ""; !text.endsWith("\r\n\r\n");) {
    if (await peer.read(buffer) === null) throw new Error("no upgrade");
    text += String.fromCharCode(buffer[0] ?? 0);
  }
  return peer;
}

/** A text frame as a client masks it, with a mask of zeros. */
export function maskedText(text: string): Uint8Array<ArrayBuffer> {
  const payload = new TextEncoder().encode(text);
  const size = payload.length < 126
    ? [0x80 | payload.length]
    : [0x80 | 126, payload.length >> 8, payload.length & 255];
  return new Uint8Array([0x81, ...size, 0, 0, 0, 0, ...payload]);
}
