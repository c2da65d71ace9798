import type { HeaderList } from "../../domain/headers.ts";
import type { CallerGone, LeaveListener } from "../../domain/ports.ts";
import type { AnswerBody } from "../../domain/answer.ts";
import type {
  BodySink,
  HttpAnswer,
  IncomingBody,
  IncomingRequest,
} from "../http/incoming_request.ts";
import { dismiss } from "../http/outgoing_answer.ts";
import type { QueuedTimeout } from "../http/timeout_queue.ts";
import type { Connection, Waiting } from "./connections.ts";
import type { Transport } from "./transport.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Where an exchange's answer is written to: a response of HTTP/1.1, a stream of HTTP/2. */
export interface AnswerWriter {
  /** False: wait for `drain` before more is written. */
  write(bytes: Uint8Array): boolean;
  once(event: "drain", listener: () => void): unknown;
}

/**
 * One request and its answer, whatever server read it: the request as the
 * handler sees it, its caller's leaving, and the way back.
 */
export abstract class ServedRequest
  implements IncomingRequest, IncomingBody, CallerGone, Waiting, QueuedTimeout {
  atMs = 0;
  next: QueuedTimeout | undefined;
  previous: QueuedTimeout | undefined;
  readonly remoteAddress: string;
  readonly fields: HeaderList;
  abstract readonly method: string;
  abstract readonly target: string;
  abstract readonly authority: string | undefined;
  abstract readonly isSecure: boolean;
  abstract readonly problem: string | undefined;
  protected readonly transport: Transport;
  protected readonly connection: Connection;
  protected sink: BodySink | undefined;
  #listener: LeaveListener | undefined;
  #onUnread: (() => void) | undefined;
  #isGone = false;
  #isDone = false;

  constructor(
    transport: Transport,
    connection: Connection,
    fields: HeaderList,
  ) {
    this.transport = transport;
    this.connection = connection;
    this.fields = fields;
    const { address } = connection;
    this.remoteAddress = transport.forwarded.addressOf(address, fields);
    connection.add(this);
  }

  abstract get body(): IncomingBody | undefined;
  abstract read(sink: BodySink): void;
  abstract pause(): void;
  abstract resume(): void;
  /** Writes the answer; `dismissed` answers are of those who have left. */
  protected abstract write(answer: HttpAnswer): void;
  /** Ends the connection, or as much of it as is this exchange's. */
  protected abstract cut(): void;
  /** Whether its body is still on its way. */
  protected abstract get isIncoming(): boolean;
  /** A whole body is handed over in pieces of this size, so that it can be seen whether they are taken. */
  protected abstract readonly pieceBytes: number;

  get callerGone(): CallerGone {
    return this;
  }

  get aborted(): boolean {
    return this.#isGone;
  }

  addEventListener(_type: "abort", listener: LeaveListener): void {
    this.#listener = listener;
  }

  removeEventListener(_type: "abort", _listener: LeaveListener): void {
    this.#listener = undefined;
  }

  /** Has the endpoint answer, and sends that back. */
  async serve(): Promise<void> {
    const answer = await this.transport.endpoint.handle(this);
    if (this.#isGone) return dismiss(answer.body);
    try {
      this.write(answer);
    } catch {
      // A header that cannot be written: what is left is to say nothing more.
      dismiss(answer.body);
      this.#tellBrokenOff();
      this.cut();
    }
  }

  /** The answer is out, or will never be. */
  protected done(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.connection.remove(this);
  }

  leave(): void {
    if (this.#isGone || this.#isDone) return;
    this.#isGone = true;
    this.connection.remove(this);
    this.transport.unread.remove(this);
    this.transport.lingering.remove(this);
    this.#onUnread?.();
    const listener = this.#listener;
    listener?.handleEvent();
    if (this.isIncoming) this.sink?.failed();
  }

  spoil(): boolean {
    if (!this.isIncoming) return false;
    this.sink?.failed();
    return true;
  }

  drained(): void {}

  /** Called by the queue of unread answers or of lingering callers: its time is over. */
  act(): void {
    this.cut();
  }

  /** Writes a body piece by piece, as fast as it is taken; settles when all of it has been handed over, with false where that is cut short. */
  protected async pour(
    body: Exclude<AnswerBody, undefined>,
    writer: AnswerWriter,
  ): Promise<boolean> {
    if (body instanceof ReadableStream) {
      return await this.#pourStream(body, writer);
    }
    const { pieceBytes } = this;
    for (let at = 0; at < body.length; at += pieceBytes) {
      const piece = body.subarray(at, at + pieceBytes);
      if (!await this.#give(piece, writer)) return false;
    }
    return true;
  }

  async #pourStream(
    body: ReadableStream<Bytes>,
    writer: AnswerWriter,
  ): Promise<boolean> {
    const reader = body.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return true;
        if (this.#isGone || !await this.#give(value, writer)) {
          reader.cancel().catch(ignore);
          return false;
        }
      }
    } catch {
      // Discord's side broke off: the caller has to see that its answer is not whole.
      this.#tellBrokenOff();
      return false;
    }
  }

  #tellBrokenOff(): void {
    this.transport.facts({
      kind: "warning",
      message: "An answer broke off on its way to the caller",
    });
  }

  /** Its caller has from now on to take what it was given. */
  protected startUnread(): void {
    this.transport.unread.add(this);
  }

  async #give(piece: Uint8Array, writer: AnswerWriter): Promise<boolean> {
    if (writer.write(piece)) return true;
    const { unread } = this.transport;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onUnread = resolve;
    writer.once("drain", resolve);
    this.startUnread();
    await promise;
    unread.remove(this);
    this.#onUnread = undefined;
    return !this.#isGone;
  }
}

function ignore(): void {}
