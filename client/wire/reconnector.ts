import { reconnectDelayMs } from "./backoff.ts";
import type { Clock } from "../api/clock.ts";
import { closeRuleOf, VANISHED } from "./close_codes.ts";
import { Connection, type ConnectionHooks } from "./connection.ts";
import { asError } from "../api/events.ts";
import type { Socket, SocketRequest } from "../api/socket.ts";
import type { Closed, ReadyInfo } from "../api/types.ts";

/** From the first step to the server's welcome; the server itself waits 10 s for a greeting. */
const CONNECT_WITHIN_MS = 10_000;

/** A connection this old was a good one: only then does the back-off begin anew. */
const STABLE_AFTER_MS = 10_000;

/** How long the other side may take over the closing handshake. */
const CLOSE_WITHIN_MS = 2_000;

/** Where the client stands. */
export type ClientState =
  /** Not started: `lazy`, and no request yet. */
  | "idle"
  | "connecting"
  | "ready"
  /** Between two attempts. */
  | "waiting"
  | "closing"
  /** For good. */
  | "closed";

/** How one attempt is to be made; asked for anew each time. */
export interface Dial {
  readonly url: string;
  readonly request: SocketRequest;
  readonly greeting: string | undefined;
  readonly greetingReq: string;
}

/** What a link is made with. */
export interface LinkParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly parse: (text: string) => unknown;
  readonly openSocket: (url: string, request: SocketRequest) => Socket;
  dial(): Promise<Dial>;
  readonly retryWaitMs:
    | ((attempt: number, closed: Closed) => number)
    | undefined;
  readonly shouldRetry: ((closed: Closed) => boolean) | undefined;
}

/** What a link tells. */
export interface LinkHooks
  extends Pick<ConnectionHooks, "opened" | "reply" | "notice" | "roundTrip"> {
  connecting(attempt: number): void;
  ready(info: ReadyInfo, connection: Connection): void;
  /** A connection, or an attempt at one, has ended. */
  lost(closed: Closed, willReconnect: boolean): void;
  reconnecting(delayMs: number, cause: Closed): void;
  /** An attempt failed before there was a socket. */
  failed(error: Error): void;
}

/** Keeps one connection up: makes it, and makes it again unless the close code forbids. */
export class Link {
  readonly #parts: LinkParts;
  readonly #hooks: LinkHooks;
  #state: ClientState = "idle";
  /** Attempts since the last connection that lasted. */
  #attempts = 0;
  /** The attempt being made; what an earlier one still brings is not wanted. */
  #trial: unknown;
  #readyAtMs: number | undefined;
  #connection: Connection | undefined;
  #cancelTimer: () => void = nothing;
  #closed: () => void = nothing;

  constructor(parts: LinkParts, hooks: LinkHooks) {
    this.#parts = parts;
    this.#hooks = hooks;
  }

  get state(): ClientState {
    return this.#state;
  }

  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** Connects, unless that was begun before. */
  start(): void {
    if (this.#state === "idle") this.#connect();
  }

  /** Gives the connection up unless it ends by itself in time. */
  endWithin(withinMs: number): void {
    const connection = this.#connection;
    this.#setTimer(this.#parts.clock.afterIdly(withinMs, () => {
      connection?.terminate("still open long after it was to close");
    }));
  }

  /** Ends it for good; settles when the socket is closed. */
  close(): Promise<void> {
    if (this.#state === "closed") return Promise.resolve();
    const connection = this.#connection;
    this.#state = "closing";
    this.#trial = undefined;
    this.#cancelTimer();
    if (connection === undefined) {
      this.#state = "closed";
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#closed = resolve;
      this.#setTimer(this.#parts.clock.after(CLOSE_WITHIN_MS, () => {
        connection.terminate("no answer to the closing handshake");
      }));
      connection.close();
    });
  }

  #connect(): void {
    this.#state = "connecting";
    this.#attempts += 1;
    const trial = {};
    this.#trial = trial;
    // Keeps the process alive: a socket that is still opening may not.
    this.#setTimer(this.#parts.clock.after(CONNECT_WITHIN_MS, () => {
      const reason = `not connected within ${CONNECT_WITHIN_MS} ms`;
      if (this.#connection !== undefined) this.#connection.terminate(reason);
      else this.#lost({ code: VANISHED, reason });
    }));
    void this.#try(() => this.#trial === trial);
  }

  async #try(isWanted: () => boolean): Promise<void> {
    // Not at once: whoever made the client may still want to add its listeners.
    await undefined;
    if (!isWanted()) return;
    this.#hooks.connecting(this.#attempts);
    try {
      const dial = await this.#parts.dial();
      if (isWanted()) this.#open(dial);
    } catch (thrown) {
      if (!isWanted()) return;
      const error = asError(thrown);
      this.#hooks.failed(error);
      this.#lost({ code: VANISHED, reason: error.message });
    }
  }

  #open(dial: Dial): void {
    const { clock, parse } = this.#parts;
    const { greeting, greetingReq } = dial;
    const socket = this.#parts.openSocket(dial.url, dial.request);
    const connection: Connection = new Connection(
      { socket, clock, parse, greeting, greetingReq },
      {
        ...this.#hooks,
        ready: (info) => this.#ready(info, connection),
        closed: (closed) => this.#lost(closed),
      },
    );
    this.#connection = connection;
  }

  #ready(info: ReadyInfo, connection: Connection): void {
    if (this.#state !== "connecting") return;
    this.#cancelTimer();
    this.#state = "ready";
    this.#readyAtMs = this.#parts.clock.nowMs();
    this.#hooks.ready(info, connection);
  }

  #lost(closed: Closed): void {
    this.#cancelTimer();
    this.#trial = undefined;
    this.#connection = undefined;
    if (this.#state === "closing") return this.#finish(closed);
    if (this.#wasStable()) this.#attempts = 0;
    this.#readyAtMs = undefined;
    const { shouldRetry } = this.#parts;
    const willReconnect = this.#asked(() => shouldRetry?.(closed)) ??
      closeRuleOf(closed.code).mayReconnect;
    if (!willReconnect) return this.#finish(closed);
    this.#state = "waiting";
    this.#hooks.lost(closed, willReconnect);
    this.#reconnectLater(closed);
  }

  #reconnectLater(cause: Closed): void {
    const { clock, random, retryWaitMs } = this.#parts;
    const attempt = Math.max(1, this.#attempts);
    const { wait } = closeRuleOf(cause.code);
    const delayMs = this.#asked(() => retryWaitMs?.(attempt, cause)) ??
      reconnectDelayMs(wait, attempt, random());
    this.#hooks.reconnecting(delayMs, cause);
    this.#setTimer(clock.after(delayMs, () => this.#connect()));
  }

  /** What a function of the caller's says; when it fails, that is told and the table decides. */
  #asked<T>(ask: () => T | undefined): T | undefined {
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
    this.#closed();
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

function nothing(): void {}
