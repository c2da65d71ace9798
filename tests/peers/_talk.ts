import { KEY } from "../_proxy.ts";

/** One frame that came. */
export interface Came {
  readonly target?: string;
  readonly method?: string;
  readonly req?: unknown;
  readonly seq?: number;
  readonly meta?: Record<string, unknown>;
  readonly data?: {
    readonly status?: number;
    readonly data?: unknown;
    readonly error?: unknown;
    readonly type?: string;
  };
}

/** A WebSocket of a test's. */
export interface Talk extends AsyncDisposable {
  send(frame: unknown): void;
  sendRaw(data: string | Uint8Array<ArrayBuffer>): void;
  /** Settles with the first frame that fits. */
  seen(fits: (frame: Came) => boolean): Promise<Came>;
  readonly frames: readonly Came[];
  readonly texts: readonly string[];
  /** Settles when it is over. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
}

/** Opens one; with `key` it shows it at once, as browsers do. */
export async function talkTo(
  httpUrl: string,
  { key = KEY }: { readonly key?: string | undefined } = {},
): Promise<Talk> {
  const shown = `rep.auth.${
    btoa(key).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")
  }`;
  const socket = new WebSocket(
    `${httpUrl.replace("http", "ws")}/rep`,
    key === "" ? ["rep.v1"] : ["rep.v1", shown],
  );
  const frames: Came[] = [];
  const texts: string[] = [];
  let news = Promise.withResolvers<void>();
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.onclose = ({ code, reason }) => {
      resolve({ code, reason });
      news.resolve();
    };
  });
  socket.onmessage = ({ data }) => {
    texts.push(String(data));
    if (data !== "PONG") frames.push(JSON.parse(data));
    news.resolve();
    news = Promise.withResolvers();
  };
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = () => reject(new Error("It did not open"));
  });
  return {
    frames,
    texts,
    closed,
    send: (frame) => socket.send(JSON.stringify(frame)),
    sendRaw: (data) => socket.send(data),
    async seen(fits) {
      for (;;) {
        const found = frames.find(fits);
        if (found !== undefined) return found;
        if (socket.readyState > WebSocket.OPEN) {
          throw new Error(`Closed before it came: ${JSON.stringify(frames)}`);
        }
        await news.promise;
      }
    },
    async [Symbol.asyncDispose]() {
      if (socket.readyState <= WebSocket.OPEN) socket.close();
      await closed;
    },
  };
}

/** A message as a frame. */
export function say(content: string, req: unknown): Record<string, unknown> {
  return {
    target: "/channels/41771983423143937/messages",
    method: "ACTION",
    data: { content },
    req,
  };
}

/** The authentication request that opens or resumes a session. */
export function hello(session: string): Record<string, unknown> {
  const data = { token: KEY, session };
  return { target: "/_rep/auth", method: "ACTION", data, req: "hello" };
}
