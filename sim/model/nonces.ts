import type { Arrival } from "./arrival.ts";
import { Recent } from "./recent.ts";
import { errorResponse, type SimResponse } from "./response.ts";

/**
 * The nonces of messages. With `enforce_nonce` a nonce "will be checked for
 * uniqueness in the past few minutes": where the same author made a message
 * with it, that message is handed back and none is made (docs, "Create
 * Message", read 2026-08-06; channels are not spoken of). One that was deleted
 * since is not made again: the answer is its 404 (the author of the rule,
 * api-docs #6647, 2024-02-08).
 *
 * Webhook execution knows no nonce: it is no member there in the docs, nor in
 * the OpenAPI document of 2026-07-18, and #6647 says that webhooks and
 * interactions do not have it.
 */

/** The docs say "the past few minutes". */
const REMEMBERED_MS = 5 * 60_000;

/** "up to 25 characters" (docs, "Create Message"). */
const CHARS_MAX = 25;

const NEW_MESSAGE = "POST /channels/{}/messages";

const TOO_LONG = errorResponse(400, 50035, "Invalid Form Body");

/** Hands first messages back. */
export class Nonces {
  readonly #first: Recent<
    { readonly atMs: number; readonly response: SimResponse }
  >;

  constructor(most: number) {
    this.#first = new Recent(most);
  }

  /** What a request is refused with whose nonce Discord does not take. */
  refuse({ route, facts }: Arrival): SimResponse | undefined {
    if (route.key !== NEW_MESSAGE) return undefined;
    const { nonce } = facts();
    const isTooLong = typeof nonce === "string" && nonce.length > CHARS_MAX;
    return isTooLong ? copyOf(TOO_LONG) : undefined;
  }

  /** The message that was made with the same nonce. */
  firstOf(arrival: Arrival, nowMs: number): SimResponse | undefined {
    const key = keyOf(arrival);
    const first = key === undefined ? undefined : this.#first.get(key);
    const isKnown = first !== undefined && nowMs < first.atMs + REMEMBERED_MS;
    return isKnown ? copyOf(first.response) : undefined;
  }

  /** A message was made. */
  note(arrival: Arrival, response: SimResponse, nowMs: number): void {
    const key = keyOf(arrival);
    if (key === undefined) return;
    this.#first.set(key, { atMs: nowMs, response: copyOf(response) });
  }
}

/** Headers are added to a response later; the kept one stays bare. */
function copyOf(response: SimResponse): SimResponse {
  return { ...response, headers: [...response.headers] };
}

function keyOf({ route, caller, facts }: Arrival): string | undefined {
  if (route.key !== NEW_MESSAGE) return undefined;
  const { nonce, enforce_nonce: isEnforced } = facts();
  if (isEnforced !== true) return undefined;
  if (typeof nonce !== "string" && typeof nonce !== "number") return undefined;
  return `${caller.key}|${nonce}`;
}
