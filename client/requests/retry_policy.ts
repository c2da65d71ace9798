import { membersOf, retryAfterMsOf, sentOf } from "../api/errors.ts";
import type { Reply } from "../wire/decode_frame.ts";
import type { RepeatUnknown, Verb } from "../api/types.ts";

/** Longest wait the proxy may ask for and still be obeyed silently; beyond it the caller decides. */
const WAIT_MAX_MS = 60_000;

/** Wait for a proxy that is draining and does not say how long: its successor needs about that. */
const DRAINING_WAIT_MS = 1_000;

/** Up to a tenth on top, so that requests refused together do not return together. */
const WAIT_SPREAD = 0.1;

/** Refusals that time does not cure. */
const HOPELESS = new Set<unknown>(["deadline", "cancelled"]);

/**
 * How long to wait before offering a refused request again, or undefined when
 * the reply is final. Only what the proxy itself refused at its door is offered
 * again; Discord's own errors never are.
 *
 * @param random a source of numbers in [0, 1)
 */
export function refusalWaitMs(
  reply: Reply,
  random: () => number,
): number | undefined {
  if (reply.status !== 429 && reply.status !== 503) return undefined;
  // Numbered, so it was taken into care and given up: the same `req` would only
  // bring this same reply again (rules B3, I3).
  if (reply.seq !== undefined) return undefined;
  const body = membersOf(reply.body);
  if (sentOf(body) !== false || HOPELESS.has(body["code"])) return undefined;
  const waitMs = retryAfterMsOf(body) ??
    (isDraining(reply) ? DRAINING_WAIT_MS : undefined);
  if (waitMs === undefined || waitMs > WAIT_MAX_MS) return undefined;
  return waitMs * (1 + WAIT_SPREAD * random());
}

/** Whether the server will take nothing new on this connection. */
export function isDraining(reply: Reply): boolean {
  return membersOf(reply.body)["code"] === "draining";
}

/** Whether the client itself may send a request of unknown outcome again. */
export function mayRepeat(verb: Verb, policy: RepeatUnknown): boolean {
  if (verb === "GET" || policy === "all") return true;
  // PUT and DELETE; PATCH and POST may have an effect twice.
  return policy === "idempotent" && (verb === "CREATE" || verb === "DELETE");
}
