import type { Clock } from "../../domain/ports.ts";
import { Refusal } from "../../domain/refusal.ts";
import { GrowingBytes } from "../../collections/growing_bytes.ts";
import {
  type BodyAccount,
  type BodyBudget,
  SMALL_BODY_BYTES,
} from "./body_budget.ts";
import { fieldOf } from "./fields.ts";
import type {
  BodySink,
  IncomingBody,
  IncomingRequest,
} from "./incoming_request.ts";
import type { QueuedTimeout, TimeoutQueue } from "./timeout_queue.ts";
import { UploadTimeout } from "./upload_timeout.ts";

/** How large a body may be, and how long its upload may take. */
export interface BodyRules {
  readonly budget: BodyBudget;
  readonly clock: Clock;
  readonly bodyLimitBytes: number;
  /** How long a body may take that brings hardly a byte. */
  readonly bodyTimeoutMs: number;
  /** Ends small bodies after that time. */
  readonly small: TimeoutQueue;
  /** How long a body waits for room, each time there is none. */
  readonly roomWaitMs: number;
}

/** Whose body it is, as far as its room is concerned. */
export interface BodyOwner {
  /** It answers an interaction, which Discord waits 3 s for. */
  readonly isCallback: boolean;
  /** Who answers for what it holds; undefined: there is nobody to leave a share to. */
  readonly holder: string | undefined;
}

/** A request body in memory. Whoever gets it releases it, whatever comes. */
export interface HeldBody {
  /** Undefined: no body at all. */
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
  release(): void;
}

/** One number: of two lengths, even equal ones, not all servers take the same. */
const LENGTH = /^[0-9]+$/;

/** Room comes free as soon as any body is done: asking again soon is worthwhile. */
const ROOM_RETRY_MS = 1_000;

const NO_BODY: HeldBody = { bytes: undefined, release() {} };

/** Holds a request's whole body. Throws or rejects with `Refusal`; where there is nothing to wait for, it does not. */
export function readBody(
  { body, fields }: Pick<IncomingRequest, "body" | "fields">,
  owner: BodyOwner,
  rules: BodyRules,
): HeldBody | Promise<HeldBody> {
  const length = fieldOf(fields, "content-length");
  if (length !== null && !LENGTH.test(length)) {
    throw new Refusal(
      "bad_request",
      "Cannot read Content-Length: one whole number is wanted",
    );
  }
  if (body === undefined) {
    // Whoever says that it has none of zero bytes is passed on as saying so.
    return length === null ? NO_BODY : { ...NO_BODY, bytes: new Uint8Array() };
  }
  const declaredBytes = length === null ? undefined : Number(length);
  if ((declaredBytes ?? 0) > rules.bodyLimitBytes) throw tooLarge(rules);
  return new Promise((resolve, reject) => {
    const reading = new BodyReading(
      { body, declaredBytes, owner, rules },
      resolve,
      reject,
    );
    body.read(reading);
  });
}

interface ReadingOptions {
  readonly body: IncomingBody;
  /** Undefined: it tells its length only by ending. */
  readonly declaredBytes: number | undefined;
  readonly owner: BodyOwner;
  readonly rules: BodyRules;
}

/** A body on its way in: it comes, breaks off, is too large or too late, whichever is first. */
class BodyReading implements BodySink, QueuedTimeout {
  atMs = 0;
  next: QueuedTimeout | undefined;
  previous: QueuedTimeout | undefined;
  readonly #options: ReadingOptions;
  /** Gone once it is over: the request that it was read from holds the reading, and must not hold the body. */
  #resolve: ((body: HeldBody) => void) | undefined;
  #reject: ((refusal: Refusal) => void) | undefined;
  #account: BodyAccount;
  #isSmall: boolean;
  #gathered: GrowingBytes;
  /** Of large ones; small ones have a place in the queue that all of them share. */
  #timeout: UploadTimeout | undefined;
  #stopWaiting: (() => void) | undefined;
  #hasBegun = false;
  #hasEnded = false;
  #isOver = false;

  constructor(
    options: ReadingOptions,
    resolve: (body: HeldBody) => void,
    reject: (refusal: Refusal) => void,
  ) {
    const { declaredBytes, rules } = options;
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    // One that does not tell its length begins as a small one, and most remain so.
    const expectedBytes = declaredBytes ??
      Math.min(SMALL_BODY_BYTES, rules.bodyLimitBytes);
    this.#account = this.#open(expectedBytes);
    this.#isSmall = expectedBytes <= SMALL_BODY_BYTES;
    this.#gathered = new GrowingBytes(this.#isSmall ? declaredBytes ?? 0 : 0);
  }

