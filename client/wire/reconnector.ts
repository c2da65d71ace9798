import { asError } from "../api/events.ts";
import type { Clock, Socket, SocketRequest } from "../api/ports.ts";
import type { Closed, ReadyInfo } from "../api/replies.ts";
import {
  closeRuleOf,
  finalRefusalIn,
  reconnectDelayMs,
  VANISHED,
} from "./close_codes.ts";
import { Connection, type ConnectionHooks } from "./connection.ts";

/** For everything from the first step to `ready`; the server itself waits 10 s for authentication. */
const CONNECT_WITHIN_MS = 10_000;

/** A connection that lasted this long was stable: only then does the back-off begin anew. */
const STABLE_AFTER_MS = 10_000;

/** How long the server may take over the closing handshake. */
const CLOSE_WITHIN_MS = 2_000;

/** The state of a client's connection. */
export type ClientState =
  /** Not started: `lazy`, and no request yet. */
  | "idle"
  | "connecting"
  | "ready"
  /** Between two attempts to connect. */
  | "waiting"
  | "closing"
  /** Finally: it will not connect again. */
  | "closed";

/** How to connect; asked for anew before each attempt. */
export interface ConnectOptions {
  readonly url: string;
  readonly request: SocketRequest;
  readonly authFrame: string | undefined;
  readonly authReq: string;
}

/** What a reconnector is made with. */
export interface ReconnectorParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly parse: (text: string) => unknown;
  readonly openSocket: (url: string, request: SocketRequest) => Socket;
  connectOptions(): Promise<ConnectOptions>;
  readonly retryWaitMs:
    | ((attempt: number, closed: Closed) => number)
    | undefined;
  readonly shouldRetry:
    | ((closed: Closed) => boolean | undefined)
    | undefined;
}

/** What a reconnector tells. */
export interface ReconnectorHooks
  extends Pick<ConnectionHooks, "opened" | "reply" | "notice" | "roundTrip"> {
  connecting(attempt: number): void;
  ready(info: ReadyInfo, connection: Connection): void;
  /** A connection, or an attempt to connect, has ended. */
  lost(closed: Closed, willReconnect: boolean): void;
  reconnecting(delayMs: number, cause: Closed): void;
  /** An attempt failed before there was a socket. */
  failed(error: Error): void;
}

/** Keeps one connection up: makes it, and makes it again unless the close code forbids that. */
export class Reconnector {
  readonly #parts: ReconnectorParts;
  readonly #hooks: ReconnectorHooks;
  #state: ClientState = "idle";
  /** Attempts since the last stable connection. */
  #attempts = 0;
  /** Identifies the attempt under way; results of earlier attempts are ignored. */
  #currentAttempt: unknown;
  #readyAtMs: number | undefined;
  #connection: Connection | undefined;
  #cancelTimer: () => void = noop;
  #onClosed: () => void = noop;

  constructor(parts: ReconnectorParts, hooks: ReconnectorHooks) {
    this.#parts = parts;
    this.#hooks = hooks;
  }

