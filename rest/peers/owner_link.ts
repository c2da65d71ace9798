import { WebSocketClient } from "../../deps.ts";
import { PEER_KEY_HEADER } from "../domain/owners.ts";
import type { Secret } from "../domain/secret.ts";
import { PEER_CALL_HEADER } from "./wire.ts";

/** As much of a WebSocket of the package as is used; it brings no types of its own. */
interface WsClient {
  readonly bufferedAmount: number;
  send(data: string | Uint8Array, onTaken: () => void): void;
  close(code?: number, reason?: string): void;
  terminate(): void;
  pause(): void;
  resume(): void;
  on(event: "open" | "error", listener: () => void): void;
  on(event: "message", listener: (data: Uint8Array) => void): void;
  on(
    event: "close",
    listener: (code: number, reason: Uint8Array) => void,
  ): void;
}

type WsClass = new (url: string, options: Record<string, unknown>) => WsClient;

/** A machine of the same network answers in milliseconds. */
const HANDSHAKE_MS = 1_000;

/** A REPLY may hold the largest answer there is as base64 and escaped. */
const REPLY_BYTES_MAX = 256 * 1024 * 1024;

/** What happens on a link. */
export interface LinkListener {
  opened(): void;
  received(text: string): void;
  /** It took what was sent. */
  taken(): void;
  /** It is over; `code` as the owner closed it, 1006 where it broke. */
  closed(code: number, reason: string): void;
}

/** A WebSocket of ours to the owner of a bot. */
export class OwnerLink {
  readonly #socket: WsClient;
  readonly #listener: LinkListener;

  constructor(
    url: string,
    { key, call, caCertificates }: {
      readonly key: Secret;
      readonly call: string;
      readonly caCertificates: string | undefined;
    },
    listener: LinkListener,
  ) {
    this.#listener = listener;
    const socket = new (WebSocketClient as WsClass)(
      `${url.replace(/^http/, "ws")}/rep`,
      {
        perMessageDeflate: false,
        handshakeTimeout: HANDSHAKE_MS,
        maxPayload: REPLY_BYTES_MAX,
        headers: {
          [PEER_KEY_HEADER]: key.reveal(),
          [PEER_CALL_HEADER]: call,
        },
        ...caCertificates !== undefined && { ca: caCertificates },
      },
    );
    this.#socket = socket;
    socket.on("open", () => listener.opened());
    socket.on("message", (data) => listener.received(decoder.decode(data)));
    // What it says, the close after it says too.
    socket.on("error", () => {});
    socket.on(
      "close",
      (code, reason) => listener.closed(code, decoder.decode(reason)),
    );
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  send(message: string | Uint8Array): void {
    this.#socket.send(message, () => this.#listener.taken());
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Its caller is gone: nobody waits for the owner to answer the close. */
  close(): void {
    this.#socket.close(1000);
  }

  cut(): void {
    this.#socket.terminate();
  }
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
