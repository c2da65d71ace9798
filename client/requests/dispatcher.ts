import type { Clock } from "../api/clock.ts";
import { type Exchange, settleWith } from "./exchange.ts";
import {
  closedFailure,
  deadlineFailure,
  tooLargeFailure,
  unknownFailure,
} from "./failures.ts";
import { encodeFrame, isAbove } from "../wire/encode_frame.ts";
import { Flow, type Gauge } from "./flow_control.ts";
import { DEFAULT_LIMITS } from "../wire/auth.ts";
import { Holds } from "./holds.ts";
import type { Reply } from "../wire/decode_frame.ts";
import { Outbox } from "./send_queue.ts";
import { Pending } from "./pending_requests.ts";
import type { Closed, Limits, RepeatUnknown, Req } from "../api/types.ts";
import { isDraining, mayRepeat, refusalWaitMs } from "./retry_policy.ts";

/** The close code for a frame above the server's limit. */
const FRAME_TOO_BIG = 1009;

/** The connection as far as requests care. */
export interface Port {
  readonly bufferedBytes: number;
  readonly isBinaryOk: boolean;
  send(frame: string | ArrayBuffer): boolean;
}

/** What traffic is made with. */
export interface TrafficParts {
  readonly clock: Clock;
  readonly random: () => number;
  readonly repeatUnknown: RepeatUnknown;
  readonly refusalRetries: number;
  /** The ack to send along, if one is due. */
  takeAck(): number | undefined;
  backpressure(isOn: boolean): void;
  /** A refusal told that the proxy takes nothing new. */
  draining(): void;
}

/**
 * Every request from its submission to its settlement. A request is in one of
 * three places: waiting in the outbox, in flight on the connection, or settled.
 * Losing the connection moves what was in flight back to the outbox; what
 * happens to it there depends on whether the proxy still remembers it.
 */
export class Traffic {
  readonly #parts: TrafficParts;
  readonly #outbox = new Outbox();
  readonly #pending = new Pending();
  readonly #holds: Holds;
  readonly #flow: Flow;
  #idleWaiters: (() => void)[] = [];
  #port: Port | undefined;
  #limits: Limits = DEFAULT_LIMITS;
  #isPaused = false;