  get state(): ClientState {
    return this.#state;
  }

  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** Connects, unless that has begun already. */
  start(): void {
    if (this.#state === "idle") this.#connect();
  }

  /** Terminates the present connection unless it ends within this time. */
  endWithin(withinMs: number): void {
    const connection = this.#connection;
    this.#setTimer(this.#parts.clock.afterIdly(withinMs, () => {
      connection?.terminate("still open long after it was to close");
    }));
  }

  /** Closes the connection and makes no further one; settles when the socket is closed. */
  close(): Promise<void> {
    if (this.#state === "closed") return Promise.resolve();
    const connection = this.#connection;
    this.#state = "closing";
    this.#currentAttempt = undefined;
    this.#cancelTimer();
    if (connection === undefined) {
      this.#state = "closed";
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#onClosed = resolve;
      this.#setTimer(this.#parts.clock.after(CLOSE_WITHIN_MS, () => {
        connection.terminate("no answer to the closing handshake");
      }));
      connection.close();
    });
  }

  #connect(): void {
    this.#state = "connecting";
    this.#attempts += 1;
    const attempt = {};
    this.#currentAttempt = attempt;
    // Keeps the process alive: a socket that is still opening may not.
    this.#setTimer(this.#parts.clock.after(CONNECT_WITHIN_MS, () => {
      const reason = `not connected within ${CONNECT_WITHIN_MS} ms`;
      if (this.#connection !== undefined) this.#connection.terminate(reason);
      else this.#lost({ code: VANISHED, reason });
    }));
    void this.#try(() => this.#currentAttempt === attempt);
  }

  async #try(isCurrent: () => boolean): Promise<void> {
    // Not in the same turn: the caller of `new RepClient` must have time to add listeners.
    await undefined;
    if (!isCurrent()) return;
    this.#hooks.connecting(this.#attempts);
    try {
      const options = await this.#parts.connectOptions();
      if (isCurrent()) this.#open(options);
    } catch (thrown) {
      if (!isCurrent()) return;
      const error = asError(thrown);
      this.#hooks.failed(error);
      this.#lost({ code: VANISHED, reason: error.message });
    }
  }

  #open(options: ConnectOptions): void {
    const { clock, parse } = this.#parts;
    const { authFrame, authReq } = options;
    const socket = this.#parts.openSocket(options.url, options.request);
    const connection: Connection = new Connection(
      { socket, clock, parse, authFrame, authReq },
      {
        ...this.#hooks,
        ready: (info) => this.#onReady(info, connection),
        closed: (closed) => this.#lost(closed),
      },
    );
    this.#connection = connection;
  }

  #onReady(info: ReadyInfo, connection: Connection): void {
    if (this.#state !== "connecting") return;
    this.#cancelTimer();
    this.#state = "ready";
    this.#readyAtMs = this.#parts.clock.nowMs();
    this.#hooks.ready(info, connection);
  }

  #lost(ended: Closed): void {
    const refusal = ended.code === VANISHED
      ? finalRefusalIn(ended.reason)
      : undefined;
    const closed = refusal === undefined
      ? ended
      : { ...ended, reason: refusal };
    this.#cancelTimer();
    this.#currentAttempt = undefined;
    this.#connection = undefined;
    if (this.#state === "closing") return this.#finish(closed);
    if (this.#wasStable()) this.#attempts = 0;
    this.#readyAtMs = undefined;
    const { shouldRetry } = this.#parts;
    const willReconnect = this.#askCaller(() => shouldRetry?.(closed)) ??
      (refusal === undefined && closeRuleOf(closed.code).mayReconnect);
    if (!willReconnect) return this.#finish(closed);
    this.#state = "waiting";
    this.#hooks.lost(closed, willReconnect);
    this.#reconnectLater(closed);
  }

  #reconnectLater(cause: Closed): void {
    const { clock, random, retryWaitMs } = this.#parts;
    const attempt = Math.max(1, this.#attempts);
    const { wait } = closeRuleOf(cause.code);
    const delayMs = this.#askCaller(() => retryWaitMs?.(attempt, cause)) ??
      reconnectDelayMs(wait, attempt, random());
    this.#hooks.reconnecting(delayMs, cause);
    this.#setTimer(clock.after(delayMs, () => this.#connect()));
  }

  /** Calls a function of the caller's. When it throws, `failed` is called and the close code decides. */
  #askCaller<T>(ask: () => T | undefined): T | undefined {
    try {
      return ask();
    } catch (thrown) {
      this.#hooks.failed(asError(thrown));
      return undefined;
    }
  }

  #finish(closed: Closed): void {
    this.#state = "closed";
    this.#hooks.lost(closed, NEVER);
    this.#onClosed();
  }

  #wasStable(): boolean {
    return this.#readyAtMs !== undefined &&
      this.#parts.clock.nowMs() - this.#readyAtMs >= STABLE_AFTER_MS;
  }

  #setTimer(cancel: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = cancel;
  }
}

const NEVER = false;

function noop(): void {}
