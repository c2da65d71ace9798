import type { Answer } from "./answer.ts";
import type { Entry, Guarantee, Outcome } from "./entry.ts";
import type { HeaderList } from "./headers.ts";
import type { ProxyRequest } from "./request.ts";
import type { RequestRow, UnknownOutcome } from "./request_row.ts";
import type { Wait } from "./wait_reason.ts";

/** The clock. Intervals are measured with `nowMs`; `wallMs` is only for calendar time. */
export interface Clock {
  /** Monotonic milliseconds, with fractions. */
  nowMs(): number;
  /** Milliseconds since 1970, to compare with ids and to show to people. */
  wallMs(): number;
  /** Runs `action` once at or after `atMs` (monotonic); returns a function that cancels it. */
  wakeAt(atMs: number, action: () => void): () => void;
}

/** A number in [0, 1). */
export type Random = () => number;

/** Sends requests to Discord. Never sends one twice. */
export interface Upstream {
  /** Where it sends, for people: `discord.com:443`, and through which proxy. */
  readonly host: string;
  /**
   * Resolves when the headers of the answer (and a small body) have come. Rejects
   * only with `UpstreamFailure`. `mayLeave` is asked when a connection is there,
   * right before the first byte: where it says no, nothing is sent, and the code
   * is `HELD_BACK`.
   */
  send(request: ProxyRequest, mayLeave?: () => boolean): Promise<Answer>;
  /** Number of open connections, if it counts them. */
  readonly connections?: () => number;
  /** Closes all connections; requests in flight fail. */
  close(): Promise<void>;
}

/** The code of a send that was not to be made any more when its connection was there. */
export const HELD_BACK = "HELD_BACK";

/** Why there is no answer, and whether Discord may have executed the request. */
export class UpstreamFailure extends Error {
  override readonly name = "UpstreamFailure";
  /** A short code such as ECONNREFUSED: the only part of a foreign error that is kept. */
  readonly code: string;
  /** True for a time-out. */
  readonly isTimeout: boolean;
  /** False if certainly no byte of the request was sent. */
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

/** Is told once what came of a request. One may listen to many tickets: it is told the name that it gave. */
export interface AnswerListener {
  answered(name: number, answer: Answer): void;
  refused(name: number, error: unknown): void;
}

/** A submitted request. */
export interface Ticket {
  /** Settles when it is in the proxy's care, as its guarantee says, or has been refused; undefined: it is so already. */
  readonly accepted?: Promise<void> | undefined;
  /** What a journal knows it as; undefined where there is none. */
  readonly entry?: Entry | undefined;
  /** Discord's answer; rejects only with `Refusal`. */
  readonly answer: Promise<Answer>;
  /**
   * Tells the same to a listener, once and later, as a promise would. The
   * queue's own tickets offer it: a promise with its callbacks takes 400 bytes,
   * and 100,000 requests may wait.
   */
  listen?(listener: AnswerListener, name: number): void;
  /** Cancels the request if it has not been sent; then `answer` rejects with `cancelled`. */
  cancel(): "cancelled" | "sent" | "done";
}

/** A submitted request that is seen to its end, whoever waits for that. */
export interface Followed {
  readonly ticket: Ticket;
  readonly outcome: Promise<Outcome>;
}

/** Called once when a caller has disconnected. */
export interface LeaveListener {
  handleEvent(): void;
}

/** Tells when a caller has disconnected; every `AbortSignal` fits. */
export interface CallerGone {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: LeaveListener): void;
  removeEventListener(type: "abort", listener: LeaveListener): void;
}

/** The queue that every request of every transport goes through. */
export interface Submitter {
  /**
   * Queues the request. After `callerGone` nobody waits for the answer: a queued
   * read is dropped, a queued write is still executed. With a guarantee the
   * request is executed whoever leaves.
   */
  submit(
    request: ProxyRequest,
    callerGone?: CallerGone,
    guarantee?: Guarantee,
  ): Ticket;
}

/** What callers may see of the queue. */
export interface QueueView {
  /** Waiting requests of the callers that are meant, by their arrival. */
  requests(
    isMeant: (caller: string) => boolean,
    offset: number,
    limit: number,
  ): readonly RequestRow[];
  /** What a request would wait for if it came now; undefined: it would leave at once. */
  preview(request: PreviewedRequest): Wait | undefined;
  /** Requests of earlier processes that may have been executed, or not; undefined where nothing outlives a process. */
  unknown?(
    isMeant: (caller: string) => boolean,
    offset: number,
    limit: number,
  ): readonly UnknownOutcome[];
}

/** A request that is not sent: its body and headers do not matter. */
export type PreviewedRequest = Omit<
  ProxyRequest,
  "target" | "headers" | "body"
>;

/** Somebody with a key, and whether it has the right `admin`. */
export interface Operator {
  readonly keyName: string;
  readonly isAdmin: boolean;
}

/** A call to one of the operators' paths, free of any transport. */
export interface OperatorCall {
  readonly method: string;
  /** As it came, with its query. */
  readonly target: string;
  readonly headers: HeaderList;
  /** Where it comes from. */
  readonly address: string;
  /** Nobody on the way can read along. */
  readonly isEncrypted: boolean;
  /** Who has this key; undefined: nobody. */
  readonly holderOf: (key: string) => Operator | undefined;
  /** Its body, of some kilobytes at most. */
  readonly readBody: () => Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Who shows a key with it; throws the refusal where nobody does. */
  readonly shown: () => Operator;
}

/** Answers `/metrics` and `/admin`. */
export interface OperatorDoor {
  /** Undefined where it is none of its paths; throws and rejects with `Refusal` only. */
  answer(call: OperatorCall): Promise<Answer> | undefined;
}
