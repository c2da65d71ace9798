/** What the client asks of its runtime. Each can be handed in, so a test can own it. */

/** Time and timers. */
export interface Clock {
  /** Milliseconds that never go back. */
  nowMs(): number;
  /**
   * Runs `action` once after `delayMs`; the returned function cancels that. The
   * timer keeps the process alive.
   */
  after(delayMs: number, action: () => void): () => void;
  /** The same, but a process with nothing else to do may end before it. */
  afterIdly(delayMs: number, action: () => void): () => void;
}

/** What the client reads of a socket's events, whichever class made them. */
export interface SocketEvent {
  /** `open`, `message`, `close` or `error`. */
  readonly type: string;
  /** The frame of a `message`: text, or an `ArrayBuffer`. */
  readonly data?: unknown;
  /** The close code of a `close`. */
  readonly code?: number;
  /** The reason given with the close code. */
  readonly reason?: string;
  /** What an `error` says, where the runtime says anything. */
  readonly message?: string;
}

/** The part of a WebSocket the client needs: the platform's own class and npm's `ws` both fit. */
export interface Socket {
  /** The client sets it to `arraybuffer`. */
  binaryType: string;
  /** Bytes that the socket has taken and not yet sent. */
  readonly bufferedAmount: number;
  /** The negotiated subprotocol, "" when there is none. */
  readonly protocol: string;
  /** Sends a frame; may throw when the socket is not open. */
  send(data: string | ArrayBuffer): void;
  /** Begins the closing handshake. */
  close(code?: number, reason?: string): void;
  /** Calls `listener` on every event of this type. */
  addEventListener(
    type: "open" | "message" | "close" | "error",
    listener: (event: SocketEvent) => void,
  ): void;
  /** Where it exists (npm `ws`), drops the connection without a closing handshake. */
  terminate?(): void;
}

/** How a socket is to be opened. */
export interface SocketRequest {
  /** Subprotocols to offer, the preferred one first. */
  readonly protocols: string[];
  /** Not empty only with `authBy: "header"`; a browser cannot send it. */
  readonly headers: Record<string, string>;
}

/** Opens a socket; with npm `ws`: `(url, { protocols, headers }) => new WebSocket(url, protocols, { headers })`. */
export type SocketFactory = (url: string, request: SocketRequest) => Socket;

/** The part of an `AbortSignal` the client needs. */
export interface AbortSignalLike {
  /** True once it has been aborted. */
  readonly aborted: boolean;
  /** What an aborted request rejects with. */
  readonly reason: unknown;
  /** Calls `listener` when it is aborted. */
  addEventListener(type: "abort", listener: () => void): void;
  /** Stops calling `listener`. */
  removeEventListener(type: "abort", listener: () => void): void;
}

/** Turns frames into values and back; replace it to keep integers beyond 2^53. */
export interface JsonCodec {
  /** Reads the text of a frame; throws when it is not JSON. */
  parse(text: string): unknown;
  /** Writes `data` of a request as JSON text. */
  stringify(value: unknown): string;
}
