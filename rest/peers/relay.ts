import type { OpenSocket } from "../listener/http/incoming_request.ts";
import type { Secret } from "../domain/secret.ts";
import { OwnerLink } from "./owner_link.ts";

/** A message of a socket: text, or the bytes of a binary frame. */
export type Message = string | Uint8Array<ArrayBuffer>;

/** What a relay is made with. */
export interface RelayDeps {
  /** The caller's; it may be paused until the link is open. */
  readonly socket: OpenSocket;
  /** Of the owner's port for peers. */
  readonly url: string;
  readonly key: Secret;
  readonly call: string;
  readonly caCertificates: string | undefined;
  /** What the caller has sent already. */
  readonly unsent: Message[];
  /** The owner did not take it: certainly nothing has reached it. */
  readonly onRefused: () => void;
}

/** Bytes that may wait on one side until the other side is read no more: an eighth of what a slow reader may leave unread (F3). */
const BUFFERED_BYTES_MAX = 1024 * 1024;

/** Codes with which an owner ends a conversation; others say only that the link broke. */
const TOLD_BY_OWNER = /^(?:100[0139]|101[1-3]|4\d{3})$/;

/** Carries frames between a caller's WebSocket and one of ours to the owner of its bot, as they are and no faster than either side reads. */
export class Relay {
  readonly #deps: RelayDeps;
  readonly #link: OwnerLink;
  isOpen = false;
  #isOver = false;
  /** Frames that want a REPLY, less the REPLYs that have come. */
  #wanted = 0;

  constructor(deps: RelayDeps) {
    this.#deps = deps;
    this.#link = new OwnerLink(deps.url, deps, {
      opened: () => this.#opened(),
      received: (text) => this.#received(text),
      taken: () => this.#taken(),
      closed: (code, reason) => this.#closed(code, reason),
    });
  }

  get isQuiet(): boolean {
    return this.#wanted <= 0;
  }

  /** Once the link is open. */
  send(message: Message): void {
    if (this.#isOver || !this.isOpen) return;
    if (isWanting(message)) this.#wanted++;
    this.#link.send(message);
    if (this.#link.bufferedAmount > BUFFERED_BYTES_MAX) {
      this.#deps.socket.pause();
    }
  }

  callerGone(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.isOpen) this.#link.close();
    else this.#link.cut();
  }

  #opened(): void {
    if (this.#isOver) return this.#link.cut();
    this.isOpen = true;
    for (const message of this.#deps.unsent.splice(0)) this.send(message);
    this.#deps.socket.resume();
  }

  #received(text: string): void {
    const { socket } = this.#deps;
    if (this.#isOver) return;
    if (text.includes(REPLY)) this.#wanted--;
    socket.send(text, () => {
      if (socket.bufferedAmount <= BUFFERED_BYTES_MAX) this.#link.resume();
    });
    if (socket.bufferedAmount > BUFFERED_BYTES_MAX) this.#link.pause();
  }

  #taken(): void {
    if (this.#isOver) return;
    if (this.#link.bufferedAmount <= BUFFERED_BYTES_MAX) {
      this.#deps.socket.resume();
    }
  }

  #closed(code: number, reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { socket, onRefused } = this.#deps;
    if (!this.isOpen) return onRefused();
    socket.resume();
    // 1012: the client resumes, here or elsewhere.
    if (TOLD_BY_OWNER.test(String(code))) socket.close(code, reason);
    else socket.close(1012, "restarting");
  }
}

/** What every REPLY has, and nothing in a string can look like it. */
const REPLY = '"method":"REPLY"';

/** Whether a message seems to be a request that wants a REPLY; a guess that costs nothing but time when it is wrong. */
function isWanting(message: Message): boolean {
  return typeof message !== "string" || message.includes('"req"');
}
