import { bytesOf, latin1Of } from "./_wire.ts";

/** What an upstream does with one request, with the socket it came on. */
export type Reply = (socket: Deno.TcpConn) => Promise<void>;

/** A stand-in for Discord that treats POSTs as a test wants, and answers GETs as it ought to. */
export interface HostileUpstream extends AsyncDisposable {
  readonly url: string;
  /** How often a POST arrived. */
  readonly posts: number;
  /** Connections that are open. */
  readonly open: number;
}

/** How a GET is answered, whatever came before on its connection. */
export const GOOD_BODY = '{"url":"wss://good.example"}';

const HEAD_END = "\r\n\r\n";

export function answerOf(
  status: string,
  headers: readonly string[] = [],
  body = "",
): string {
  return [
    `HTTP/1.1 ${status}`,
    `Content-Length: ${body.length}`,
    "Content-Type: application/json",
    ...headers,
    "",
    body,
  ].join("\r\n");
}

export function startHostileUpstream(onPost: Reply): HostileUpstream {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const sockets = new Map<Deno.TcpConn, Promise<void>>();
  let posts = 0;

  async function serve(socket: Deno.TcpConn): Promise<void> {
    try {
      for await (const head of heads(socket)) {
        if (head.startsWith("POST ")) {
          posts++;
          await onPost(socket);
        } else await say(socket, answerOf("200 OK", [], GOOD_BODY));
      }
    } catch {
      // Closed, by either side: part of what is tried.
    } finally {
      sockets.delete(socket);
      close(socket);
    }
  }
  const accepting = (async () => {
    for await (const socket of listener) sockets.set(socket, serve(socket));
  })();

  return {
    url: `http://127.0.0.1:${listener.addr.port}/api`,
    get posts() {
      return posts;
    },
    get open() {
      return sockets.size;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      const serving = [...sockets.values()];
      for (const socket of sockets.keys()) close(socket);
      await Promise.all([accepting, ...serving]);
    },
  };
}

/** Throws where the other side takes no more. */
export async function say(
  socket: Deno.TcpConn,
  what: string | Uint8Array<ArrayBuffer>,
): Promise<void> {
  let bytes = typeof what === "string" ? bytesOf(what) : what;
  while (bytes.length > 0) bytes = bytes.subarray(await socket.write(bytes));
}

/** Heads of requests as they come; bodies are read away. */
async function* heads(socket: Deno.TcpConn): AsyncGenerator<string> {
  const buffer = new Uint8Array(64 * 1024);
  let text = "";
  for (;;) {
    const count = await socket.read(buffer);
    if (count === null) return;
    text += latin1Of(buffer.subarray(0, count));
    for (;;) {
      const end = text.indexOf(HEAD_END);
      if (end < 0) break;
      const head = text.slice(0, end);
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (text.length < end + HEAD_END.length + length) break;
      text = text.slice(end + HEAD_END.length + length);
      yield head;
    }
  }
}

function close(socket: Deno.TcpConn): void {
  try {
    socket.close();
  } catch {
    // Closed already.
  }
}
