import { createTcpServer, createTlsServer, type Socket } from "../../deps.ts";

/** A request as its bytes came, one character per byte. */
export interface RawRequest {
  /** Request line and headers, without the blank line. */
  readonly head: string;
  readonly line: string;
  readonly body: string;
  /** Counts from 1 on its connection. */
  readonly ordinal: number;
}

/** What stands where Discord would: it shows bytes as they came and answers with any. */
export interface RawServer {
  readonly port: number;
  /** For `baseUrl`. */
  readonly url: string;
  readonly requests: RawRequest[];
  /** Connections ever opened, and most at one time. */
  readonly opened: number;
  readonly peak: number;
  /** Settles when the nth request (from 1) is here whole. */
  arrived(count: number): Promise<RawRequest>;
  /** Settles when no connection is open. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

export type Reply = (request: RawRequest, socket: Socket) => void;

export interface RawServerOptions {
  readonly isTls?: boolean;
  /** A certificate that names another host. */
  readonly isElsewhere?: boolean;
  /** Runs on every connection; true: it is dealt with, read nothing. */
  readonly onConnection?: (socket: Socket) => boolean;
}

const TLS_DIR = new URL("../fixtures/tls/", import.meta.url);

export function fixture(name: string): string {
  return Deno.readTextFileSync(new URL(name, TLS_DIR));
}

export async function rawServerOf(
  reply: Reply,
  options: RawServerOptions = {},
): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const requests: RawRequest[] = [];
  const waiting = new Set<() => void>();
  const wake = () => waiting.forEach((check) => check());
  const until = (isSo: () => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => {
        if (!isSo()) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  let opened = 0;
  let peak = 0;

  const serve = (socket: Socket) => {
    sockets.add(socket);
    opened++;
    peak = Math.max(peak, sockets.size);
    socket.setNoDelay();
    // Resets are part of what is tested.
    socket.on("error", () => {});
    socket.on("close", () => {
      sockets.delete(socket);
      wake();
    });
    if (options.onConnection?.(socket) === true) return;
    readRequests(socket, (request) => {
      requests.push(request);
      reply(request, socket);
      wake();
    });
  };
  const whose = options.isElsewhere === true ? "elsewhere_" : "";
  const server = options.isTls === true
    ? createTlsServer(
      {
        cert: fixture(`${whose}cert.pem`),
        key: fixture(`${whose}key.pem`),
      },
      serve,
    )
    : createTcpServer(serve);
  await new Promise<void>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve())
  );
  const { port } = server.address() as { port: number };

  return {
    port,
    url: options.isTls === true
      ? `https://localhost:${port}/api`
      : `http://127.0.0.1:${port}/api`,
    requests,
    get opened() {
      return opened;
    },
    get peak() {
      return peak;
    },
    async arrived(count) {
      await until(() => requests.length >= count);
      return requests[count - 1] as RawRequest;
    },
    idle: () => until(() => sockets.size === 0),
    async close() {
      const closed = new Promise<void>((resolve) =>
        server.close(() => resolve())
      );
      for (const socket of sockets) socket.destroy();
      await closed;
      await until(() => sockets.size === 0);
    },
  };
}

/** Cuts what comes into requests by `content-length`; undici is not asked to chunk. */
function readRequests(
  socket: Socket,
  onRequest: (request: RawRequest) => void,
): void {
  let ordinal = 0;
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
    for (;;) {
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = text.slice(0, end);
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (text.length < end + 4 + length) return;
      const body = text.slice(end + 4, end + 4 + length);
      text = text.slice(end + 4 + length);
      const line = head.slice(0, head.indexOf("\r\n"));
      onRequest({ head, line, body, ordinal: ++ordinal });
    }
  });
}

/** An answer's bytes; the length is counted unless `fields` speak of it. */
export function answerBytes(
  status: number,
  fields: readonly string[] = [],
  body: string | Uint8Array = "",
): Uint8Array {
  const bytes = typeof body === "string"
    ? new TextEncoder().encode(body)
    : body;
  const isFramed = fields.some((field) =>
    /^(content-length|transfer-encoding|connection: close)/i.test(field)
  );
  const framing = isFramed ? [] : [`content-length: ${bytes.length}`];
  const head = [`HTTP/1.1 ${status} Whatever`, ...fields, ...framing, "", ""]
    .join("\r\n");
  const whole = new Uint8Array(head.length + bytes.length);
  for (let at = 0; at < head.length; at++) whole[at] = head.charCodeAt(at);
  whole.set(bytes, head.length);
  return whole;
}

/** A reply that is the same to everybody. */
export function replying(...answer: Parameters<typeof answerBytes>): Reply {
  const bytes = answerBytes(...answer);
  return (_request, socket) => void socket.write(bytes);
}
