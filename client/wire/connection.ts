import { textOf } from "./runtime.ts";
import type { Clock } from "../api/clock.ts";
import { TERMINATED, VANISHED } from "./close_codes.ts";
import { PING } from "./encode_frame.ts";
import {
  DEFAULT_LIMITS,
  PLAIN_INFO,
  readWelcome,
  SUBPROTOCOL,
} from "./auth.ts";
import { Heartbeat } from "./heartbeat.ts";
import { type Incoming, readFrame, type Reply } from "./decode_frame.ts";
import type { Socket } from "../api/socket.ts";
import type { Closed, Notice, ReadyInfo } from "../api/types.ts";

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
  readonly greeting: string | undefined;
  /** The `req` of the greeting. */
  readonly greetingReq: string;
}

/**
 * One socket from its opening to its end. It greets, keeps the heartbeat, reads
 * frames, and ends exactly once, however many `close` and `error` events the
 * runtime fires for it (rule C58).
 */
export class Connection {
  readonly #parts: ConnectionParts;
  readonly #hooks: ConnectionHooks;
  #heartbeat: Heartbeat | undefined;
  #phase: "opening" | "greeting" | "ready" | "over" = "opening";
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

  /** Whether files may go as bytes (rule E5). */
  get isBinaryOk(): boolean {
    return this.#parts.socket.protocol === SUBPROTOCOL;
  }

  /** Hands a frame to the socket; false when the socket would not take it. */
  send(frame: string | ArrayBuffer): boolean {
    if (this.#phase === "over" || this.#phase === "opening") return false;
    try {
      this.#parts.socket.send(frame);
      return true;
    } catch {
      // The socket closed under us and its event is still on the way.
      return false;
    }
  }

  /** Begins the closing handshake; `closed` follows when the other side has agreed. */
  close(): void {
    this.#parts.socket.close(1000);
  }

  /** Gives the socket up at once, without asking the other side (rule H2). */
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
      // Nothing is left to be done about a socket that cannot even be closed.
    }
  }

  /** Deno shows a vanished peer with code 0, and tells why only in the error before. */
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
    this.#phase = "greeting";
    this.#heartbeat = this.#startHeartbeat();
    this.#hooks.opened();
    const { greeting } = this.#parts;
    if (greeting === undefined) this.#onReady(PLAIN_INFO);
    else this.send(greeting);
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
    const incoming = readFrame(text, this.#parts.parse);
    this.#heartbeat?.heard(incoming.kind === "pong");
    if (this.#phase === "ready") this.#onFrame(incoming);
    else this.#onWelcome(incoming);
  }

  #onFrame(incoming: Incoming): void {
    if (incoming.kind === "reply") this.#hooks.reply(incoming);
    else if (incoming.kind === "notice") this.#hooks.notice(incoming.notice);
  }

  #onWelcome(incoming: Incoming): void {
    if (incoming.kind !== "reply") return;
    if (incoming.req !== this.#parts.greetingReq) return;
    const welcome = readWelcome(incoming);
    if (welcome.kind === "ready") return this.#onReady(welcome.info);
    const code = welcome.isTransient ? TRY_AGAIN_LATER : AUTHENTICATION_REFUSED;
    this.#end({ code, reason: welcome.reason });
    this.#drop(TERMINATED, "not welcome");
  }

  #onReady(info: ReadyInfo): void {
    this.#phase = "ready";
    this.#heartbeat?.setInterval(info.limits.pingIntervalMs);
    this.#hooks.ready(info);
  }
}
