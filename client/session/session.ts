import type { Clock } from "../api/ports.ts";
import type { ReadyInfo } from "../api/replies.ts";
import type { Reply } from "../wire/decode_frame.ts";
import { Acker } from "./acker.ts";

/**
 * The client's half of a session: the proxy's epoch, and the replies that have
 * been handled. Without a name there is no session, and no connection
 * continues an earlier one.
 */
export class Session {
  readonly name: string | undefined;
  readonly #newAcker: () => Acker;
  #acker: Acker;
  #epoch: string | undefined;

  constructor(
    name: string | undefined,
    clock: Clock,
    sendAck: (seq: number) => boolean,
  ) {
    this.name = name;
    this.#newAcker = () => new Acker(clock, sendAck);
    this.#acker = this.#newAcker();
  }

  get acker(): Acker {
    return this.#acker;
  }

  /** For the authentication request: undefined before the first reply, so that the proxy redelivers all it kept. */
  get lastSeq(): number | undefined {
    const { handledUpTo } = this.#acker;
    return handledUpTo === 0 ? undefined : handledUpTo;
  }

  /**
   * Takes in what the proxy says about the session. True: it remembers the
   * requests sent before, so sending one again attaches to the running request
   * or fetches its reply. False: nobody knows whether they were executed.
   */
  authenticated(info: ReadyInfo): boolean {
    const isSameProcess = info.epoch === this.#epoch;
    const isRemembered = info.resumed &&
      (isSameProcess || info.durable === true);
    this.#epoch = info.epoch;
    // A lower number than ours counts something else: a new session, or an old copy of this one.
    if (!info.resumed || info.seq < this.#acker.handledUpTo) {
      this.#acker.stop();
      this.#acker = this.#newAcker();
    }
    this.#acker.connected();
    return isRemembered;
  }

  /** The session has ended: acknowledges nothing more. */
  stop(): void {
    this.#acker.stop();
  }
}

/** A server that sends fewer replies than it announced must not stop everything. */
const REDELIVERY_WITHIN_MS = 30_000;

/**
 * Waits for the replies that a resumed session redelivers (rule B5). Requests
 * that were sent before are decided about only afterwards, because their
 * replies may be among these.
 */
export class Redelivery {
  readonly #onComplete: () => void;
  readonly #cancelTimer: () => void;
  #left: number;

  constructor(clock: Clock, count: number, onComplete: () => void) {
    this.#onComplete = onComplete;
    this.#left = count;
    this.#cancelTimer = clock.afterIdly(REDELIVERY_WITHIN_MS, onComplete);
  }

  /** Counts a reply. One that is not redelivered means that live replies have begun. */
  received(reply: Reply): void {
    const isRedelivered = reply.meta["redelivered"] === true;
    this.#left = isRedelivered ? this.#left - 1 : 0;
    if (this.#left > 0) return;
    this.stop();
    this.#onComplete();
  }

  /** The connection is lost: waits no longer. */
  stop(): void {
    this.#cancelTimer();
  }
}