  begun(): void {
    if (this.#isOver) return;
    this.#hasBegun = true;
    if (this.#stopWaiting === undefined) this.#startTimeout();
  }

  received(bytes: Uint8Array): void {
    if (this.#isOver) return;
    const { rules } = this.#options;
    const length = this.#gathered.length + bytes.length;
    if (length > rules.bodyLimitBytes) return this.#fail(tooLarge(rules));
    if (this.#isSmall && length > SMALL_BODY_BYTES) this.#outgrow();
    this.#timeout?.received(bytes.length);
    this.#gathered.add(bytes);
    const missingBytes = this.#gathered.length - this.#account.heldBytes;
    if (this.#stopWaiting === undefined && !this.#account.take(missingBytes)) {
      this.#waitForRoom();
    }
  }

  ended(): void {
    this.#hasEnded = true;
    // What came last may still be waiting for its room.
    if (this.#isOver || this.#stopWaiting !== undefined) return;
    const resolve = this.#resolve;
    this.#over();
    const account = this.#account;
    account.finish();
    const bytes = this.#gathered.take();
    const isNone = bytes.length === 0 &&
      this.#options.declaredBytes === undefined;
    resolve?.({
      bytes: isNone ? undefined : bytes,
      release: () => account.release(),
    });
  }

  failed(): void {
    this.#fail(
      new Refusal(
        "bad_request",
        "Cannot read the body: it broke off or its chunks are malformed",
      ),
    );
  }

  /** Its time is over. */
  act(): void {
    const { bodyTimeoutMs } = this.#options.rules;
    this.#fail(
      new Refusal(
        "body_timeout",
        `Cannot read the body: it had not come within ${bodyTimeoutMs} ms`,
      ),
    );
  }

  #open(expectedBytes: number): BodyAccount {
    const { owner, rules } = this.#options;
    return rules.budget.open(expectedBytes, owner.isCallback, owner.holder);
  }

  /** It is no small body after all, and may become the largest: it moves to the room of those. */
  #outgrow(): void {
    this.#stopTimeout();
    this.#stopWaiting?.();
    this.#stopWaiting = undefined;
    this.#account.release();
    this.#isSmall = false;
    this.#account = this.#open(this.#options.rules.bodyLimitBytes);
    this.#startTimeout();
  }

  #waitForRoom(): void {
    const { body, rules } = this.#options;
    const { clock, roomWaitMs } = rules;
    body.pause();
    this.#pauseTimeout();
    const missingBytes = this.#gathered.length - this.#account.heldBytes;
    this.#stopWaiting = clock.wakeAt(
      clock.nowMs() + roomWaitMs,
      () => this.#fail(noRoom(this.#gathered.length, roomWaitMs)),
    );
    this.#account.whenTaken(missingBytes, () => {
      this.#stopWaiting?.();
      this.#stopWaiting = undefined;
      if (this.#hasEnded) return this.ended();
      this.#resumeTimeout();
      body.resume();
      this.#takeRest();
    });
  }

  /** What arrived in spite of the pause. */
  #takeRest(): void {
    const missingBytes = this.#gathered.length - this.#account.heldBytes;
    const isCharged = missingBytes === 0 || this.#account.take(missingBytes);
    if (!isCharged) this.#waitForRoom();
  }

  #fail(refusal: Refusal): void {
    if (this.#isOver) return;
    const reject = this.#reject;
    this.#over();
    this.#account.release();
    reject?.(refusal);
  }

  #over(): void {
    this.#isOver = true;
    this.#resolve = undefined;
    this.#reject = undefined;
    this.#stopTimeout();
    this.#stopWaiting?.();
    this.#stopWaiting = undefined;
  }

  #startTimeout(): void {
    if (!this.#hasBegun) return;
    const { clock, small, bodyTimeoutMs } = this.#options.rules;
    if (this.#isSmall) return small.add(this);
    this.#timeout = new UploadTimeout(clock, bodyTimeoutMs, () => this.act());
    this.#timeout.received(this.#gathered.length);
  }

  #pauseTimeout(): void {
    if (this.#isSmall) this.#options.rules.small.remove(this);
    else this.#timeout?.pause();
  }

  #resumeTimeout(): void {
    if (this.#timeout !== undefined) this.#timeout.resume();
    else this.#startTimeout();
  }

  #stopTimeout(): void {
    this.#options.rules.small.remove(this);
    this.#timeout?.stop();
    this.#timeout = undefined;
  }
}

function tooLarge({ bodyLimitBytes }: BodyRules): Refusal {
  return new Refusal(
    "too_large",
    `Cannot take the body: it has more than ${bodyLimitBytes} bytes (REST_BODY_LIMIT_MIB)`,
  );
}

function noRoom(bytes: number, roomWaitMs: number): Refusal {
  return new Refusal(
    "overloaded",
    `Cannot hold the body: there was no room for its ${bytes} bytes within ${roomWaitMs} ms (REST_HELD_LIMIT_MIB)`,
    { retryAfterMs: ROOM_RETRY_MS },
  );
}
