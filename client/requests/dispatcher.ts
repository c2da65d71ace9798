import type { RepeatUnknown } from "../api/options.ts";
import type { Clock } from "../api/ports.ts";
import type { Closed, Limits, Req } from "../api/replies.ts";
import { DEFAULT_LIMITS } from "../wire/auth.ts";
import type { Connection } from "../wire/connection.ts";
import type { Reply } from "../wire/decode_frame.ts";
import { encodeFrame, isAbove } from "../wire/encode_frame.ts";
import { type Exchange, settleWith } from "./exchange.ts";
import {
  closedFailure,
  deadlineFailure,
  tooLargeFailure,
  unknownFailure,
} from "./failures.ts";
import { FlowControl, type Load } from "./flow_control.ts";
import { PendingRequests } from "./pending_requests.ts";
import { isDraining, mayRepeat, refusalWaitMs } from "./retry_policy.ts";
import { SendQueue } from "./send_queue.ts";

/** The close code for a frame above the server's limit. */
const FRAME_TOO_BIG = 1009;

/** A connection that carries requests. */
type OpenConnection = Pick<
  Connection,
  "bufferedBytes" | "acceptsBinary" | "send"
>;

/** What a dispatcher is made with. */
export interface DispatcherParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly repeatUnknown: RepeatUnknown;
  readonly refusalRetries: number;
  /** The acknowledgement to send along, if one is due. */
  takeAck(): number | undefined;
  backpressure(isOn: boolean): void;
  /** A refusal said that the proxy takes no new requests. */
  draining(): void;
}

