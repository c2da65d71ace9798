import { Emitter, type EventName, type Listener } from "./api/events.ts";
import type {
  ClientOptions,
  CloseOptions,
  Method,
  NotifyOptions,
  RequestOptions,
  Source,
  Verb,
} from "./api/options.ts";
import type {
  Limits,
  MissedReply,
  RawReply,
  ReadyInfo,
} from "./api/replies.ts";
import { Coordinator } from "./session/coordinator.ts";
import { type Settings, settingsOf } from "./session/settings.ts";
import { Submitter } from "./session/submitter.ts";
import type { ClientState } from "./wire/reconnector.ts";

/**
 * One verb as a function.
 *
 * @example
 * ```ts
 * const reply = await client.get<{ id: string }>("/users/@me", { raw: true });
 * console.log(reply.status, reply.data?.id);
 * ```
 */
export interface Call {
  /** Resolves with the reply, whatever its status. */
  <T = unknown>(
    target: string,
    options: RequestOptions & { readonly raw: true },
  ): Promise<RawReply<T>>;
  /** Resolves with the data of the reply; rejects with a `RepFailure`. */
  <T = unknown>(target: string, options?: RequestOptions): Promise<T>;
}

/**
 * A client of the REST Exchange Protocol: a promise per request over one
 * WebSocket, which it keeps connected. With a session, requests survive the
 * loss of the connection, and replies the loss of this process.
 *
 * @example
 * ```ts
 * const client = new RepClient("ws://127.0.0.1:8000/rep", {
 *   token: "the proxy's key",
 *   session: "shard-0",
 * });
 * const me = await client.get<{ username: string }>("/users/@me");
 * console.log(me.username);
 * await client.close();
 * ```
 */
export class RepClient {
  readonly #settings: Settings;
  readonly #emitter = new Emitter();
  readonly #coordinator: Coordinator;
  readonly #submitter: Submitter;
  #closing: Promise<void> | undefined;

