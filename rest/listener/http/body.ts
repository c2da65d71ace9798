import { GrowingBytes } from "../../collections/growing_bytes.ts";
import type { HeaderList } from "../../domain/headers.ts";
import type { Clock } from "../../domain/ports.ts";
import { Refusal } from "../../domain/refusal.ts";
import { readInto } from "../../streams/read_bounded.ts";
import type { Delayed, DelayLine } from "./delay_line.ts";
import { fieldOf } from "./fields.ts";
import { type HeldBytes, SMALL_BODY_BYTES } from "./held_bytes.ts";
import { startPatience } from "./patience.ts";

export interface BodyRules {
  readonly held: Pick<HeldBytes, "tryTake" | "take" | "give">;
  readonly clock: Clock;
  readonly bodyLimitBytes: number;
  /** How long a body may take that brings hardly a byte. */
  readonly bodyTimeoutMs: number;
  /** Ends small bodies after that time. */
  readonly small: DelayLine;
  /** How long a caller waits for room before its body is read. */
  readonly roomWaitMs: number;
}

/** A request body in memory. Whoever gets it gives `heldBytes` back to `held`, whatever comes. */
export interface HeldBody {
  /** Undefined: no body at all. */
  readonly bytes: Uint8Array<ArrayBuffer> | undefined;
  readonly heldBytes: number;
}

const NO_BODY: HeldBody = { bytes: undefined, heldBytes: 0 };

/** One number: two lengths, even equal ones, arrive here as a list, and whoever sends them is not understood the same by all. */
const LENGTH = /^[0-9]+$/;

function unreadableLength(): Refusal {
  return new Refusal(
    "bad_request",
    "Cannot read Content-Length: one whole number is wanted",
  );
}

/** A line moves as soon as any body is done: asking again soon is worthwhile. */
const ROOM_RETRY_MS = 1_000;

/**
 * Holds a request's whole body, as soon as there is room for it. Throws or
 * rejects with `Refusal`; where there is nothing to wait for, it does not.
 *
 * Not a byte is read before its place has been taken from the budget.
 */
export function readBody(
  request: Request,
  fields: HeaderList,
  rules: BodyRules,
): HeldBody | Promise<HeldBody> {
  const length = fieldOf(fields, "content-length");
  if (length !== null && !LENGTH.test(length)) throw unreadableLength();
  const isChunked = fieldOf(fields, "transfer-encoding") !== null;
  const isDeclared = length !== null && !isChunked;
  if (request.method === "GET") {
    const isEmpty = isDeclared ? Number(length) === 0 : !isChunked;
    if (isEmpty) return NO_BODY;
    // The runtime does not hand it over, and without it the request would be another one.
    throw new Refusal(
      "bad_request",
      "Cannot pass on the body of a GET request: send it without one",
    );
  }
  return isDeclared
    ? readDeclared(request, Number(length), rules)
    : readUndeclared(request, rules);
}

function readDeclared(
  request: Request,
  heldBytes: number,
  rules: BodyRules,
): Promise<HeldBody> {
  if (heldBytes > rules.bodyLimitBytes) throw tooLarge(rules);
  const isSmall = heldBytes <= SMALL_BODY_BYTES;
  return isSmall && rules.held.tryTake(heldBytes)
    ? readAtOnce(request, heldBytes, rules)
    : readInTurn(request, heldBytes, rules);
}

async function readInTurn(
  request: Request,
  heldBytes: number,
  rules: BodyRules,
): Promise<HeldBody> {
  await takeRoom(heldBytes, request, rules);
  if (heldBytes <= SMALL_BODY_BYTES) {
    return await readAtOnce(request, heldBytes, rules);
  }
  try {
    const bytes = new GrowingBytes(heldBytes);
    await readUpTo(heldBytes, bytes, readerOf(request), rules);
    return { bytes: bytes.take(), heldBytes };
  } catch (error) {
    rules.held.give(heldBytes);
    throw error;
  }
}

/**
 * Holds a body that tells its length only by ending. It begins with a small
 * allowance; outgrowing that, it hands it back and waits for all it might
 * need: if each kept a part while waiting for the rest, all would wait for ever.
 */
async function readUndeclared(
  request: Request,
  rules: BodyRules,
): Promise<HeldBody> {
  const { held, bodyLimitBytes } = rules;
  const allowance = Math.min(SMALL_BODY_BYTES, bodyLimitBytes);
  let heldBytes = 0;
  try {
    await takeRoom(allowance, request, rules);
    heldBytes = allowance;
    const reader = readerOf(request);
    const gathered = new GrowingBytes(0);
    let isWhole = await readUpTo(allowance, gathered, reader, rules);
    if (!isWhole && allowance < bodyLimitBytes) {
      held.give(heldBytes);
      heldBytes = 0;
      await takeRoom(bodyLimitBytes, request, rules);
      heldBytes = bodyLimitBytes;
      isWhole = await readUpTo(bodyLimitBytes, gathered, reader, rules);
    }
    if (!isWhole) {
      reader.cancel().catch(ignore);
      throw tooLarge(rules);
    }
    const bytes = gathered.take();
    held.give(heldBytes - bytes.length);
    return bytes.length === 0 ? NO_BODY : { bytes, heldBytes: bytes.length };
  } catch (error) {
    held.give(heldBytes);
    throw error;
  }
}

