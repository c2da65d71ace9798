import type { IncomingMessage, ServerResponse } from "../../../deps.ts";
import type { HeaderList } from "../../domain/headers.ts";
import { fieldOf, fieldsOf } from "../http/fields.ts";
import type {
  BodySink,
  HttpAnswer,
  IncomingBody,
} from "../http/incoming_request.ts";
import type { Connection } from "./connections.ts";
import { ServedRequest } from "./served_request.ts";
import { isSecure } from "./handed_socket.ts";
import type { Transport } from "./transport.ts";

/** Whole bodies up to this size are written at once; one write of a socket takes as much. */
const AT_ONCE_BYTES_MAX = 64 * 1024;

/** Statuses whose answer has neither a body nor a length (RFC 9110, 8.6). */
const BODILESS: ReadonlySet<number> = new Set([204, 304]);

/** Whoever is told that it may not come in may have anything in mind. */
const UNKNOWN_STATUSES: ReadonlySet<number> = new Set([401, 403]);

/** What such a caller may go on sending: what was under way when it was answered, and no flood that would have to be read. */
const LINGER_BYTES = 1024 * 1024;

/** When a caller sends its body. */
export type BodyComes = "at once" | "after 100 Continue";

/** One request of HTTP/1.1 and its answer. */
export class Http1Request extends ServedRequest {
  readonly method: string;
  readonly target: string;
  readonly authority = undefined;
  readonly problem: string | undefined;
  protected readonly pieceBytes = AT_ONCE_BYTES_MAX;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #bodyComes: BodyComes;
  readonly #hasBody: boolean;
  #isSpoilt = false;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    bodyComes: BodyComes,
    transport: Transport,
    connection: Connection,
  ) {
    super(transport, connection, fieldsOf(request.rawHeaders));
    this.#request = request;
    this.#response = response;
    this.#bodyComes = bodyComes;
    this.method = request.method ?? "";
    this.target = request.url ?? "";
    const length = fieldOf(this.fields, "content-length");
    const coding = fieldOf(this.fields, "transfer-encoding");
    this.#hasBody = coding !== null || (length !== null && length !== "0");
    this.problem = problemOf(request, this.fields, coding);
  }

  get isSecure(): boolean {
    return isSecure(this.#request.socket);
  }

  get body(): IncomingBody | undefined {
    return this.#hasBody ? this : undefined;
  }

  read(sink: BodySink): void {
    this.sink = sink;
    const request = this.#request;
    if (this.#bodyComes === "after 100 Continue") {
      this.#inTurn(() => {
        this.#writeContinue();
        sink.begun();
      });
    } else sink.begun();
    request.on("data", (chunk: Uint8Array) => this.sink?.received(chunk));
    request.on("end", () => this.sink?.ended());
    // What it says, the connection's end says too.
    request.on("error", ignore);
  }

  tellAccepted(): void {
    this.#inTurn(() => {
      if (!this.#response.headersSent) this.#response.writeProcessing();
    });
  }

  pause(): void {
    this.#request.pause();
  }

  resume(): void {
    this.#request.resume();
  }

  protected get isIncoming(): boolean {
    return this.#hasBody && !this.#isSpoilt && !this.#request.complete;
  }

  override leave(): void {
    super.leave();
    const { complete, readableLength } = this.#request;
    if (!complete) return;
    // Its end is not told any more, though every byte of it is here.
    if (readableLength === 0) this.sink?.ended();
    else this.sink?.failed();
  }

  override spoil(): boolean {
    const wasIncoming = super.spoil();
    // Nothing more can be read of it.
    this.#isSpoilt = true;
    return wasIncoming;
  }

  override drained(): void {
    this.#response.emit("drain");
  }

  protected cut(): void {
    this.#request.socket.destroy();
  }

  protected write(answer: HttpAnswer): void {
    const { status, body } = answer;
    const response = this.#response;
    const { connection } = this;
    const headers = [...answer.headers] as [string, string][];
    const isOver = connection.isClosing || connection.isEnding;
    // After it nothing is sent, so it stands with the last of the answers.
    if (isOver && connection.isLast(this)) {
      headers.push(["connection", "close"]);
    } else headers.push(this.transport.keepAlive);
    if (this.isIncoming && this.problem === undefined) {
      return this.#writeEarly(answer, headers);
    }
    if (body instanceof Uint8Array) headers.push(lengthOf(body));
    else if (body === undefined && !BODILESS.has(status)) {
      headers.push(["content-length", "0"]);
    }
    response.writeHead(status, headers as never);
    const isLarge = body instanceof ReadableStream ||
      (body !== undefined && body.length > AT_ONCE_BYTES_MAX);
    if (isLarge) return this.#pourBody(body);
    response.end(body);
    if (response.socket?.writableLength === 0) this.done();
    else this.#doneWhenTaken();
  }

  /**
   * Answers a caller that is still sending. It gets to read why, and what it
   * goes on sending is thrown away for a while: to close at once would reset
   * the connection, and the answer with it.
   */
  #writeEarly({ status, body }: HttpAnswer, headers: [string, string][]): void {
    const response = this.#response;
    const request = this.#request;
    const { lingering } = this.transport;
    this.connection.isClosing = true;
    this.sink = undefined;
    if (!headers.some(([name]) => name === "connection")) {
      headers.push(["connection", "close"]);
    }
    const bytes = body instanceof Uint8Array ? body : new Uint8Array();
    headers.push(lengthOf(bytes));
    response.writeHead(status, headers as never);
    response.write(bytes);
    this.#inTurn(() => {
      if (!response.writableEnded) lingering.add(this);
    });
    const end = () => {
      lingering.remove(this);
      response.end();
      this.#doneWhenTaken();
    };
    let leftBytes = UNKNOWN_STATUSES.has(status) ? LINGER_BYTES : Infinity;
    request.on("error", ignore);
    request.once("end", end);
    request.on("data", (chunk: Uint8Array) => {
      leftBytes -= chunk.length;
      if (leftBytes < 0) this.cut();
    });
    request.resume();
  }

  #pourBody(body: Exclude<HttpAnswer["body"], undefined>): void {
    const response = this.#response;
    void this.pour(body, response).then((isWhole) => {
      if (!isWhole) return this.cut();
      response.end();
      this.#doneWhenTaken();
    });
  }

  /** Behind an answer that is late nobody can read this one. */
  protected override startUnread(): void {
    this.#inTurn(() => super.startUnread());
  }

  /**
   * Acts once the answers before this one have been written. Whatever is
   * written to a response before that it keeps, and puts its head before it.
   */
  #inTurn(act: () => void): void {
    if (this.#response.socket !== null) return act();
    this.#response.once("socket", act);
  }

  /** Who has sent its body unasked, and has its answer, needs no word before it (RFC 9110, 10.1.1). */
  #writeContinue(): void {
    if (!this.#response.headersSent) this.#response.writeContinue();
  }

  /** What the socket has not taken yet must not wait there for ever. */
  #doneWhenTaken(): void {
    const { unread } = this.transport;
    this.startUnread();
    this.#response.once("finish", () => {
      unread.remove(this);
      this.done();
    });
  }
}

/** A name or an address, and a port (RFC 3986, 3.2.2); two of them stand with a comma between. */
const HOST = /^[A-Za-z0-9._~!$&'()*+;=:[\]%-]*$/;

/** What other servers read differently, or not at all (RFC 9112, 2.5, 3.2 and 6.1). */
function problemOf(
  { httpVersionMajor, httpVersionMinor }: IncomingMessage,
  fields: HeaderList,
  coding: string | null,
): string | undefined {
  if (httpVersionMajor !== 1 || httpVersionMinor > 1) {
    return "Cannot read the request: HTTP/1.1 is wanted";
  }
  const host = fieldOf(fields, "host");
  if (host === null ? httpVersionMinor === 1 : !HOST.test(host)) {
    return "Cannot read Host: one host is wanted, with its port";
  }
  if (coding !== null && coding.toLowerCase() !== "chunked") {
    return "Cannot read Transfer-Encoding: chunked is the only one that is taken";
  }
  if (coding !== null && httpVersionMinor === 0) {
    return "Cannot read Transfer-Encoding: HTTP/1.0 has none";
  }
  return undefined;
}

function lengthOf(body: Uint8Array): [string, string] {
  return ["content-length", String(body.length)];
}

function ignore(): void {}
