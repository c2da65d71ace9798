import { ambientWebSocket } from "../wire/runtime.ts";

/** What the client reads of a socket's events, whichever class made them. */
export interface SocketEvent {
  readonly type: string;
  readonly data?: unknown;
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
}

/** The part of a WebSocket the client needs: the platform's own class and npm's `ws` both fit. */
export interface Socket {
  binaryType: string;
  readonly bufferedAmount: number;
  /** The negotiated subprotocol, "" when there is none. */
  readonly protocol: string;
  send(data: string | ArrayBuffer): void;
  close(code?: number, reason?: string): void;
  addEventListener(
    type: "open" | "message" | "close" | "error",
    listener: (event: SocketEvent) => void,
  ): void;
  /** Where it exists (npm `ws`), drops the connection without a closing handshake. */
  terminate?(): void;
}

/** How a socket is to be opened. */
export interface SocketRequest {
  readonly protocols: string[];
  /** Not empty only with `authBy: "header"`; a browser cannot send it. */
  readonly headers: Record<string, string>;
}

/** Opens a socket; with npm `ws`: `(url, { protocols, headers }) => new WebSocket(url, protocols, { headers })`. */
export type SocketFactory = (url: string, request: SocketRequest) => Socket;

/** A factory around the runtime's own WebSocket. Throws where there is none. */
export function platformSocketFactory(): SocketFactory {
  const WebSocketClass = ambientWebSocket();
  if (WebSocketClass === undefined) {
    throw new TypeError(
      'Cannot open a WebSocket: this runtime has none (Node before 22). Pass `webSocket: (url, { protocols, headers }) => new WebSocket(url, protocols, { headers })` with the class of the npm package "ws"',
    );
  }
  return (url, { protocols, headers }) => {
    // Only Deno and Node take an object here; browsers must get the bare list.
    const hasHeaders = Object.keys(headers).length > 0;
    const options = hasHeaders ? { protocols, headers } : protocols;
    return new WebSocketClass(url, options);
  };
}
