import { type RefusalCode, REFUSALS } from "../../rest/domain/refusal.ts";
import { METHODS } from "../../rest/domain/request.ts";
import type { ReceivedRequest } from "../../sim/server.ts";
import { HIDDEN_PATH, type Secrets } from "./corpus.ts";
import type { WireResponse } from "./response_reader.ts";

/**
 * The refusals that a healthy proxy in front of a healthy upstream may give.
 * The others mean a fault in the proxy (`internal`) or in its connections
 * (`unreachable`).
 */
const REFUSALS_ALLOWED: ReadonlySet<string> = new Set<RefusalCode>([
  "bad_path",
  "bad_request",
  "unauthorized",
  "unknown_token",
  // Discord itself said so of a token that mutations made up.
  "token_unauthorized",
  "webhook_unauthorized",
  "forbidden",
  "no_such_target",
  "bad_method",
  "body_timeout",
  "head_timeout",
  "head_too_large",
  "too_large",
  "upgrade_required",
  "overloaded",
  "wait_too_long",
  "deadline",
  "too_many",
  "cancelled",
  "journal_full",
  "store_unreachable",
  "no_token",
  // A token of a caller's that the simulated Discord has answered 401 to.
  "token_unauthorized",
  "invalid_budget",
]);

/** What the simulated Discord answers when it is sent well-formed requests. */
const UPSTREAM_STATUSES: ReadonlySet<number> = new Set([
  200,
  201,
  202,
  204,
  304,
  401,
  404,
  405,
  413,
]);

/** What comes back unsigned from the proxy itself: probes, and a WebSocket that was opened. */
const UNSIGNED_STATUSES: ReadonlySet<number> = new Set([101, 200]);

/** Says what is wrong with a response; undefined when nothing is. */
export function problemOf(
  { status, headers }: WireResponse,
): string | undefined {
  const code = headers.get("x-rest-proxy");
  if (code !== undefined) {
    if (!REFUSALS_ALLOWED.has(code)) return `was refused with ${code}`;
    const wanted = REFUSALS[code as RefusalCode].status;
    return status === wanted ? undefined : `${code} came with ${status}`;
  }
  const allowed = headers.has("via") ? UPSTREAM_STATUSES : UNSIGNED_STATUSES;
  const who = headers.has("via") ? "upstream" : "the proxy, unsigned,";
  return allowed.has(status) ? undefined : `${who} answered ${status}`;
}

/** Names the secret that a text contains; undefined when it contains none. */
export function secretIn(text: string, secrets: Secrets): string | undefined {
  if (text.includes(secrets.key)) return "the key";
  return text.includes(secrets.token) ? "the token" : undefined;
}

/** An answer of the simulated Discord without the headers it was sent: a caller may have written its key into one of them itself. */
export function withoutEcho(text: string): string {
  return text.replaceAll(/"headers":\{[^{}]*\}/g, "");
}

const TARGET = /^\/api\/v[0-9]{1,2}\/[!-~]*$/;
const ODD_PATH = /[\\#]|\/\/|\/\.{1,2}(?:\/|$)/;

/** Headers between the caller and the proxy, which must not reach Discord. */
const NEVER_SENT =
  /^(?:x-rest-.*|x-forwarded-.*|proxy-.*|sec-.*|cookie|te|trailer|transfer-encoding|upgrade|keep-alive|expect|via|forwarded|priority|prefer|origin|referer)$/;

/** Says what is wrong with a request that reached upstream; undefined when nothing is. */
export function upstreamProblemOf(
  request: ReceivedRequest,
  host: string,
  secrets: Secrets,
): string | undefined {
  const { method, target, headers, bodyBytes } = request;
  const [path = ""] = target.split("?", 1);
  if (!(METHODS as readonly string[]).includes(method)) {
    return `method ${method}`;
  }
  if (!TARGET.test(target) || ODD_PATH.test(path)) return `target ${target}`;
  if (target.startsWith(HIDDEN_PATH)) {
    return "a request hidden in a body was run";
  }
  const valuesOf = (wanted: string) =>
    headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) =>
      value
    );
  const never = headers.find(([name]) => NEVER_SENT.test(name.toLowerCase()));
  if (never !== undefined) return `header ${never[0]}`;
  if (valuesOf("host").join() !== host) {
    return `host ${valuesOf("host").join()}`;
  }
  const length = valuesOf("content-length").join();
  if (length !== "" && length !== String(bodyBytes)) return `length ${length}`;
  const [authorization = "", ...more] = valuesOf("authorization");
  if (more.length > 0) return "two authorizations";
  // Only a whole word counts: a mutated key is no key any more.
  if (authorization.split(/[ ,]+/).includes(secrets.key)) {
    return "the key as authorization";
  }
  return undefined;
}
