import type { UndiciDispatcher } from "../../deps.ts";
import { GrowingBytes } from "../collections/growing_bytes.ts";
import type { Answer, AnswerBody } from "../domain/answer.ts";
import { type HeaderList, headerOf } from "../domain/headers.ts";
import { HELD_BACK, UpstreamFailure } from "../domain/ports.ts";
import { answerHeaders, type ReceivedHeaders } from "./answer_headers.ts";
import { BodyStream } from "./body_stream.ts";
import { plainBodyOf } from "./plain_body.ts";
import type { Timed, Timeouts } from "./timeouts.ts";

/**
 * Answers up to this size are buffered until they are complete. If one breaks off,
 * that is a failure before its caller has seen any of it. One read of a socket
 * brings this much.
 */
const BUFFERED_BYTES_MAX = 64 * 1024;

/** Errors are buffered up to this size, because the proxy reads their text. Discord's are far smaller. */
const BUFFERED_ERROR_BYTES_MAX = 1024 * 1024;

/** Taken, and worked on (RFC 2518, 10.1): what a peer says as soon as a request is in its queue. */
const PROCESSING = 102;

/** Statuses of answers without a body (RFC 9110, 6.4.1). */
const BODILESS: ReadonlySet<number> = new Set([204, 304]);

/** How many ticks each phase of an exchange may take. */
export interface ExchangeTicks {
  /** Until a connection is free. */
  readonly queued: number;
  /** From the request to the end of the answer's headers. */
  readonly headers: number;
  /** For a buffered body as a whole; for a streamed one, between two chunks. */
  readonly body: number;
  /** While the caller does not read the stream. */
  readonly reader: number;
}

type Phase = "queued" | "sent" | "buffering" | "streaming" | "paused" | "over";

/** Codes of time-outs, by phase. */
const TIMEOUT_CODES: Readonly<Record<Phase, string>> = {
  queued: "CONNECTION_TIMEOUT",
  sent: "HEADERS_TIMEOUT",
  buffering: "BODY_TIMEOUT",
  streaming: "BODY_TIMEOUT",
  paused: "READER_TIMEOUT",
  over: "TIMEOUT",
};

type Controller = UndiciDispatcher.DispatchController;

/** Who waits for an exchange. */
export interface ExchangeEnds {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (failure: UpstreamFailure) => void;
  /** Which headers of the answer are passed on; as from Discord, unless said. */
  readonly headersOf?: (received: ReceivedHeaders) => HeaderList;
  /** Asked right before the first byte; false: nothing is sent. */
  readonly mayLeave?: (() => boolean) | undefined;
  /** The other side has taken the request and works on it (102). */
  readonly onProcessing?: () => void;
}

/**
 * One request and its answer: the handler that undici calls.
 *
 * Its phase is `queued` until undici gives it a socket (nothing is sent yet),
 * `sent` until the headers of the answer have come, `buffering` while the body is
 * gathered, and `streaming` or `paused` if the body became a stream. It is `over`
 * when the promise or the stream has ended; later calls of undici are ignored.
 */
export class Exchange implements UndiciDispatcher.DispatchHandler, Timed {
  ticksLeft: number;
  next: Timed | undefined;
  previous: Timed | undefined;
  readonly #ticks: ExchangeTicks;
  readonly #timeouts: Timeouts;
  readonly #ends: ExchangeEnds;
  #phase: Phase = "queued";
  #controller: Controller | undefined;
  #status = 0;
  #sentAtMs = 0;
  #headers: HeaderList = [];
  #buffer: GrowingBytes | undefined;
  #bufferMax = 0;
  #stream: BodyStream | undefined;

  constructor(
    ticks: ExchangeTicks,
    timeouts: Timeouts,
    ends: ExchangeEnds,
  ) {
    this.#ticks = ticks;
    this.#timeouts = timeouts;
    this.#ends = ends;
    this.ticksLeft = ticks.queued;
    timeouts.add(this);
  }

