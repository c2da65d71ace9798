import type { Clock } from "../api/clock.ts";
import type { Emitter } from "../api/events.ts";
import type { MissedReply } from "../api/types.ts";

/**
 * How long missed replies wait for somebody to take them. Without an end they
 * would hold back every ack, and the mailbox would fill up until the proxy
 * refuses new requests.
 */
const TAKER_WITHIN_MS = 30_000;

interface Item {
  readonly reply: MissedReply;
  /** Acknowledges: called once the reply has been handled. */
  readonly done: () => void;
}

/**
 * Hands out replies to requests of an earlier process, one after the other, to
 * the `missed` listeners or to one loop over it. The next follows when the one
 * before has been handled, and only then is that one acknowledged: a process
 * that dies while handling a reply gets it again.
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

  add(reply: MissedReply, done: () => void): void {
    this.#items.push({ reply, done });
    this.handOut();
  }

  /** Gives the next reply to whoever takes it. Call it when a listener was added. */
  handOut(): void {
    if (this.#isHandling || this.#items.length === 0) return;
    if (this.#emitter.hasListener("missed")) return this.#toListeners();
    const loop = this.#waiting.shift();
    if (loop !== undefined) loop(this.#next());
    else if (this.#loops === 0) this.#giveUpLater();
  }

  /** Ends every loop; what nobody took stays in the proxy's mailbox. */
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
      this.handOut();
    }
  }

  #take(): Promise<Item | undefined> {
    if (this.#isStopped) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.handOut();
    });
  }

  /** A loop that was left in the middle of a reply has not handled it: the next taker gets it. */
  #handled(item: Item, isHandled: boolean): void {
    this.#isHandling = false;
    if (isHandled) item.done();
    else if (!this.#isStopped) this.#items.unshift(item);
    this.handOut();
  }

  #toListeners(): void {
    const item = this.#next();
    if (item === undefined) return;
    void this.#emitter.deliver("missed", item.reply)
      .then(() => this.#handled(item, HANDLED));
  }

  #next(): Item | undefined {
    this.#stopTimer();
    const item = this.#items.shift();
    this.#isHandling = item !== undefined;
    return item;
  }

  #giveUpLater(): void {
    this.#cancelTimer ??= this.#clock.afterIdly(
      TAKER_WITHIN_MS,
      () => this.#giveUp(),
    );
  }

  #giveUp(): void {
    const unwanted = this.#items.splice(0);
    this.#cancelTimer = undefined;
    for (const item of unwanted) item.done();
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
