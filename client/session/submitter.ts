import { RepLimitError } from "../api/errors.ts";
import type { Method, RequestOptions } from "../api/options.ts";
import type { Req } from "../api/replies.ts";
import { type Exchange, exchangeOf } from "../requests/exchange.ts";
import { notSentFailure } from "../requests/failures.ts";
import { startTimeouts } from "../requests/timeouts.ts";
import { randomName } from "../wire/runtime.ts";
import { CLOSED_HERE, type Coordinator } from "./coordinator.ts";
import type { Settings } from "./settings.ts";

/** Turns the caller's calls into requests and submits them, or throws when the client cannot take them. */
export class Submitter {
  readonly #settings: Settings;
  readonly #coordinator: Coordinator;
  /** Begins every `req` of this client, so that no other process, earlier or later, uses the same. */
  readonly #reqPrefix = randomName();
  #order = 0;
  #isAccepting = true;

  constructor(settings: Settings, coordinator: Coordinator) {
    this.#settings = settings;
    this.#coordinator = coordinator;
  }

  /** Every later call throws. */
  stop(): void {
    this.#isAccepting = false;
  }

  /** Submits a request; settles with its reply. */
  request(
    method: Method,
    target: string,
    options: RequestOptions,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const req = options.req ?? `${this.#reqPrefix}-${this.#order + 1}`;
      this.#admit(options, req);
      const handlers = { req, resolve, reject };
      this.#submit(
        this.#exchangeOf(method, target, options, handlers),
        options,
      );
    });
  }

  /** Submits a request without a reply. */
  notify(method: Method, target: string, options: RequestOptions): void {
    this.#admit(options, undefined);
    const handlers = { req: undefined, resolve: noop, reject: noop };
    this.#submit(this.#exchangeOf(method, target, options, handlers), options);
  }

  /** Throws when the client cannot take the request. */
  #admit(options: RequestOptions, req: Req | undefined): void {
    const { endedBy, dispatcher } = this.#coordinator;
    if (!this.#isAccepting || endedBy !== undefined) {
      throw notSentFailure(endedBy ?? CLOSED_HERE);
    }
    const { signal } = options;
    if (signal?.aborted) throw signal.reason;
    if (typeof req === "number" && !Number.isFinite(req)) {
      throw new TypeError(`Cannot use req ${req}: JSON has no such number`);
    }
    if (req !== undefined && dispatcher.has(req)) {
      throw new TypeError(`Cannot use req "${req}": it is still unanswered`);
    }
    if (dispatcher.canSendNow) return;
    if (options.queue === false) {
      throw new RepLimitError(
        "would_wait",
        "The request would have to wait, and `queue: false` forbids that",
        false,
      );
    }
    const { highWaterMark, highWaterMarkBytes } = this.#settings;
    const { waiting, waitingBytes } = dispatcher;
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
    handlers: Pick<Exchange, "req" | "resolve" | "reject">,
  ): Exchange {
    this.#order += 1;
    const timeoutMs = options.timeoutMs ?? this.#settings.timeoutMs;
    return exchangeOf({
      order: this.#order,
      method,
      target,
      options,
      deadlineAtMs: timeoutMs === undefined
        ? undefined
        : this.#settings.clock.nowMs() + timeoutMs,
      stringify: (value) => this.#settings.json.stringify(value),
      ...handlers,
    });
  }

  #submit(exchange: Exchange, options: RequestOptions): void {
    const { clock, answerWithinMs } = this.#settings;
    const { dispatcher, reconnector } = this.#coordinator;
    startTimeouts(exchange, {
      clock,
      signal: options.signal,
      answerWithinMs: options.answerWithinMs,
      defaultAnswerWithinMs: answerWithinMs,
      abandon: (failure) => this.#abandon(exchange, failure),
      deadlinePassed: () => dispatcher.deadlinePassed(exchange),
    });
    reconnector.start();
    dispatcher.submit(exchange);
  }

  #abandon(exchange: Exchange, failure: unknown): void {
    const mustTell = this.#coordinator.dispatcher.abandon(exchange, failure);
    if (!mustTell || exchange.req === undefined) return;
    this.#coordinator.cancel(exchange.req);
  }
}

function noop(): void {}
