import { membersOf, retryAfterMsOf, sentOf } from "../api/errors.ts";
import type { Reply } from "../wire/decode_frame.ts";
import type { RepeatUnknown, Verb } from "../api/options.ts";

/** Longest wait that the client waits out by itself; for a longer one the request fails and the caller decides. */
const WAIT_MAX_MS = 60_000;

/** Wait for a proxy that is draining and does not say how long: its successor needs about a second to start. */
const DRAINING_WAIT_MS = 1_000;

/** Adds up to a tenth, so that requests refused together do not return together. */
const WAIT_SPREAD = 0.1;

/** Codes of refusals that another try cannot change. */
const FINAL_CODES = new Set<unknown>(["deadline", "cancelled", "no_token"]);

/**
 * How long to wait before sending a refused request again (ms), or undefined
 * when the reply is final. Only requests that the proxy itself refused unsent
 * are sent again; Discord's errors are always final.
 *
 * @param random a source of numbers in [0, 1)
 */
export function refusalWaitMs(
  reply: Reply,
  random: () => number,
): number | undefined {
  if (reply.status !== 429 && reply.status !== 503) return undefined;
  // A numbered reply belongs to a request that was accepted: sending the same
  // `req` again would bring this same reply again (rules B3, I3).
  if (reply.seq !== undefined) return undefined;
  const body = membersOf(reply.body);
  if (sentOf(body) !== false || FINAL_CODES.has(body["code"])) return undefined;
  const waitMs = retryAfterMsOf(body) ??
    (isDraining(reply) ? DRAINING_WAIT_MS : undefined);
  if (waitMs === undefined || waitMs > WAIT_MAX_MS) return undefined;
  return waitMs * (1 + WAIT_SPREAD * random());
}

/** Whether a reply says that the server takes no new requests on this connection. */
export function isDraining(reply: Reply): boolean {
  return membersOf(reply.body)["code"] === "draining";
}

/** Whether the client itself may send a request of unknown outcome again. */
export function mayRepeat(verb: Verb, policy: RepeatUnknown): boolean {
  if (verb === "GET" || policy === "all") return true;
  // PUT and DELETE; PATCH and POST may have an effect twice.
  return policy === "idempotent" && (verb === "CREATE" || verb === "DELETE");
}
