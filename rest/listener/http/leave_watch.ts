import type { HeaderList } from "../../domain/headers.ts";
import type { CallerGone, Clock, LeaveListener } from "../../domain/ports.ts";
import { type Delayed, DelayLine } from "./delay_line.ts";
import { fieldOf } from "./fields.ts";

/**
 * To have the runtime tell when a caller leaves costs a tenth of a request's
 * work, so for a read it is asked only once it has waited this long. Discord's own
 * answers take longer; what is answered sooner could hardly be left.
 */
const ASK_AFTER_MS = 50;

/** Tells when callers leave, to those that wait long enough to be left. */
export class LeaveWatch {
  readonly #line: DelayLine;

  constructor(clock: Clock) {
    this.#line = new DelayLine(clock, ASK_AFTER_MS);
  }

  /** Nothing is under way: no timer is wanted. */
  rest(): void {
    this.#line.rest();
  }

  /** Says of one request when its caller is gone, if anybody listens. */
  of(request: Request, fields: HeaderList): CallerGone {
    // A write that is left must be known for left before its answer comes, or
    // its second try would be sent too. Over HTTP/2 there is no Host; and of a
    // stream that was reset before it was asked for, the runtime never tells
    // (seen 2026-11, Deno 2.9.6).
    const isWaitable = request.method === "GET" &&
      fieldOf(fields, "host") !== null;
    return isWaitable ? new LateSignal(request, this.#line) : request.signal;
  }
}

/** The request's own signal, made when it is needed. */
class LateSignal implements CallerGone, Delayed {
  atMs = 0;
  readonly #request: Request;
  readonly #line: DelayLine;
  #listener: LeaveListener | undefined;
  #signal: AbortSignal | undefined;

  constructor(request: Request, line: DelayLine) {
    this.#request = request;
    this.#line = line;
  }

  get aborted(): boolean {
    return this.#signal?.aborted ?? false;
  }

  addEventListener(_type: "abort", listener: LeaveListener): void {
    this.#listener = listener;
    this.#line.add(this);
  }

  /** Called by the line: it has waited long enough to be asked after. */
  act(): void {
    if (this.#listener === undefined) return;
    this.#signal = this.#request.signal;
    if (this.#signal.aborted) this.#listener.handleEvent();
    // Of one that left before it was asked for, the runtime tells in a later turn.
    else this.#signal.addEventListener("abort", this.#listener);
  }

  removeEventListener(_type: "abort", listener: LeaveListener): void {
    this.#listener = undefined;
    if (this.#signal === undefined) this.#line.remove(this);
    else this.#signal.removeEventListener("abort", listener);
  }
}
