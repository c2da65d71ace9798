import type { HeaderList } from "../../domain/headers.ts";
import type { CallerGone, Clock, LeaveListener } from "../../domain/ports.ts";
import { type QueuedTimeout, TimeoutQueue } from "./timeout_queue.ts";
import { fieldOf } from "./fields.ts";

/**
 * To have the runtime tell when a caller leaves costs a tenth of a request's
 * work, so for a read it is asked only once it has waited this long. Discord's own
 * answers take longer; what is answered sooner could hardly be left.
 */
const ASK_AFTER_MS = 50;

/** Tells when callers leave, to those that wait long enough to be left. */
export class LeaveWatch {
  readonly #line: TimeoutQueue;

  constructor(clock: Clock) {
    this.#line = new TimeoutQueue(clock, ASK_AFTER_MS);
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
    return new Leaving(request, isWaitable ? this.#line : undefined);
  }
}

/** What the runtime tells of one caller, asked for at once or when its time in a line is over. */
class Leaving implements CallerGone, QueuedTimeout {
  atMs = 0;
  next: QueuedTimeout | undefined;
  previous: QueuedTimeout | undefined;
  readonly #request: Request;
  readonly #line: TimeoutQueue | undefined;
  #listener: LeaveListener | undefined;
  #signal: AbortSignal | undefined;

  constructor(request: Request, line: TimeoutQueue | undefined) {
    this.#request = request;
    this.#line = line;
  }

  get aborted(): boolean {
    return this.#signal?.aborted ?? false;
  }

  addEventListener(_type: "abort", listener: LeaveListener): void {
    this.#listener = listener;
    if (this.#line === undefined) this.act();
    else this.#line.add(this);
  }

  /** The signal ends with its request: to stop listening there would cost more than not to pass on what it says. */
  removeEventListener(_type: "abort", _listener: LeaveListener): void {
    this.#listener = undefined;
    this.#line?.remove(this);
  }

  /** Asks the runtime. Called by the line, too: it has waited long enough. */
  act(): void {
    if (this.#listener === undefined) return;
    this.#signal = this.#request.signal;
    if (this.#signal.aborted) this.handleEvent();
    // Of one that left before it was asked for, the runtime tells in a later turn.
    else this.#signal.addEventListener("abort", this);
  }

  /** Called by the signal. */
  handleEvent(): void {
    this.#listener?.handleEvent();
  }
}
