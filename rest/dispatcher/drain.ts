import type { Clock } from "../domain/ports.ts";

/** The result of a drain. */
export interface DrainReport {
  /** Requests that ended during the drain. */
  readonly finished: number;
  /** Requests that were refused with `sent: false` at its end. */
  readonly waiting: number;
  /** Requests that were cut off with `sent: null`: they were in flight or may have run before. Streaming answers count, too. */
  readonly inFlight: number;
}

/** Lets nobody come any more; settles when that is so. */
export type CloseWayIn = () => Promise<unknown>;

/** What a drain has to know of the process. */
export interface DrainOptions {
  /** Whoever comes when the way in is closed is taken in by the next process, and not turned away. */
  readonly isHeldOutside?: boolean | undefined;
}

/** What a drain waits for. */
export interface OpenWork {
  /** Whether a request waits for its turn. */
  hasWaiting(): boolean;
  /** Whether a request waits or is in flight, or an answer is streaming. */
  hasOpen(): boolean;
}

/**
 * Requests in flight get this long before the end of a drain, in which nothing
 * new comes any more: Discord's answers take less. A short drain gives them a
 * tenth of its time.
 */
const LAST_ANSWERS_MS = 2_000;

/**
 * Where the next process takes in who comes then, the way in is closed earlier,
 * so that whoever came before has time to wait for a limit: nobody is refused who
 * needs less. They wait outside as long, which no library's time-out (15 s and
 * more) notices. A short drain gives them half of its time.
 */
const HELD_OUTSIDE_MS = 5_000;

/** What is sent in the very last moments would be cut off without its answer, and nobody could know what became of it. */
const LAST_SEND_MS = 500;

/** How long before the end of a drain the last request is sent. */
export function lastSendMsOf(forMs: number): number {
  return Math.min(LAST_SEND_MS, forMs / 40);
}

function lastAnswersMsOf(
  forMs: number,
  { isHeldOutside = false }: DrainOptions,
): number {
  return isHeldOutside
    ? Math.min(HELD_OUTSIDE_MS, forMs / 2)
    : Math.min(LAST_ANSWERS_MS, forMs / 10);
}

/**
 * The end of a process, in two parts. Everybody is served until nothing waits
 * any more, or the end is near. Then the way in is closed, and what is open may
 * end in the time that is left.
 */
export class Drain {
  readonly #clock: Clock;
  readonly #work: OpenWork;
  #isOn = false;
  #finished = 0;
  /** Looks whether what is waited for is so. */
  #check: (() => void) | undefined;

  constructor(clock: Clock, work: OpenWork) {
    this.#clock = clock;
    this.#work = work;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  get finished(): number {
    return this.#finished;
  }

  /** Settles when everything has ended, or after `forMs`. `closeWayIn` is called in between and settles when nobody can come any more. */
  async run(
    forMs: number,
    closeWayIn: CloseWayIn = nothingToClose,
    options: DrainOptions = {},
  ): Promise<void> {
    this.#isOn = true;
    const endsAtMs = this.#clock.nowMs() + forMs;
    const lastMs = lastAnswersMsOf(forMs, options);
    await this.#until(endsAtMs - lastMs, () => !this.#work.hasWaiting());
    let isClosed = false;
    // Whether it fails or not: nothing more is to be waited for.
    const closed = closeWayIn().finally(() => {
      isClosed = true;
      this.noteProgress();
    });
    await this.#until(endsAtMs, () => isClosed && !this.#work.hasOpen());
    if (isClosed) await closed;
    else closed.catch(ignore);
  }

  /** A request has ended. */
  noteFinished(): void {
    if (this.#isOn) this.#finished++;
    this.noteProgress();
  }

  /** A request was sent or has ended, or a stream has. */
  noteProgress(): void {
    this.#check?.();
  }

  /** Settles when `isSo`, or at a moment. */
  async #until(atMs: number, isSo: () => boolean): Promise<void> {
    if (isSo() || atMs <= this.#clock.nowMs()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#check = () => {
      if (isSo()) resolve();
    };
    const callOff = this.#clock.wakeAt(atMs, resolve);
    await promise;
    callOff();
    this.#check = undefined;
  }
}

function ignore(): void {}

/** For a queue without a way in of its own. */
function nothingToClose(): Promise<void> {
  return Promise.resolve();
}
