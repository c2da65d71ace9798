import { randomName } from "./wire/runtime.ts";
import { armEndings } from "./requests/timeouts.ts";
import { CLOSED_HERE, Conversation } from "./session/coordinator.ts";
import { RepLimitError } from "./api/errors.ts";
import { Emitter, type EventName, type Listener } from "./api/events.ts";
import { type Exchange, exchangeOf } from "./requests/exchange.ts";
import { notSentFailure } from "./requests/failures.ts";
import type { ClientState } from "./wire/reconnector.ts";
import { type Settings, settingsOf } from "./session/settings.ts";
import type { Traffic } from "./requests/dispatcher.ts";
import type {
  ClientOptions,
  Limits,
  Method,
  MissedReply,
  NotifyOptions,
  RawReply,
  ReadyInfo,
  Req,
  RequestOptions,
  Source,
  Verb,
} from "./api/types.ts";

/** One verb as a function. */
export interface Call {
  <T = unknown>(
    target: string,
    options: RequestOptions & { readonly raw: true },
  ): Promise<RawReply<T>>;
  <T = unknown>(target: string, options?: RequestOptions): Promise<T>;
}

/** How long to wait for what is unfinished. */
export interface CloseOptions {
  readonly drainMs?: number;
}

/**
 * A client of the REST Exchange Protocol: a promise per request over one
 * WebSocket, which it keeps up. With a session, requests survive the loss of
 * the connection, and replies the loss of this process.
 */
export class RepClient {
  readonly #settings: Settings;
  readonly #emitter = new Emitter();
  readonly #conversation: Conversation;
  readonly #traffic: Traffic;
  /** Nobody else's `req` begins like this, also not those of an earlier process. */
  readonly #reqPrefix = randomName();
  #order = 0;
  #isAccepting = true;
  #closing: Promise<void> | undefined;

