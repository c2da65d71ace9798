import type { Emitter } from "../api/events.ts";
import type { Clock } from "../api/ports.ts";
import type { MissedReply } from "../api/replies.ts";

/**
 * How long missed replies wait for a listener or a loop. Kept forever they
 * would hold back every ack, and the mailbox would fill up until the proxy
 * refuses new requests.
 */
const CONSUMER_WITHIN_MS = 30_000;

interface Item {
  readonly reply: MissedReply;
  /** Call it when the reply has been handled: it may be acknowledged then. */
  readonly handled: () => void;
}

/**
 * Delivers replies to requests of an earlier process, one after the other, to
 * the `missed` listeners or to a `for await` loop. A reply is acknowledged when
 * it has been handled, and only then the next is delivered: a process that
 * dies while handling a reply gets it again.
 */
export class MissedReplies implements AsyncIterable<MissedReply> {
  readonly #emitter: Emitter;
  readonly #clock: Clock;
  #items: Item[] = [];
  #isHandling = false;
  #loops = 0;
  #waiting: ((item: Item | undefined) => void)[] = [];
  #cancelTimer: (() => void) | undefined;
  #isStopped = false;

  constructor(emitter: Emitter, clock: Clock) {
    this.#emitter = emitter;
    this.#clock = clock;
  }

  /** Takes in a reply; `handled` is called when it has been handled. */
  add(reply: MissedReply, handled: () => void): void {
    this.#items.push({ reply, handled });
    this.deliverNext();
  }

  /** Delivers the next reply, if anybody takes it. Call it when a listener was added. */
  deliverNext(): void {
    if (this.#isHandling || this.#items.length === 0) return;
    if (this.#emitter.hasListener("missed")) return this.#toListeners();
    const loop = this.#waiting.shift();
    if (loop !== undefined) loop(this.#next());
    else if (this.#loops === 0) this.#abandonLater();
  }

  /** Ends every loop; replies that were not delivered stay in the proxy's mailbox. */
  stop(): void {
    this.#isStopped = true;
    this.#items = [];
    this.#stopTimer();
    for (const loop of this.#waiting.splice(0)) loop(undefined);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<MissedReply, void, void> {
    this.#loops += 1;
    try {
      for (;;) {
        const item = await this.#take();
        if (item === undefined) return;
        let isHandled = false;
        try {
          yield item.reply;
          isHandled = true;
        } finally {
          this.#handled(item, isHandled);
        }
      }
    } finally {
      this.#loops -= 1;
      this.deliverNext();
    }
  }

  #take(): Promise<Item | undefined> {
    if (this.#isStopped) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.deliverNext();
    });
  }

  /** A loop that ended in the middle of a reply has not handled it: it is delivered again. */
  #handled(item: Item, isHandled: boolean): void {
    this.#isHandling = false;
    if (isHandled) item.handled();
    else if (!this.#isStopped) this.#items.unshift(item);
    this.deliverNext();
  }

  #toListeners(): void {
    const item = this.#next();
    if (item === undefined) return;
    void this.#emitter.emitAndWait("missed", item.reply)
      .then(() => this.#handled(item, HANDLED));
  }

  #next(): Item | undefined {
    this.#stopTimer();
    const item = this.#items.shift();
    this.#isHandling = item !== undefined;
    return item;
  }

  #abandonLater(): void {
    this.#cancelTimer ??= this.#clock.afterIdly(
      CONSUMER_WITHIN_MS,
      () => this.#abandon(),
    );
  }

  #abandon(): void {
    const unwanted = this.#items.splice(0);
    this.#cancelTimer = undefined;
    for (const item of unwanted) item.handled();
    this.#emitter.emit(
      "error",
      new Error(
        `Dropped ${unwanted.length} missed replies: nothing listens to \`missed\``,
      ),
    );
  }

  #stopTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}

const HANDLED = true;