  constructor(parts: TrafficParts) {
    this.#parts = parts;
    this.#holds = new Holds(parts.clock, (lineKey) => {
      this.#outbox.letGo(lineKey);
      this.#pump();
    });
    this.#flow = new Flow(
      parts.clock,
      () => this.#pump(),
      (isBlocked) => parts.backpressure(isBlocked),
    );
  }

  get pending(): number {
    return this.#pending.size;
  }

  get inFlight(): number {
    return this.#pending.inFlight;
  }

  get waiting(): number {
    return this.#outbox.size;
  }

  get waitingBytes(): number {
    return this.#outbox.bytes;
  }

  /** Whether a request submitted now would leave at once. */
  get mayLeaveNow(): boolean {
    return this.#port !== undefined && !this.#isPaused &&
      this.#outbox.size === 0 && this.#flow.hasRoom(this.#gauge(this.#port));
  }

  get isIdle(): boolean {
    return this.#pending.size === 0 && this.#outbox.size === 0;
  }

  has(req: Req): boolean {
    return this.#pending.has(req);
  }

  /** Takes a request into line, and sends it if it is its turn. */
  submit(exchange: Exchange): void {
    if (exchange.req !== undefined) this.#pending.add(exchange.req, exchange);
    this.#outbox.push(exchange);
    this.#pump();
  }

  /** Requests may go; those that had left before go first, to be attached or answered again. */
  attach(port: Port, limits: Limits): void {
    this.#port = port;
    this.#limits = limits;
    this.#isPaused = false;
    this.#pump();
  }

  /** The connection is gone: what was in flight waits again. */
  detach(closed: Closed): void {
    this.#port = undefined;
    this.#flow.stop();
    const lost = this.#pending.takeInFlight();
    this.#outbox.putBack(lost);
    if (closed.code === FRAME_TOO_BIG) this.#failLargest(lost);
  }

  /** The proxy takes nothing new on this connection. */
  pause(): void {
    this.#isPaused = true;
  }

  /** Settles the request a reply belongs to; false when it belongs to nobody here. */
  settle(reply: Reply): boolean {
    const exchange = this.#pending.answered(reply.req);
    if (exchange === undefined) return false;
    if (exchange !== "abandoned") this.#onReply(exchange, reply);
    this.#pump();
    return true;
  }

  /** The caller gives up; true when the proxy has to be told. */
  abandon(exchange: Exchange, failure: unknown): boolean {
    const { req, hasLeft } = exchange;
    if (req === undefined || !this.#pending.has(req)) return false;
    this.#fail(exchange, failure);
    if (hasLeft) this.#pending.abandon(req);
    return hasLeft && this.#port !== undefined;
  }

  /** The moment it had to leave by is here: fails it unless it has. */
  leaveByPassed(exchange: Exchange): void {
    if (!exchange.hasLeft) this.#fail(exchange, deadlineFailure(exchange));
  }

  /**
   * The proxy does not remember what had left: repeats what may be repeated,
   * and for the rest says that nobody can know.
   */
  forget(): void {
    const nowMs = this.#parts.clock.nowMs();
    for (const exchange of this.#pending.all()) {
      const { hasLeft, leaveByMs, verb } = exchange;
      if (!hasLeft) continue;
      const isInTime = leaveByMs === undefined || nowMs < leaveByMs;
      if (isInTime && mayRepeat(verb, this.#parts.repeatUnknown)) {
        exchange.hasLeft = false;
      } else this.#fail(exchange, unknownFailure(exchange));
    }
  }

  /** Fails everything. */
  end(closed: Closed): void {
    this.#flow.stop();
    this.#holds.stop();
    for (
      const exchange of new Set([
        ...this.#outbox.all(),
        ...this.#pending.all(),
      ])
    ) {
      this.#fail(exchange, closedFailure(exchange, closed));
    }
  }

  /** Settles when nothing waits and nothing is in flight. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idleWaiters.push(resolve);
      this.#checkIdle();
    });
  }

  #gauge(port: Port): Gauge {
    return {
      bufferedBytes: port.bufferedBytes,
      inFlight: this.#pending.inFlight,
      maxInFlight: this.#limits.maxInFlight,
    };
  }

  #pump(): void {
    const port = this.#port;
    if (port === undefined || this.#isPaused) return;
    while (this.#flow.hasRoom(this.#gauge(port))) {
      const exchange = this.#outbox.next();
      if (exchange === undefined) break;
      if (!this.#send(port, exchange)) return;
    }
    const gauge = this.#gauge(port);
    const isBlocked = this.#outbox.size > 0 && !this.#flow.hasRoom(gauge);
    this.#flow.report(isBlocked, gauge);
  }

  /** False when the socket would not take it: its end is near, and the request stays first in line. */
  #send(port: Port, exchange: Exchange): boolean {
    const frame = this.#frameOf(exchange, port);
    if (isAbove(frame, this.#limits.maxPayloadBytes)) {
      this.#fail(exchange, tooLargeFailure(exchange));
      return true;
    }
    // All entered before it is sent: no reply can be faster than this.
    const { req, hasLeft } = exchange;
    exchange.hasLeft = true;
    if (req !== undefined) this.#pending.sent(req);
    if (port.send(frame)) {
      if (req === undefined) this.#finish(exchange);
      return true;
    }
    exchange.hasLeft = hasLeft;
    if (req !== undefined) this.#pending.notSent(req);
    this.#outbox.putBack([exchange]);
    return false;
  }

  #frameOf(exchange: Exchange, port: Port): string | ArrayBuffer {
    const { leaveByMs } = exchange;
    const leftMs = leaveByMs === undefined
      ? undefined
      : Math.ceil(leaveByMs - this.#parts.clock.nowMs());
    return encodeFrame(exchange.frame, {
      // One that had left before may be late by now: its reply is still wanted.
      timeoutMs: leftMs === undefined ? undefined : Math.max(1, leftMs),
      ack: this.#parts.takeAck(),
      isBinaryOk: port.isBinaryOk,
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
    exchange.hasLeft = false;
    exchange.refusals += 1;
    this.#outbox.hold(exchange);
    this.#holds.hold(exchange.lineKey, waitMs);
  }

  #isLateAfter(waitMs: number, { leaveByMs }: Exchange): boolean {
    return leaveByMs !== undefined &&
      this.#parts.clock.nowMs() + waitMs >= leaveByMs;
  }

  /**
   * The frame that was too big is among the lost ones, and none is bigger than
   * the biggest: sending that one again would end the same way.
   */
  #failLargest(lost: readonly Exchange[]): void {
    let largest: Exchange | undefined;
    for (const one of lost) {
      if (largest === undefined || one.bytes > largest.bytes) largest = one;
    }
    if (largest === undefined) return;
    largest.hasLeft = false;
    this.#fail(largest, tooLargeFailure(largest));
  }

  #fail(exchange: Exchange, failure: unknown): void {
    this.#finish(exchange);
    exchange.reject(failure);
  }

  #finish(exchange: Exchange): void {
    exchange.release();
    this.#outbox.remove(exchange);
    if (exchange.req !== undefined) this.#pending.remove(exchange.req);
    this.#checkIdle();
  }

  #checkIdle(): void {
    if (!this.isIdle) return;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }
}
