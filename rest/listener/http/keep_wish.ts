import { Refusal } from "../../domain/refusal.ts";
import type { Method } from "../../domain/request.ts";

/** How a caller wants its request kept. */
export interface KeepWish {
  /** `Idempotency-Key`: the name under which a write is done once. */
  readonly idempotencyKey: string | undefined;
  /** `Prefer: respond-async`: the answer is asked for later. */
  readonly isAsync: boolean;
}

/** Visible ASCII; 255 characters hold any id, and a bound on what a caller can make us keep. */
const KEY = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/;

const RESPOND_ASYNC = /(?:^|,)\s*respond-async\s*(?=[,;]|$)/i;

/** Reads the wish out of the headers; undefined where there is none. Only writes take a key: a read may be repeated. */
export function keepWishOf(
  method: Method,
  idempotencyKey: string | null,
  prefer: string | null,
): KeepWish | undefined {
  const isAsync = prefer !== null && RESPOND_ASYNC.test(prefer);
  const hasKey = idempotencyKey !== null && method !== "GET";
  if (!hasKey) {
    return isAsync ? { idempotencyKey: undefined, isAsync } : undefined;
  }
  if (!KEY.test(idempotencyKey)) {
    throw new Refusal(
      "bad_request",
      `Cannot read Idempotency-Key: 1 to 255 visible ASCII characters are wanted, not ${idempotencyKey.length}`,
    );
  }
  return { idempotencyKey, isAsync };
}