  /** Connects at once, unless `lazy` is set. Throws when the options contradict each other. */
  constructor(url: Source<string>, options: ClientOptions = {}) {
    this.#settings = settingsOf(options);
    this.#coordinator = new Coordinator(url, this.#settings, this.#emitter);
    this.#submitter = new Submitter(this.#settings, this.#coordinator);
    if (!this.#settings.isLazy) this.connect();
  }

  /** Reads: GET over HTTP. `data` becomes the query. */
  readonly get: Call = this.#callOf("GET");
  /** Creates or replaces: PUT over HTTP. */
  readonly create: Call = this.#callOf("CREATE");
  /** Changes: PATCH over HTTP. */
  readonly update: Call = this.#callOf("UPDATE");
  /** Deletes: DELETE over HTTP. */
  readonly delete: Call = this.#callOf("DELETE");
  /** Does something: POST over HTTP, for instance to send a message. */
  readonly action: Call = this.#callOf("ACTION");

  /** Resolves when requests can be sent; after a loss, when they can again. Rejects when the client is closed. */
  get ready(): Promise<ReadyInfo> {
    return this.#coordinator.readiness.promise;
  }

  /** The state of the connection. */
  get state(): ClientState {
    return this.#coordinator.reconnector.state;
  }

  /** Requests without an answer, sent or not. */
  get pending(): number {
    return this.#coordinator.dispatcher.pending;
  }

  /** Requests sent and not answered, as the proxy counts them. */
  get inFlight(): number {
    return this.#coordinator.dispatcher.inFlight;
  }

  /** Bytes that the socket has taken and not yet sent. */
  get bufferedAmount(): number {
    return this.#coordinator.reconnector.connection?.bufferedBytes ?? 0;
  }

  /** Highest seq up to which every reply has been handled; 0 before the first. */
  get lastSeq(): number {
    return this.#coordinator.lastSeq;
  }

  /** The session's name; undefined without a session. */
  get session(): string | undefined {
    return this.#settings.session;
  }

  /** What the proxy allows this session; the protocol's defaults until it says so. */
  get limits(): Limits {
    return this.#coordinator.limits;
  }

  /**
   * Replies to requests of an earlier process, for one `for await` loop. A
   * reply is acknowledged when the loop asks for the next.
   */
  get missed(): AsyncIterable<MissedReply> {
    return this.#coordinator.missed;
  }

  /**
   * Connects, unless that has begun already; resolves like `ready`.
   *
   * @example
   * ```ts
   * const client = new RepClient("ws://127.0.0.1:8000/rep", {
   *   token: "the proxy's key",
   *   lazy: true,
   * });
   * const { session } = await client.connect();
   * console.log(session);
   * await client.close();
   * ```
   */
  connect(): Promise<ReadyInfo> {
    this.#coordinator.reconnector.start();
    return this.ready;
  }

  /**
   * Listens to an event; the returned function stops that.
   *
   * @example
   * ```ts
   * const stop = client.on("close", (code, reason) => {
   *   console.log(code, reason);
   * });
   * stop();
   * ```
   */
  on<Name extends EventName>(
    name: Name,
    listener: Listener<Name>,
  ): () => void {
    const stop = this.#emitter.on(name, listener);
    if (name === "missed") this.#coordinator.missed.deliverNext();
    return stop;
  }

  /**
   * Sends a request and resolves with the data of its reply; rejects with a
   * `RepFailure`.
   *
   * @example
   * ```ts
   * const message = await client.request<{ id: string }>(
   *   "POST",
   *   "/channels/9/messages",
   *   { data: { content: "hi" }, timeoutMs: 3_000 },
   * );
   * console.log(message.id);
   * ```
   */
  request<T = unknown>(
    method: Method,
    target: string,
    options: RequestOptions & { readonly raw: true },
  ): Promise<RawReply<T>>;
  /** Sends a request and resolves with the data of its reply; rejects with a `RepFailure`. */
  request<T = unknown>(
    method: Method,
    target: string,
    options?: RequestOptions,
  ): Promise<T>;
  request(
    method: Method,
    target: string,
    options: RequestOptions = {},
  ): Promise<unknown> {
    return this.#submitter.request(method, target, options);
  }

  /**
   * Sends a request that gets no reply. It is lost when the connection is lost
   * after it was sent.
   *
   * @example
   * ```ts
   * client.notify("POST", "/channels/9/typing");
   * ```
   */
  notify(method: Method, target: string, options: NotifyOptions = {}): void {
    this.#submitter.notify(method, target, options);
  }

  /**
   * Resolves when every request is settled.
   *
   * @example
   * ```ts
   * await client.idle();
   * ```
   */
  idle(): Promise<void> {
    return this.#coordinator.dispatcher.idle();
  }

  /**
   * Waits until every request is settled, at most for `withinMs`; resolves with
   * whether every one is.
   *
   * @example
   * ```ts
   * if (!await client.drain(5_000)) console.log(client.pending, "unanswered");
   * ```
   */
  drain(withinMs: number): Promise<boolean> {
    const { clock } = this.#settings;
    return new Promise((resolve) => {
      const finish = () => resolve(this.#coordinator.dispatcher.isIdle);
      const cancel = clock.after(withinMs, finish);
      void this.idle().then(() => {
        cancel();
        finish();
      });
    });
  }

  /**
   * Drops the present connection without a closing handshake; the client
   * connects again.
   *
   * @example
   * ```ts
   * client.terminate();
   * await client.ready;
   * ```
   */
  terminate(): void {
    this.#coordinator.reconnector.connection
      ?.terminate("given up by the caller");
  }

  /**
   * Takes no more requests, waits for unfinished ones if told to, acknowledges,
   * and disconnects. A session with a name of its own is kept by the proxy.
   *
   * @example
   * ```ts
   * await client.close({ drainMs: 5_000 });
   * ```
   */
  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options.drainMs ?? 0);
    return this.#closing;
  }

  /** The same as `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(drainMs: number): Promise<void> {
    this.#submitter.stop();
    if (drainMs > 0) await this.drain(drainMs);
    await this.#coordinator.close();
  }

  #callOf(verb: Verb): Call {
    const call = (target: string, options?: RequestOptions) =>
      this.request(verb, target, options);
    return call as Call;
  }
}
