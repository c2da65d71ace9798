import type { Answer } from "../../domain/answer.ts";
import { keyNameOf } from "../../domain/caller.ts";
import { Refusal } from "../../domain/refusal.ts";
import type { Proof } from "../access/authorize.ts";
import { ownAnswer } from "../own_answer.ts";
import type { HandlerContext } from "./handler_context.ts";

const PATH = /^\/_rep\/(?:requests|limits|unknown)(?:\?|$)/;

/** As many as a page shows; the rest comes with `offset`. */
const ROWS_MAX = 100;

/** Stands for every key. */
const EVERY_KEY = "*";

/** Whether a raw target is one of those that show the queue. */
export function isQueueView(target: string): boolean {
  return PATH.test(target);
}

/**
 * Answers `GET /_rep/requests`, what the key has waiting (with the right
 * `admin`: any key), `GET /_rep/unknown`, what of earlier processes' requests
 * nobody can know, and `GET /_rep/limits`, what a request would wait for if
 * it came now, without sending it.
 */
export function answerQueueView(
  method: string,
  target: string,
  proof: Proof,
  handler: HandlerContext,
): Answer {
  if (method !== "GET") {
    throw new Refusal("bad_method", "Cannot take this: GET what waits");
  }
  const { pathname, searchParams } = new URL(target, "http://proxy.invalid");
  if (pathname === "/_rep/limits") {
    return limitsAnswer(searchParams, proof, handler);
  }
  const { isMeant, offset, limit } = pageOf(searchParams, proof);
  const { view } = handler;
  // One more than is shown tells whether there is a next page.
  const rows = pathname === "/_rep/requests"
    ? view?.requests(isMeant, offset, limit + 1) ?? []
    : view?.unknown?.(isMeant, offset, limit + 1) ?? [];
  const requests = rows.slice(0, limit);
  const next = rows.length > limit ? { next: offset + limit } : {};
  return ownAnswer(200, { requests, ...next }, "queue");
}

/** Whose requests are asked for, and which of them. */
function pageOf(query: URLSearchParams, { keyName, key }: Proof): {
  readonly isMeant: (caller: string) => boolean;
  readonly offset: number;
  readonly limit: number;
} {
  const wanted = query.get("key") ?? keyName;
  if (wanted !== keyName && key?.rights.isAdmin !== true) {
    throw new Refusal(
      "forbidden",
      `Cannot show what others have sent: key ${keyName} has not the right "admin"`,
    );
  }
  const offset = wholeIn(query, "offset", 0, Number.MAX_SAFE_INTEGER);
  const limit = wholeIn(query, "limit", ROWS_MAX, ROWS_MAX);
  const isMeant = (caller: string) =>
    wanted === EVERY_KEY || keyNameOf(caller) === wanted;
  return { isMeant, offset, limit };
}

function limitsAnswer(
  query: URLSearchParams,
  proof: Proof,
  { view, admission, authorizer, clock }: HandlerContext,
): Answer {
  const target = query.get("target");
  if (target === null) {
    throw new Refusal(
      "bad_request",
      "Cannot tell what would wait: target is wanted, such as ?target=/users/@me&method=GET",
    );
  }
  const method = query.get("method") ?? "GET";
  const place = admission.targetOf(method, target, clock.wallMs());
  if (place instanceof Refusal) throw place;
  const { route } = place;
  const wait = view?.preview({
    method: place.method,
    route,
    identity: authorizer.identityFor(proof, route),
    caller: proof.keyName,
    urgency: 3,
    isOrdered: true,
    leaveWithinMs: undefined,
  });
  const told = wait === undefined ? null : {
    reason: wait.reason,
    place: wait.place,
    earliestInMs: wait.earliestAtMs === undefined
      ? null
      : Math.max(0, Math.round(wait.earliestAtMs - clock.nowMs())),
  };
  return ownAnswer(200, { route: route.label, wait: told }, "queue");
}

function wholeIn(
  query: URLSearchParams,
  name: string,
  fallback: number,
  max: number,
): number {
  const text = query.get(name);
  if (text === null) return fallback;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (value >= 0 && value <= max) return value;
  throw new Refusal(
    "bad_request",
    `Cannot read ${name}: a whole number up to ${max} is wanted`,
  );
}
