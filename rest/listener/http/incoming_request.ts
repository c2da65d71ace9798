import type { AnswerBody } from "../../domain/answer.ts";
import type { HeaderList } from "../../domain/headers.ts";
import type { CallerGone } from "../../domain/ports.ts";

/** Who takes a body's bytes as they come; exactly one of the last two is called, once. */
export interface BodySink {
  /** Its sender knows that it may send: its time begins. Bytes may have come before. */
  begun(): void;
  /** The bytes are a view that the transport may write over: what is kept is copied. */
  received(bytes: Uint8Array): void;
  ended(): void;
  /** It broke off, or its framing cannot be read. */
  failed(): void;
}

/** A request body that is still with its sender. */
export interface IncomingBody {
  /** Begins to read; whoever waits for `100 Continue` gets it now. To be called once. */
  read(sink: BodySink): void;
  /** No more for a while: the sender is held up by its own connection. */
  pause(): void;
  resume(): void;
}

/** One request as a transport hands it over: all that is known of it before its body. */
export interface IncomingRequest {
  readonly method: string;
  /** The request target as it stood on the wire: a path and query, or an absolute form. */
  readonly target: string;
  /** What the connection says instead of `Host`: HTTP/2's `:authority`. */
  readonly authority: string | undefined;
  readonly isSecure: boolean;
  /** Names in lower case; values of a name that came twice are joined with a comma. */
  readonly fields: HeaderList;
  /** Where the caller is, without a port; a trusted proxy may have said so. */
  readonly remoteAddress: string;
  /** Undefined: it has none, and that is certain. */
  readonly body: IncomingBody | undefined;
  readonly callerGone: CallerGone;
  /** Tells its caller that it is taken and worked on (102), before there is an answer; where a transport can. */
  readonly tellAccepted?: () => void;
  /** Why nothing may be done with this request: what servers read differently. */
  readonly problem?: string | undefined;
}

/** What goes back to a caller, whoever speaks. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: AnswerBody;
}

/** Answers one request; knows nothing of a server. */
export type HttpHandler = (request: IncomingRequest) => Promise<HttpAnswer>;

/** An open WebSocket, as far as the conversation over it goes. */
export interface OpenSocket {
  readonly isOpen: boolean;
  /** Bytes handed to `send` that the other side has not taken. */
  readonly bufferedAmount: number;
  /** `onTaken` is called when the system has taken it. */
  send(text: string, onTaken?: () => void): void;
  close(code: number, reason: string): void;
  /** Cuts the connection, whatever the other side does. */
  terminate(): void;
  /** Its caller has shown who it is: from now on it may send whole frames. */
  trust(): void;
  /** Reads nothing more for a while: the other side is held up by its own connection. */
  pause(): void;
  resume(): void;
}

/** What a WebSocket brings. */
export interface SocketListener {
  /** `keptBackMs`: for how long its authentication request was kept back until it could be heard. */
  opened(socket: OpenSocket, keptBackMs?: number): void;
  received(message: string | Uint8Array<ArrayBuffer>): void;
  closed(): void;
}

/** An upgrade that goes ahead. */
export interface AcceptedUpgrade {
  /** The subprotocol to return; undefined: none. */
  readonly protocol: string | undefined;
  readonly listener: SocketListener;
}

/** Says whether an upgrade goes ahead, or what is answered instead. */
export type UpgradeHandler = (
  request: IncomingRequest,
) => AcceptedUpgrade | HttpAnswer;

/** What every transport serves. */
export interface Endpoint {
  readonly handle: HttpHandler;
  /** Whether a request that wants to be upgraded is one for `upgrade`; others are answered as if they had not asked. */
  readonly isUpgrade: (
    request: Pick<IncomingRequest, "method" | "target" | "fields">,
  ) => boolean;
  readonly upgrade: UpgradeHandler;
}

/** An endpoint where no WebSockets are opened. */
export function withoutUpgrades(handle: HttpHandler): Endpoint {
  return {
    handle,
    isUpgrade: () => false,
    upgrade: () => ({ status: 426, headers: [], body: undefined }),
  };
}
