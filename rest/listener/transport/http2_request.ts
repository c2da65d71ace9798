import type { ServerHttp2Stream } from "../../../deps.ts";
import { fieldsOf } from "../http/fields.ts";
import type {
  BodySink,
  HttpAnswer,
  IncomingBody,
} from "../http/incoming_request.ts";
import type { Connection } from "./connections.ts";
import { dismiss } from "../http/outgoing_answer.ts";
import type { Outlet } from "./outlet.ts";
import { type AnswerWriter, ServedRequest } from "./served_request.ts";
import type { Transport } from "./transport.ts";

/** RFC 9113, 7: the stream is over, and nothing was wrong with it. */
const NO_ERROR = 0;
/** The other side is to take no part of the answer for whole. */
const INTERNAL_ERROR = 2;

/** What a frame of DATA has at most unless agreed otherwise; of each of a connection's many streams one may lie here unread. */
const FRAME_BYTES = 16 * 1024;

/** Headers of HTTP/1.1's connections, which HTTP/2 has no place for (RFC 9113, 8.2.2). */
const OF_CONNECTIONS: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

/** A request as its session tells it. */
interface Asked {
  readonly stream: ServerHttp2Stream;
  readonly raw: readonly string[];
  readonly hasBody: boolean;
  readonly outlet: Outlet;
}

/** Writes to a stream as long as both it and its connection have room. */
class StreamWriter implements AnswerWriter {
  readonly #stream: ServerHttp2Stream;
  readonly #outlet: Outlet;

  constructor(stream: ServerHttp2Stream, outlet: Outlet) {
    this.#stream = stream;
    this.#outlet = outlet;
  }

  write(bytes: Uint8Array): boolean {
    const outlet = this.#outlet;
    const hasRoom = this.#stream.write(bytes, outlet.give(bytes.length));
    return hasRoom && !outlet.isFull;
  }

  once(_event: "drain", listener: () => void): void {
    const { writableNeedDrain } = this.#stream;
    if (!writableNeedDrain) return this.#outlet.whenRoom(listener);
    this.#stream.once("drain", () => {
      if (this.#outlet.isFull) this.#outlet.whenRoom(listener);
      else listener();
    });
  }
}

/** One stream of HTTP/2: a request and its answer. */
export class Http2Request extends ServedRequest {
  readonly method: string;
  readonly target: string;
  readonly authority: string | undefined;
  readonly isSecure = true;
  readonly problem = undefined;
  protected readonly pieceBytes = FRAME_BYTES;
  readonly #stream: ServerHttp2Stream;
  readonly #outlet: Outlet;
  readonly #hasBody: boolean;
  #hasEnded: boolean;

  constructor(
    { stream, raw, hasBody, outlet }: Asked,
    transport: Transport,
    connection: Connection,
  ) {
    super(transport, connection, fieldsOf(raw));
    this.#stream = stream;
    this.#outlet = outlet;
    this.#hasBody = hasBody;
    this.#hasEnded = !hasBody;
    this.method = pseudoOf(raw, ":method") ?? "";
    this.target = pseudoOf(raw, ":path") ?? "";
    this.authority = pseudoOf(raw, ":authority");
    stream.on("close", () => {
      this.leave();
      this.done();
    });
    // What it says, the close after it says too.
    stream.on("error", ignore);
    stream.on("end", () => {
      this.#hasEnded = true;
    });
    if (!hasBody) stream.resume();
  }

  get body(): IncomingBody | undefined {
    return this.#hasBody ? this : undefined;
  }

  read(sink: BodySink): void {
    this.sink = sink;
    sink.begun();
    const stream = this.#stream;
    stream.on("data", (chunk: Uint8Array) => this.sink?.received(chunk));
    stream.on("end", () => this.sink?.ended());
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  protected get isIncoming(): boolean {
    return !this.#hasEnded;
  }

  protected cut(): void {
    this.#stream.close(INTERNAL_ERROR);
  }

  protected write(answer: HttpAnswer): void {
    if (!this.#outlet.isFull) return this.#write(answer);
    this.#outlet.whenRoom(() => this.write(answer));
  }

  #write(answer: HttpAnswer): void {
    const { status, body } = answer;
    const stream = this.#stream;
    if (stream.destroyed || stream.closed) return dismiss(body);
    const headers: Record<string, string | string[] | number> = {
      ":status": status,
    };
    for (const [name, value] of answer.headers) {
      if (!OF_CONNECTIONS.has(name)) add(headers, name, value);
    }
    if (body instanceof Uint8Array) headers["content-length"] = body.length;
    stream.respond(headers, { endStream: body === undefined });
    if (body === undefined) return this.#ended();
    void this.pour(body, new StreamWriter(stream, this.#outlet)).then(
      (isWhole) => {
        if (!isWhole) return this.cut();
        stream.end();
        this.#ended();
      },
    );
  }

  /** What its caller still sends is asked for no more. */
  #ended(): void {
    const stream = this.#stream;
    this.sink = undefined;
    const { unread } = this.transport;
    if (stream.writableFinished) return this.#release();
    unread.add(this);
    stream.once("finish", () => {
      unread.remove(this);
      this.#release();
    });
  }

  #release(): void {
    this.done();
    if (this.isIncoming) this.#stream.close(NO_ERROR);
  }
}

function pseudoOf(raw: readonly string[], name: string): string | undefined {
  const at = raw.indexOf(name);
  return at < 0 || at % 2 === 1 ? undefined : raw[at + 1];
}

function add(
  headers: Record<string, string | string[] | number>,
  name: string,
  value: string,
): void {
  const there = headers[name];
  if (there === undefined) headers[name] = value;
  else headers[name] = [there, value].flat() as string[];
}

function ignore(): void {}
