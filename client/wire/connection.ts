import type { Clock, Socket } from "../api/ports.ts";
import type { Closed, Notice, ReadyInfo } from "../api/replies.ts";
import {
  DEFAULT_LIMITS,
  PLAIN_INFO,
  readAuthReply,
  SUBPROTOCOL,
} from "./auth.ts";
import { TERMINATED, VANISHED } from "./close_codes.ts";
import { decodeFrame, type Reply, type ServerFrame } from "./decode_frame.ts";
import { PING } from "./encode_frame.ts";
import { Heartbeat } from "./heartbeat.ts";
import { textOf } from "./runtime.ts";

/** The reserved code for "the server refused the key" (section 2.3). */
const AUTHENTICATION_REFUSED = 4403;

/** The code for "try again later" (section 2.3). */
const TRY_AGAIN_LATER = 1013;

/** What a connection tells. After `closed` it tells nothing more. */
export interface ConnectionHooks {
  opened(): void;
  ready(info: ReadyInfo): void;
  reply(reply: Reply): void;
  notice(notice: Notice): void;
  roundTrip(rttMs: number): void;
  closed(closed: Closed): void;
}

/** What a connection is made with. */
export interface ConnectionParts {
  readonly socket: Socket;
  readonly clock: Clock;
  readonly parse: (text: string) => unknown;
  /** The `/_rep/auth` frame; undefined: requests may go as soon as the socket is open. */
  readonly authFrame: string | undefined;
  /** The `req` of that frame. */
  readonly authReq: string;
}

/**
 * One socket from its opening to its end. It authenticates, keeps the
 * heartbeat, reads frames, and ends exactly once, however many `close` and
 * `error` events the runtime fires for it (rule C58).
 */
export class Connection {
  readonly #parts: ConnectionParts;
  readonly #hooks: ConnectionHooks;
  #heartbeat: Heartbeat | undefined;
  #phase: "opening" | "authenticating" | "ready" | "over" = "opening";
  #lastError = "";

  constructor(parts: ConnectionParts, hooks: ConnectionHooks) {
    this.#parts = parts;
    this.#hooks = hooks;
    const { socket } = parts;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => this.#onOpen());
    socket.addEventListener("message", ({ data }) => this.#onMessage(data));
    socket.addEventListener("error", ({ message }) => {
      this.#lastError = message ?? "";
      // Node 22 fires no `close` after a failed opening (seen in 22.23).
      if (this.#phase === "opening") this.#end(this.#closedWith(VANISHED, ""));
    });
    socket.addEventListener("close", ({ code, reason }) => {
      this.#end(this.#closedWith(code, reason));
    });
  }

  get bufferedBytes(): number {
    return this.#phase === "over" ? 0 : this.#parts.socket.bufferedAmount;
  }

  /** Whether the server takes files as bytes (rule E5). */
  get acceptsBinary(): boolean {
    return this.#parts.socket.protocol === SUBPROTOCOL;
  }

  /** Hands a frame to the socket; false when the socket did not take it. */
  send(frame: string | ArrayBuffer): boolean {
    if (this.#phase === "over" || this.#phase === "opening") return false;
    try {
      this.#parts.socket.send(frame);
      return true;
    } catch {
      // The socket has closed and its `close` event has not come yet.
      return false;
    }
  }

  /** Begins the closing handshake; `closed` is called when the server has answered it. */
  close(): void {
    this.#parts.socket.close(1000);
  }

  /** Ends the connection at once, without a closing handshake (rule H2). */
  terminate(reason: string): void {
    if (this.#phase === "over") return;
    this.#end({ code: TERMINATED, reason });
    this.#drop(TERMINATED, reason);
  }

  #drop(code: number, reason: string): void {
    const { socket } = this.#parts;
    try {
      if (socket.terminate !== undefined) socket.terminate();
      else socket.close(code, reason);
    } catch {
      // A socket that cannot even be closed leaves nothing to do.
    }
  }

  /** Deno reports a vanished server with code 0, and the cause only in the `error` event before. */
  #closedWith(code = 0, reason = ""): Closed {
    return { code: code || VANISHED, reason: reason || this.#lastError };
  }

  #end(closed: Closed): void {
    if (this.#phase === "over") return;
    this.#phase = "over";
    this.#heartbeat?.stop();
    this.#hooks.closed(closed);
  }

  #onOpen(): void {
    if (this.#phase !== "opening") return;
    this.#phase = "authenticating";
    this.#heartbeat = this.#startHeartbeat();
    this.#hooks.opened();
    const { authFrame } = this.#parts;
    if (authFrame === undefined) this.#onReady(PLAIN_INFO);
    else this.send(authFrame);
  }

  #startHeartbeat(): Heartbeat {
    return new Heartbeat(this.#parts.clock, DEFAULT_LIMITS.pingIntervalMs, {
      ping: () => void this.send(PING),
      bufferedBytes: () => this.bufferedBytes,
      dead: () => this.terminate("nothing heard after a PING"),
      roundTrip: (rttMs) => this.#hooks.roundTrip(rttMs),
    });
  }

  #onMessage(data: unknown): void {
    if (this.#phase === "over") return;
    const text = data instanceof ArrayBuffer ? textOf(data) : String(data);
    const frame = decodeFrame(text, this.#parts.parse);
    this.#heartbeat?.heard(frame.kind === "pong");
    if (this.#phase === "ready") this.#onFrame(frame);
    else this.#onAuthReply(frame);
  }

  #onFrame(frame: ServerFrame): void {
    if (frame.kind === "reply") this.#hooks.reply(frame);
    else if (frame.kind === "notice") this.#hooks.notice(frame.notice);
  }

  #onAuthReply(frame: ServerFrame): void {
    if (frame.kind !== "reply") return;
    if (frame.req !== this.#parts.authReq) return;
    const outcome = readAuthReply(frame);
    if (outcome.kind === "ready") return this.#onReady(outcome.info);
    const code = outcome.isTransient ? TRY_AGAIN_LATER : AUTHENTICATION_REFUSED;
    this.#end({ code, reason: outcome.reason });
    this.#drop(TERMINATED, "not authenticated");
  }

  #onReady(info: ReadyInfo): void {
    this.#phase = "ready";
    this.#heartbeat?.setInterval(info.limits.pingIntervalMs);
    this.#hooks.ready(info);
  }
}