/**
 * Drives every request from its submission to its settlement. A request is
 * waiting in the send queue, in flight on the connection, or settled. Losing
 * the connection moves the requests in flight back to the queue; what happens
 * to them there depends on whether the proxy still remembers them.
 */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #queue: SendQueue;
  readonly #pending = new PendingRequests();
  readonly #flowControl: FlowControl;
  #idleWaiters: (() => void)[] = [];
  #connection: OpenConnection | undefined;
  #limits: Limits = DEFAULT_LIMITS;
  #isPaused = false;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
    this.#queue = new SendQueue(parts.clock, () => this.#sendWaiting());
    this.#flowControl = new FlowControl(
      parts.clock,
      () => this.#sendWaiting(),
      (isBlocked) => parts.backpressure(isBlocked),
    );
  }

  /** Requests without an answer, sent or not. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Requests sent on the present connection and not answered. */
  get inFlight(): number {
    return this.#pending.inFlight;
  }

  /** Requests in the send queue. */
  get waiting(): number {
    return this.#queue.size;
  }

  /** Their bytes. */
  get waitingBytes(): number {
    return this.#queue.bytes;
  }

  /** Whether a request submitted now would be sent at once. */
  get canSendNow(): boolean {
    return this.#connection !== undefined && !this.#isPaused &&
      this.#queue.size === 0 &&
      this.#flowControl.hasRoom(this.#loadOf(this.#connection));
  }

  get isIdle(): boolean {
    return this.#pending.size === 0 && this.#queue.size === 0;
  }

  has(req: Req): boolean {
    return this.#pending.has(req);
  }

  /** Queues a request, and sends it if it may go. */
  submit(exchange: Exchange): void {
    if (exchange.req !== undefined) this.#pending.add(exchange.req, exchange);
    this.#queue.push(exchange);
    this.#sendWaiting();
  }

  /**
   * A connection may carry requests. Those that were sent on an earlier one go
   * first: the proxy attaches them to the running ones or repeats its answer.
   */
  attach(connection: OpenConnection, limits: Limits): void {
    this.#connection = connection;
    this.#limits = limits;
    this.#isPaused = false;
    this.#sendWaiting();
  }

  /** The connection is lost: requests in flight wait again. */
  detach(closed: Closed): void {
    this.#connection = undefined;
    this.#flowControl.stop();
    const lost = this.#pending.takeInFlight();
    this.#queue.putBack(lost);
    if (closed.code === FRAME_TOO_BIG) this.#failLargest(lost);
  }

  /** The proxy takes no new requests on this connection. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Settles the request a reply belongs to; false when this process has no such request. */
  settle(reply: Reply): boolean {
    const exchange = this.#pending.answered(reply.req);
    if (exchange === undefined) return false;
    if (exchange !== "abandoned") this.#onReply(exchange, reply);
    this.#sendWaiting();
    return true;
  }

  /** The caller no longer wants an answer; true when the proxy should cancel the request. */
  abandon(exchange: Exchange, failure: unknown): boolean {
    const { req, wasSent } = exchange;
    if (req === undefined || !this.#pending.has(req)) return false;
    this.#fail(exchange, failure);
    if (wasSent) this.#pending.abandon(req);
    return wasSent && this.#connection !== undefined;
  }

  /** The deadline of a request has passed: fails it unless it was sent. */
  deadlinePassed(exchange: Exchange): void {
    if (!exchange.wasSent) this.#fail(exchange, deadlineFailure(exchange));
  }

  /**
   * The proxy does not remember the requests that were sent: repeats those that
   * may be repeated, and fails the others with an unknown outcome.
   */
  forget(): void {
    const nowMs = this.#parts.clock.nowMs();
    for (const exchange of this.#pending.all()) {
      const { wasSent, deadlineAtMs, verb } = exchange;
      if (!wasSent) continue;
      const isInTime = deadlineAtMs === undefined || nowMs < deadlineAtMs;
      if (isInTime && mayRepeat(verb, this.#parts.repeatUnknown)) {
        exchange.wasSent = false;
      } else this.#fail(exchange, unknownFailure(exchange));
    }
  }

  /** Fails every request. */
  end(closed: Closed): void {
    this.#flowControl.stop();
    this.#queue.stop();
    for (
      const exchange of new Set([...this.#queue.all(), ...this.#pending.all()])
    ) {
      this.#fail(exchange, closedFailure(exchange, closed));
    }
  }

  /** Settles when no request waits and none is in flight. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idleWaiters.push(resolve);
      this.#checkIdle();
    });
  }

  #loadOf(connection: OpenConnection): Load {
    return {
      bufferedBytes: connection.bufferedBytes,
      inFlight: this.#pending.inFlight,
      maxInFlight: this.#limits.maxInFlight,
    };
  }

  #sendWaiting(): void {
    const connection = this.#connection;
    if (connection === undefined || this.#isPaused) return;
    while (this.#flowControl.hasRoom(this.#loadOf(connection))) {
      const exchange = this.#queue.next();
      if (exchange === undefined) break;
      if (!this.#send(connection, exchange)) return;
    }
    const load = this.#loadOf(connection);
    const isBlocked = this.#queue.size > 0 && !this.#flowControl.hasRoom(load);
    this.#flowControl.report(isBlocked, load);
  }

  /** False when the socket did not take it: the socket is closing, and the request stays first in the queue. */
  #send(connection: OpenConnection, exchange: Exchange): boolean {
    const frame = this.#frameOf(exchange, connection);
    if (isAbove(frame, this.#limits.maxPayloadBytes)) {
      this.#fail(exchange, tooLargeFailure(exchange));
      return true;
    }
    // Noted before the frame is sent: no reply can be faster than this.
    const { req, wasSent } = exchange;
    exchange.wasSent = true;
    if (req !== undefined) this.#pending.sent(req);
    if (connection.send(frame)) {
      if (req === undefined) this.#finish(exchange);
      return true;
    }
    exchange.wasSent = wasSent;
    if (req !== undefined) this.#pending.notSent(req);
    this.#queue.putBack([exchange]);
    return false;
  }

  #frameOf(
    { frame, deadlineAtMs }: Exchange,
    { acceptsBinary }: OpenConnection,
  ): string | ArrayBuffer {
    const leftMs = deadlineAtMs === undefined
      ? undefined
      : Math.ceil(deadlineAtMs - this.#parts.clock.nowMs());
    return encodeFrame(frame, {
      // A request sent before may be past its deadline; its reply is still wanted.
      timeoutMs: leftMs === undefined ? undefined : Math.max(1, leftMs),
      ack: this.#parts.takeAck(),
      acceptsBinary,
    });
  }

  #onReply(exchange: Exchange, reply: Reply): void {
    if (isDraining(reply)) this.#parts.draining();
    const waitMs = exchange.refusals < this.#parts.refusalRetries
      ? refusalWaitMs(reply, this.#parts.random)
      : undefined;
    if (waitMs === undefined || this.#isLateAfter(waitMs, exchange)) {
      this.#finish(exchange);
      settleWith(exchange, reply);
      return;
    }
    exchange.wasSent = false;
    exchange.refusals += 1;
    this.#queue.delay(exchange, waitMs);
  }

  #isLateAfter(waitMs: number, { deadlineAtMs }: Exchange): boolean {
    return deadlineAtMs !== undefined &&
      this.#parts.clock.nowMs() + waitMs >= deadlineAtMs;
  }

  /**
   * Fails the largest of the requests that were in flight. One of them was too
   * big for the server, so the largest certainly is; sending it again would
   * close the next connection.
   */
  #failLargest(lost: readonly Exchange[]): void {
    const [largest] = [...lost].sort((one, other) => other.bytes - one.bytes);
    if (largest === undefined) return;
    largest.wasSent = false;
    this.#fail(largest, tooLargeFailure(largest));
  }

  #fail(exchange: Exchange, failure: unknown): void {
    this.#finish(exchange);
    exchange.reject(failure);
  }

  #finish(exchange: Exchange): void {
    exchange.release();
    this.#queue.remove(exchange);
    if (exchange.req !== undefined) this.#pending.remove(exchange.req);
    this.#checkIdle();
  }

  #checkIdle(): void {
    if (!this.isIdle) return;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }
}
