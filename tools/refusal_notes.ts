// deno-lint-ignore-file camelcase -- The codes are spelt as callers read them.
import type { RefusalCode } from "../rest/domain/refusal.ts";

/** When the proxy gives each refusal, for docs/answers.md. */
export const REFUSAL_NOTES: Readonly<Record<RefusalCode, string>> = {
  bad_path:
    "The path has dot segments, backslashes, a wrong version or an absolute form of another host.",
  bad_request:
    "A header of ours cannot be read (`Prefer`, `X-Rest-Client`, a token's form), or the request itself: it is no HTTP/1.1, or can be read in two ways.",
  bad_frame: "WebSocket: a frame is not one JSON object.",
  bad_target: "WebSocket: `target` is missing or cannot be a path.",
  bad_data: "WebSocket: `data` cannot be sent with this method.",
  bad_req: "WebSocket: `req` is longer than allowed.",
  unauthorized: "No valid key.",
  webhook_unauthorized:
    "Discord said within ten minutes that this webhook's token is not valid; `code` in the body is Discord's 50027.",
  token_unauthorized:
    "Discord answered 401 to the token that the request brings, a minute ago or less (ten minutes, if again and again).",
  unknown_token:
    "`Authorization` has a bot's token that is not one of this proxy's, and no key came beside it.",
  forbidden: "The key may not do this.",
  no_such_target: "Nothing of ours has this `/_rep/` name.",
  webhook_gone:
    "Discord said within ten minutes that this webhook does not exist; `code` in the body is Discord's 10015.",
  bad_method:
    "Methods other than GET, POST, PUT, PATCH, DELETE (400 for a WebSocket verb).",
  body_timeout:
    "The request body did not come in within `REST_BODY_TIMEOUT_MS`.",
  head_timeout:
    "A request's line and headers did not come in within `REST_HEAD_TIMEOUT_MS`.",
  outcome_unknown:
    "A POST or PATCH left, and no answer came: it may have been executed.",
  too_large: "The body is larger than `REST_BODY_LIMIT_MIB`.",
  key_reused: "The `Idempotency-Key` belongs to another request.",
  req_reused: "WebSocket: the `req` belongs to another request of the session.",
  upgrade_required: "The path is for WebSockets only.",
  head_too_large: "The line and headers have more than 16 KiB.",
  overloaded: "Too many requests, bytes or buckets are waiting.",
  wait_too_long:
    "The wait is, or would be, longer than `REST_MAX_WAIT_MS` or a rule allows, or than the proxy lives (SIGTERM).",
  deadline: "The caller's own deadline passed while the request waited.",
  too_many:
    "WebSocket: more unanswered requests than `maxInFlight`. As 503: too many connections are open.",
  mailbox_full:
    "WebSocket: the session has too many replies nobody acknowledged.",
  cancelled: "The caller took the request back before it left.",
  internal: "A bug of ours.",
  unreachable: "No connection to Discord, or it broke; safe to repeat.",
  draining:
    "The proxy has stopped (`sent: null` for what was in flight at its end).",
  moved:
    "Several proxies: another one sends for this bot now. Asking again reaches it.",
  token_rejected: "Discord rejects the bot's token; asked again every minute.",
  invalid_budget:
    "Too many 401, 403 and 429 answers in ten minutes; going on would get the address banned.",
  blocked: "Cloudflare blocks the proxy's address.",
  journal_full:
    "The journal has no room for another request that is to survive; requests that promise nothing are still served.",
  store_unreachable:
    "The journal cannot be written, so it cannot be promised that the request survives.",
  no_token: "The route needs a token and there is none.",
  upstream_timeout: "Discord did not answer in time; safe to repeat.",
};