async function takeRoom(
  bytes: number,
  request: Request,
  rules: BodyRules,
): Promise<void> {
  const { held, clock, roomWaitMs } = rules;
  if (held.tryTake(bytes)) return;
  const untilMs = clock.nowMs() + roomWaitMs;
  const taking = await held.take(bytes, untilMs, request.signal);
  if (taking === "taken") return;
  if (taking === "gone") {
    throw new Refusal("cancelled", "Cannot read the body: its caller left");
  }
  throw new Refusal(
    "overloaded",
    taking === "late"
      ? `Cannot hold the body: there was no room for ${bytes} bytes within ${roomWaitMs} ms (REST_HELD_LIMIT_MIB)`
      : "Cannot hold the body: too many callers wait for room (REST_HELD_LIMIT_MIB)",
    { retryAfterMs: ROOM_RETRY_MS },
  );
}

type BodyReader = ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

function readerOf(request: Request): BodyReader {
  // A request made by hand may have none at all.
  return (request.body ?? new Blob([]).stream()).getReader();
}

/** Reads on until the body ends (true) or has more than `limitBytes` (false). */
async function readUpTo(
  limitBytes: number,
  gathered: GrowingBytes,
  reader: BodyReader,
  rules: BodyRules,
): Promise<boolean> {
  let isLate = false;
  const patience = startPatience(rules.clock, rules.bodyTimeoutMs, () => {
    isLate = true;
    reader.cancel().catch(ignore);
  });
  try {
    const isWhole = await readInto(
      gathered,
      reader,
      limitBytes,
      (bytes) => patience.received(bytes),
    );
    // Cancelled for being late it looks like the end of the body.
    if (isLate) throw tooSlow(rules);
    return isWhole;
  } catch (error) {
    throw error instanceof Refusal ? error : cutShort();
  } finally {
    patience.stop();
  }
}

/**
 * A small body has mostly come with its headers: then the runtime's own way is
 * several times faster. Its room has been taken.
 */
function readAtOnce(
  request: Request,
  heldBytes: number,
  rules: BodyRules,
): Promise<HeldBody> {
  return new Promise((resolve, reject) => {
    const reading = new SmallReading(heldBytes, rules, resolve, reject);
    request.bytes().then(
      (bytes) => reading.end(bytes),
      () => reading.fail(cutShort()),
    );
  });
}

/** A small body on its way: it comes, breaks off or is too late, whichever is first. */
class SmallReading implements Delayed {
  atMs = 0;
  next: Delayed | undefined;
  previous: Delayed | undefined;
  readonly #heldBytes: number;
  readonly #rules: BodyRules;
  readonly #resolve: (body: HeldBody) => void;
  readonly #reject: (refusal: Refusal) => void;
  #isOver = false;

  constructor(
    heldBytes: number,
    rules: BodyRules,
    resolve: (body: HeldBody) => void,
    reject: (refusal: Refusal) => void,
  ) {
    this.#heldBytes = heldBytes;
    this.#rules = rules;
    this.#resolve = resolve;
    this.#reject = reject;
    rules.small.add(this);
  }

  act(): void {
    this.fail(tooSlow(this.#rules));
  }

  end(bytes: Uint8Array<ArrayBuffer>): void {
    this.#rules.small.remove(this);
    this.#resolve({ bytes, heldBytes: this.#heldBytes });
  }

  /** Bytes that come too late, or break off then, are nobody's any more. */
  fail(refusal: Refusal): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#rules.small.remove(this);
    this.#rules.held.give(this.#heldBytes);
    this.#reject(refusal);
  }
}

function tooLarge({ bodyLimitBytes }: BodyRules): Refusal {
  return new Refusal(
    "too_large",
    `Cannot take the body: it has more than ${bodyLimitBytes} bytes (REST_BODY_LIMIT_MIB)`,
  );
}

function tooSlow({ bodyTimeoutMs }: BodyRules): Refusal {
  return new Refusal(
    "body_timeout",
    `Cannot read the body: it had not come within ${bodyTimeoutMs} ms`,
  );
}

function cutShort(): Refusal {
  return new Refusal(
    "bad_request",
    "Cannot read the body: it broke off or its chunks are malformed",
  );
}

function ignore(): void {}
