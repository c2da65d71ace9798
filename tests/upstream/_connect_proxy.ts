import {
  connectTcp,
  createTcpServer,
  createTlsServer,
  type Socket,
} from "../../deps.ts";
import type { OutboundProxy } from "../../rest/domain/outbound_proxy.ts";
import { Secret } from "../../rest/domain/secret.ts";
import { fixture } from "./_raw_server.ts";

/** What a proxy answers to CONNECT, in the pieces it is written in; undefined: it opens the tunnel. */
type Reply = readonly string[] | undefined;

interface ConnectProxyOptions {
  readonly isTls?: boolean;
  readonly reply?: Reply;
  /** The tunnel opens when this settles. */
  readonly onConnect?: () => Promise<void>;
  /** `user:password` that it is given. */
  readonly credentials?: string;
}

/** A forward proxy that knows CONNECT alone and shows what it was asked. */
export interface ConnectProxy extends AsyncDisposable {
  readonly proxy: OutboundProxy;
  /** Request lines and headers, in the order they came. */
  readonly heads: readonly string[];
  /** The addresses that callers came from. */
  readonly callers: readonly string[];
  /** Everything that went through towards hosts, one character per byte. */
  readonly passed: () => string;
}

const OPENED = ["HTTP/1.1 200 Connection established\r\n", "\r\n"];

export async function startConnectProxy(
  { isTls = false, reply, credentials, onConnect }: ConnectProxyOptions = {},
): Promise<ConnectProxy> {
  const heads: string[] = [];
  const callers: string[] = [];
  const sockets = new Set<Socket>();
  let passed = "";
  const serve = (socket: Socket) => {
    track(socket, sockets);
    callers.push(socket.remoteAddress ?? "");
    readHead(socket, (head) => {
      heads.push(head);
      if (reply !== undefined) return void writePieces(socket, reply);
      const [, host = "", port] = /^CONNECT (.*):(\d+) /.exec(head) ?? [];
      const far = connectTcp({ host, port: Number(port) }, async () => {
        await onConnect?.();
        writePieces(socket, OPENED);
        socket.on("data", (bytes) => passed += bytes.toString("latin1"));
        socket.pipe(far).pipe(socket);
      });
      track(far, sockets);
      socket.once("close", () => far.destroy());
      far.once("close", () => socket.destroy());
    });
  };
  const server = isTls
    ? createTlsServer(
      { cert: fixture("cert.pem"), key: fixture("key.pem") },
      serve,
    )
    : createTcpServer(serve);
  await new Promise<void>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve())
  );
  const { port } = server.address() as { port: number };
  return {
    proxy: {
      isTls,
      hostname: isTls ? "localhost" : "127.0.0.1",
      port,
      authorization: credentials === undefined
        ? undefined
        : new Secret(`Basic ${btoa(credentials)}`),
    },
    heads,
    callers,
    passed: () => passed,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) =>
        server.close(() => resolve())
      );
      const ends = [...sockets].map((socket) =>
        new Promise((resolve) => socket.once("close", resolve))
      );
      for (const socket of sockets) socket.destroy();
      await Promise.all([closed, ...ends]);
    },
  };
}

function track(socket: Socket, sockets: Set<Socket>): void {
  sockets.add(socket);
  socket.on("error", () => {});
  socket.once("close", () => sockets.delete(socket));
}

function readHead(socket: Socket, onHead: (head: string) => void): void {
  let text = "";
  const read = (bytes: Uint8Array) => {
    text += String.fromCharCode(...bytes);
    const end = text.indexOf("\r\n\r\n");
    if (end < 0) return;
    socket.off("data", read);
    onHead(text.slice(0, end));
  };
  socket.on("data", read);
}

/** Each in a segment of its own, as far as the kernel lets it. */
async function writePieces(
  socket: Socket,
  pieces: readonly string[],
): Promise<void> {
  for (const piece of pieces) {
    await new Promise((resolve) => socket.write(piece, resolve));
  }
}
