import type { QueuedTimeout, TimeoutQueue } from "../http/timeout_queue.ts";
import type { HandedSocket } from "./handed_socket.ts";

/** What may be on its way out over all answers of a connection before more is written: some answers of the usual size. */
const BACKLOG_BYTES_MAX = 256 * 1024;

/**
 * What all answers of one connection leave by. A caller of HTTP/2 says itself
 * how much it will take, of each answer and of all; where it says two gigabytes
 * and reads nothing, the session keeps them, and only the socket shows it. So
 * nothing is written while too much is on its way, and a connection that takes
 * nothing at all is cut.
 */
export class Outlet implements QueuedTimeout {
  atMs = 0;
  next: QueuedTimeout | undefined;
  previous: QueuedTimeout | undefined;
  readonly #socket: HandedSocket;
  readonly #unread: TimeoutQueue;
  /** What streams were given, and have not put into frames. */
  #givenBytes = 0;
  /** What is in frames and was not taken by the socket's other side. What frames themselves take makes it less, never more; it may be heard to be taken before it is heard to be framed. */
  #framedBytes = 0;
  #isWatched = false;
  #takenBytes = 0;
  #waiting: (() => void)[] = [];

  constructor(socket: HandedSocket, unread: TimeoutQueue) {
    this.#socket = socket;
    this.#unread = unread;
    socket.onTaken = (bytes) => this.#taken(bytes);
    socket.on("close", () => {
      unread.remove(this);
      this.#release();
    });
  }

  get isFull(): boolean {
    return this.#givenBytes + this.#framedBytes > BACKLOG_BYTES_MAX;
  }

  /** A stream was given so much. Returns what to call when it is in frames, or will never be. */
  give(bytes: number): (error?: Error | null) => void {
    this.#givenBytes += bytes;
    return (error) => {
      this.#givenBytes -= bytes;
      if (!error) this.#framedBytes += bytes;
      if (this.#givenBytes === 0 && this.#framedBytes < 0) {
        this.#framedBytes = 0;
      }
      if (!this.#isWatched) this.#watch();
    };
  }

  /** Calls back once there is room, or nobody will take anything any more. */
  whenRoom(go: () => void): void {
    this.#waiting.push(go);
  }

  /** Called by the queue of unread answers. */
  act(): void {
    this.#isWatched = false;
    if (this.#givenBytes + this.#framedBytes <= 0) return;
    if (this.#socket.takenBytes === this.#takenBytes) this.#socket.destroy();
    else this.#watch();
  }

  #taken(bytes: number): void {
    this.#framedBytes -= bytes;
    if (!this.isFull) this.#release();
  }

  #release(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }

  #watch(): void {
    this.#isWatched = true;
    this.#takenBytes = this.#socket.takenBytes;
    this.#unread.add(this);
  }
}