  constructor(url: Source<string>, options: ClientOptions = {}) {
    this.#settings = settingsOf(options);
    this.#conversation = new Conversation(url, this.#settings, this.#emitter);
    this.#traffic = this.#conversation.traffic;
    if (!this.#settings.isLazy) this.connect();
  }

  readonly get: Call = this.#callOf("GET");
  readonly create: Call = this.#callOf("CREATE");
  readonly update: Call = this.#callOf("UPDATE");
  readonly delete: Call = this.#callOf("DELETE");
  readonly action: Call = this.#callOf("ACTION");

  /** Resolves when requests can go; after a loss, when they can go again. Rejects when closed for good. */
  get ready(): Promise<ReadyInfo> {
    return this.#conversation.readiness.promise;
  }

  get state(): ClientState {
    return this.#conversation.link.state;
  }

  /** Requests without an answer yet. */
  get pending(): number {
    return this.#traffic.pending;
  }

  /** Requests sent and not answered, as the proxy counts them. */
  get inFlight(): number {
    return this.#traffic.inFlight;
  }

  /** Bytes the socket has taken and not yet sent. */
  get bufferedAmount(): number {
    return this.#conversation.link.connection?.bufferedBytes ?? 0;
  }

  /** Highest seq up to which every reply has been handled; 0 before the first. */
  get lastSeq(): number {
    return this.#conversation.lastSeq;
  }

  /** The session's name, or undefined without one. */
  get session(): string | undefined {
    return this.#settings.session;
  }

  get limits(): Limits {
    return this.#conversation.limits;
  }

  /** Replies to requests of an earlier process, for one `for await` loop. */
  get missed(): AsyncIterable<MissedReply> {
    return this.#conversation.missed;
  }

  /** Connects, if that was not begun before. */
  connect(): Promise<ReadyInfo> {
    this.#conversation.link.start();
    return this.ready;
  }

  /** Listens to an event; the returned function stops that. */
  on<Name extends EventName>(
    name: Name,
    listener: Listener<Name>,
  ): () => void {
    const off = this.#emitter.on(name, listener);
    if (name === "missed") this.#conversation.missed.handOut();
    return off;
  }

  /** Sends a request and resolves with the reply's data. */
  request<T = unknown>(
    method: Method,
    target: string,
    options: RequestOptions & { readonly raw: true },
  ): Promise<RawReply<T>>;
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
    return new Promise((resolve, reject) => {
      const req = options.req ?? this.#nextReq();
      this.#admit(options, req);
      const exchange = this.#exchangeOf(method, target, options, {
        req,
        resolve,
        reject,
      });
      this.#submit(exchange, options);
    });
  }

  /** Sends a request nobody answers. It is lost when the connection is lost after it was sent. */
  notify(method: Method, target: string, options: NotifyOptions = {}): void {
    this.#admit(options, undefined);
    const exchange = this.#exchangeOf(method, target, options, {
      req: undefined,
      resolve: () => {},
      reject: () => {},
    });
    this.#submit(exchange, options);
  }

  /** Resolves when no request is unfinished. */
  idle(): Promise<void> {
    return this.#traffic.idle();
  }

  /** The same for so long at most; tells whether everything was finished. */
  drain(withinMs: number): Promise<boolean> {
    const { clock } = this.#settings;
    return new Promise((resolve) => {
      const finish = () => resolve(this.#traffic.isIdle);
      const cancel = clock.after(withinMs, finish);
      void this.idle().then(() => {
        cancel();
        finish();
      });
    });
  }

  /** Gives the present socket up as dead; the client connects again. */
  terminate(): void {
    this.#conversation.link.connection?.terminate("given up by the caller");
  }

  /** Takes no more requests, waits for those unfinished if told to, acknowledges, and disconnects. */
  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options.drainMs ?? 0);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(drainMs: number): Promise<void> {
    this.#isAccepting = false;
    if (drainMs > 0) await this.drain(drainMs);
    await this.#conversation.close();
  }

  #callOf(verb: Verb): Call {
    const call = (target: string, options?: RequestOptions) =>
      this.request(verb, target, options);
    return call as Call;
  }

  #nextReq(): Req {
    return `${this.#reqPrefix}-${this.#order + 1}`;
  }

  /** Throws when the request cannot be taken. */
  #admit(options: RequestOptions, req: Req | undefined): void {
    const { endedBy } = this.#conversation;
    if (!this.#isAccepting || endedBy !== undefined) {
      throw notSentFailure(endedBy ?? CLOSED_HERE);
    }
    const { signal } = options;
    if (signal?.aborted) throw signal.reason;
    if (typeof req === "number" && !Number.isFinite(req)) {
      throw new TypeError(`Cannot use req ${req}: JSON has no such number`);
    }
    if (req !== undefined && this.#traffic.has(req)) {
      throw new TypeError(`Cannot use req "${req}": it is still unanswered`);
    }
    if (this.#traffic.mayLeaveNow) return;
    if (options.queue === false) {
      throw new RepLimitError(
        "would_wait",
        "The request would have to wait, and `queue: false` forbids that",
        false,
      );
    }
    const { highWaterMark, highWaterMarkBytes } = this.#settings;
    const { waiting, waitingBytes } = this.#traffic;
    if (waiting < highWaterMark && waitingBytes < highWaterMarkBytes) return;
    throw new RepLimitError(
      "queue_full",
      `${waiting} requests (${waitingBytes} bytes) wait in this process, limit ${highWaterMark} (${highWaterMarkBytes} bytes)`,
      false,
    );
  }

  #exchangeOf(
    method: Method,
    target: string,
    options: RequestOptions,
    how: Pick<Exchange, "req" | "resolve" | "reject">,
  ): Exchange {
    this.#order += 1;
    const timeoutMs = options.timeoutMs ?? this.#settings.timeoutMs;
    return exchangeOf({
      order: this.#order,
      method,
      target,
      options,
      leaveByMs: timeoutMs === undefined
        ? undefined
        : this.#settings.clock.nowMs() + timeoutMs,
      stringify: (value) => this.#settings.json.stringify(value),
      ...how,
    });
  }

  #submit(exchange: Exchange, options: RequestOptions): void {
    const { clock, answerWithinMs } = this.#settings;
    armEndings(exchange, {
      clock,
      signal: options.signal,
      answerWithinMs: options.answerWithinMs,
      defaultAnswerWithinMs: answerWithinMs,
      giveUp: (failure) => this.#giveUp(exchange, failure),
      leaveByPassed: () => this.#traffic.leaveByPassed(exchange),
    });
    this.#conversation.link.start();
    this.#traffic.submit(exchange);
  }

  #giveUp(exchange: Exchange, failure: unknown): void {
    const mustTell = this.#traffic.abandon(exchange, failure);
    if (!mustTell || exchange.req === undefined) return;
    this.#conversation.cancel(exchange.req);
  }
}