  onRequestStart(controller: Controller): void {
    // Either it timed out while it waited for a connection, or undici is about to
    // send it a second time, which it must never do. If this throws, nothing is
    // sent, and the socket stays open.
    if (this.#phase !== "queued") throw new Error("Not to be sent");
    if (this.#ends.mayLeave?.() === false) throw new HeldBack();
    this.#phase = "sent";
    this.#sentAtMs = performance.now();
    this.#controller = controller;
    this.ticksLeft = this.#ticks.headers;
  }

  onResponseStart(
    controller: Controller,
    status: number,
    read: ReceivedHeaders["read"],
  ): void {
    // A 1xx is not the answer, and does not extend its time.
    if (status === PROCESSING) this.#ends.onProcessing?.();
    if (this.#phase !== "sent" || status < 200) return;
    const hasBody = !BODILESS.has(status);
    const raw = Array.isArray(controller.rawHeaders)
      ? controller.rawHeaders
      : [];
    this.#status = status;
    const headersOf = this.#ends.headersOf ?? answerHeaders;
    this.#headers = headersOf({ read, raw, hasBody });
    this.#phase = "buffering";
    this.ticksLeft = this.#ticks.body;
    if (!hasBody) return;
    this.#bufferMax = status < 400
      ? BUFFERED_BYTES_MAX
      : BUFFERED_ERROR_BYTES_MAX;
    const bytes = Number(headerOf(this.#headers, "content-length") ?? 0);
    if (bytes > this.#bufferMax) this.#startStream();
    else this.#buffer = new GrowingBytes(bytes);
  }

  onResponseData(_controller: Controller, chunk: Uint8Array): void {
    // The chunk is a view of a larger read buffer, so it is copied.
    if (this.#stream !== undefined) return this.#push(new Uint8Array(chunk));
    if (this.#buffer === undefined) return;
    this.#buffer.add(chunk);
    if (this.#buffer.length <= this.#bufferMax) return;
    this.#startStream();
    this.#push(this.#buffer.take());
  }

  onResponseEnd(): void {
    if (this.#phase === "over") return;
    this.#leave();
    if (this.#stream !== undefined) this.#stream.end();
    else this.#answer(this.#buffer?.take());
  }

  onResponseError(_controller: Controller | null, error: Error): void {
    const mayHaveArrived = this.#phase !== "queued";
    this.#fail(failureOf(error, { mayHaveArrived }));
  }

  expire(): void {
    const code = TIMEOUT_CODES[this.#phase];
    const mayHaveArrived = this.#phase !== "queued";
    this.#fail(new UpstreamFailure(code, { isTimeout: true, mayHaveArrived }));
    this.#controller?.abort(new Error(code));
  }

  /** Nobody waits for it any more: it fails with `code`, and its connection is closed. */
  abort(code: string): void {
    const mayHaveArrived = this.#phase !== "queued";
    this.#fail(new UpstreamFailure(code, { isTimeout: false, mayHaveArrived }));
    this.#controller?.abort(new Error(code));
  }

  #startStream(): void {
    this.#phase = "streaming";
    this.#stream = new BodyStream({
      resume: () => this.#resume(),
      abandon: () => {
        if (this.#phase === "over") return;
        this.#leave();
        this.#controller?.abort(new Error("Not read to its end"));
      },
    });
    this.#answer(this.#stream.readable);
  }

  #push(chunk: Uint8Array<ArrayBuffer>): void {
    if (this.#phase === "over" || this.#stream === undefined) return;
    this.ticksLeft = this.#ticks.body;
    if (this.#stream.push(chunk)) return;
    this.#phase = "paused";
    this.ticksLeft = this.#ticks.reader;
    this.#controller?.pause();
  }

  #resume(): void {
    if (this.#phase !== "paused") return;
    this.#phase = "streaming";
    this.ticksLeft = this.#ticks.body;
    this.#controller?.resume();
  }

  #answer(body: AnswerBody): void {
    this.#ends.resolve({
      status: this.#status,
      headers: this.#headers,
      body,
      plainBody: plainBodyOf(this.#status, this.#headers, body),
      sentAtMs: this.#sentAtMs,
    });
  }

  #fail(failure: UpstreamFailure): void {
    if (this.#phase === "over") return;
    this.#leave();
    if (this.#stream !== undefined) this.#stream.fail(failure);
    else this.#ends.reject(failure);
  }

  #leave(): void {
    this.#phase = "over";
    this.#timeouts.delete(this);
  }
}

class HeldBack extends Error {
  readonly code = HELD_BACK;
}

/** Codes of connect time-outs: our own, and the kernel's if that is shorter. */
const CONNECT_TIMEOUT_CODES: ReadonlySet<string> = new Set([
  "CONNECT_TIMEOUT",
  "ETIMEDOUT",
]);

/** A code or a class name. Sentences are never kept: they may contain addresses. */
const CODE = /^\w{1,60}$/;

/** Reduces a foreign error to its code, since its message and causes may contain a URL with a token. */
export function failureOf(
  error: unknown,
  { mayHaveArrived }: { readonly mayHaveArrived: boolean },
): UpstreamFailure {
  const code = codeOf(error);
  return new UpstreamFailure(code, {
    isTimeout: CONNECT_TIMEOUT_CODES.has(code),
    mayHaveArrived,
  });
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "UNKNOWN";
  const told = "code" in error ? error.code : undefined;
  if (typeof told === "string" && CODE.test(told)) return told;
  return CODE.test(error.name) ? error.name : "UNKNOWN";
}
