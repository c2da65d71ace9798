import type { Answer } from "./answer.ts";
import type { ProxyRequest } from "./request.ts";

/** Time as an argument: intervals from `nowMs`, calendar only from `wallMs`. */
export interface Clock {
  /** Monotonic milliseconds, with fractions. */
  nowMs(): number;
  /** Milliseconds since 1970, for comparing with ids and for people. */
  wallMs(): number;
  /** Runs `action` once at or after `atMs` (monotonic); returns how to call it off. */
  wakeAt(atMs: number, action: () => void): () => void;
}

/** A number in [0, 1). */
export type Random = () => number;

/** One request out, one answer back. Never sends anything twice. */
export interface Upstream {
  /** Where it sends, for people: `discord.com:443`. */
  readonly host: string;
  /**
   * Settles when the answer's headers (and a small body) are here. Rejects
   * with `UpstreamFailure` only.
   */
  send(request: ProxyRequest): Promise<Answer>;
  /** Ends every connection; what is in flight fails. */
  close(): Promise<void>;
}

/** Why there is no answer, and whether Discord may have acted on the request. */
export class UpstreamFailure extends Error {
  override readonly name = "UpstreamFailure";
  /** A short code such as ECONNREFUSED: the only part of a foreign error that is kept. */
  readonly code: string;
  /** True when it was a time-out. */
  readonly isTimeout: boolean;
  /** False: provably not a byte of it left this process. */
  readonly mayHaveArrived: boolean;

  constructor(
    code: string,
    about: { readonly isTimeout: boolean; readonly mayHaveArrived: boolean },
  ) {
    super(`Upstream failed: ${code}`);
    this.code = code;
    this.isTimeout = about.isTimeout;
    this.mayHaveArrived = about.mayHaveArrived;
  }
}

/** A request in the proxy's care. */
export interface Ticket {
  /** Discord's answer; rejects with `Refusal` only. Settles exactly once. */
  readonly answer: Promise<Answer>;
  /** Takes the request back if it has not left; then `answer` rejects with `cancelled`. */
  cancel(): "cancelled" | "sent" | "done";
}

/** Called once when a caller has left. */
export interface LeaveListener {
  handleEvent(): void;
}

/** Tells when nobody waits for an answer any more; every `AbortSignal` does. */
export interface CallerGone {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: LeaveListener): void;
  removeEventListener(type: "abort", listener: LeaveListener): void;
}

/** The one queue every request of every transport goes through. */
export interface Submitter {
  /**
   * Queues the request. `callerGone` says that nobody waits for the answer any
   * more: a queued read is dropped, a queued write still runs.
   */
  submit(request: ProxyRequest, callerGone?: CallerGone): Ticket;
}
