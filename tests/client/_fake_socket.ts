import type { Socket, SocketEvent, SocketRequest } from "../../client/mod.ts";

type Type = "open" | "message" | "close" | "error";

/** A WebSocket without a network: the test is the other side. */
export class FakeSocket implements Socket {
  binaryType = "blob";
  bufferedAmount = 0;
  protocol = "";
  readonly url: string;
  readonly request: SocketRequest;
  /** Every frame the client sent. */
  readonly sent: (string | ArrayBuffer)[] = [];
  /** What the client closed it with. */
  closedWith:
    | { code: number | undefined; reason: string | undefined }
    | undefined;
  /** True: a `close` of the client's is never answered. */
  isDeaf = false;
  /** True: `send` throws, as on a socket that is closing. */
  isBroken = false;
  readonly #listeners = new Map<Type, ((event: SocketEvent) => void)[]>();

  constructor(url: string, request: SocketRequest) {
    this.url = url;
    this.request = request;
  }

  addEventListener(type: Type, listener: (event: SocketEvent) => void): void {
    this.#listeners.set(type, [...this.#listeners.get(type) ?? [], listener]);
  }

  send(data: string | ArrayBuffer): void {
    if (this.isBroken) throw new Error("InvalidStateError");
    this.sent.push(data);
  }

  close(code?: number, reason?: string): void {
    this.closedWith ??= { code, reason };
    if (!this.isDeaf) queueMicrotask(() => this.end(code, reason));
  }

  fire(type: Type, event: Omit<SocketEvent, "type"> = {}): void {
    const listeners = this.#listeners.get(type) ?? [];
    for (const listener of listeners) listener({ type, ...event });
  }

  open(protocol = "rep.v1"): void {
    this.protocol = protocol;
    this.fire("open");
  }

  /** A frame from the server. */
  say(frame: unknown): void {
    const data = typeof frame === "string" ? frame : JSON.stringify(frame);
    this.fire("message", { data });
  }

  /** The server, or the network, ends it. */
  end(code = 1006, reason = ""): void {
    this.fire("close", { code, reason });
  }

  /** The frames sent, read, without `PING`. */
  get frames(): Frame[] {
    return this.sent
      .filter((data) => typeof data === "string" && data !== "PING")
      .map((data) => JSON.parse(data as string));
  }

  /** The frames about the connection, by the last part of their target. */
  control(name: string): Frame[] {
    return this.frames.filter(({ target }) => target === `/_rep/${name}`);
  }

  /** The frames that are requests for Discord. */
  get requests(): Frame[] {
    return this.frames.filter(({ target }) => !target.startsWith("/_rep/"));
  }
}

/** A frame as a test reads it. */
export interface Frame {
  readonly target: string;
  readonly method: string;
  readonly data?: unknown;
  readonly req?: string | number;
  readonly ack?: number;
  readonly opts?: Record<string, unknown>;
  readonly headers?: Record<string, string>;
  readonly files?: Record<string, unknown>[];
}
