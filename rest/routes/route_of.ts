import type { Method } from "../domain/request.ts";
import type { LaneName } from "../domain/lane.ts";
import type { RouteFacts } from "../domain/route.ts";
import { hashText } from "./hash_text.ts";
import { intern } from "./intern.ts";
import { ageClassOf } from "./message_age.ts";
import { placeholderAfter } from "./placeholder.ts";

/**
 * A segment that belongs to the API and not to a caller: `messages`, `@me`,
 * `widget.json`. Everything else (ids, emoji, codes, tokens) is a value and
 * never enters a label, so a route nobody has heard of goes by the same rule
 * and leaks nothing. Forty letters are twice the longest word in use.
 */
const API_WORD = /^(?:@?[a-z][a-z._-]{0,39}|oauth2)$/;

/** What follows these is a value even when it looks like a word. */
const VALUE_FOLLOWS: ReadonlySet<string> = new Set([
  "invites",
  "reactions",
  "templates",
]);

/**
 * Resources that have limits of their own when they lead the path
 * (docs: rate limits, "top-level resources").
 */
const MAJOR: ReadonlySet<string> = new Set(["channels", "guilds", "webhooks"]);

/**
 * Base64 of "interaction:". Tokens that begin so belong to an interaction
 * whose follow-ups share the webhook's path (seen in nirn-proxy, 2026-05).
 */
const INTERACTION_TOKEN_PREFIX = "aW50ZXJhY3Rpb246";

/** Discord's deepest path has 7 segments; what lies below twice that is named by none. */
const DEPTH_MAX = 14;

/** What of a path decides how it is treated; gathered in one walk over its segments. */
interface Shape {
  readonly template: string;
  readonly major: string;
  readonly lane: LaneName;
  readonly carriesToken: boolean;
}

/** Names the route of a path (as `parseTarget` gave it) and all that follows from its spelling. */
export function routeOf(
  method: Method,
  path: string,
  wallMs: number,
): RouteFacts {
  const segments = segmentsOf(path);
  const shape = shapeOf(segments);
  const { major, lane, carriesToken } = shape;
  const label = intern(`${method} ${shape.template}`);
  const isReaction = isReactionWrite(method, segments);
  const key = isReaction
    ? REACTION_KEY
    : withAge(label, method, segments, wallMs);
  const orderKey = orderKeyOf(method, key, isReaction);
  return {
    label,
    key,
    major,
    lane,
    takesBotToken: !carriesToken && !hasOwnAuthorization(segments),
    carriesToken,
    orderKey,
    orderPlace: orderPlaceOf(orderKey, path, major),
    webhookId: segments[0] === "webhooks" && lane !== "interaction"
      ? segments[1]
      : undefined,
  };
}

/** A trailing slash names nothing: `/webhooks/1/` carries no token. */
function segmentsOf(path: string): string[] {
  const segments = path.split("/");
  segments.shift();
  if (segments[segments.length - 1] === "") segments.pop();
  return segments;
}

function shapeOf(segments: readonly string[]): Shape {
  const top = segments[0] ?? "";
  const tokenAt = top === "webhooks" || top === "interactions" ? 2 : -1;
  const token = tokenAt === -1 ? undefined : segments[tokenAt];
  const lane = laneOf(top, token);

  let template = "";
  let word = "";
  let before = "";
  let isMajor = false;
  for (let index = 0; index < segments.length; index++) {
    if (index === DEPTH_MAX) {
      template += "/…";
      break;
    }
    const segment = segments[index] ?? "";
    if (index === tokenAt) {
      template += lane === "interaction"
        ? "/{interaction_token}"
        : "/{webhook_token}";
      word = "";
    } else if (!VALUE_FOLLOWS.has(word) && API_WORD.test(segment)) {
      template += "/" + segment;
      word = segment;
    } else {
      // The user after an emoji is the one value that follows a value by plan.
      template += "/" +
        (before === "reactions" ? "{user_id}" : placeholderAfter(word));
      if (index === 1) isMajor = MAJOR.has(top);
      before = word;
      word = "";
    }
  }
  return {
    template,
    major: majorOf(segments[1] ?? "", token, lane, isMajor),
    lane,
    carriesToken: token !== undefined,
  };
}

/** Interactions and token webhooks are outside the bot's global limit (docs: receiving and responding). */
function laneOf(top: string, token: string | undefined): LaneName {
  if (token === undefined) return "bot";
  return top === "interactions" || token.startsWith(INTERACTION_TOKEN_PREFIX)
    ? "interaction"
    : "webhook";
}

/**
 * Callbacks and follow-ups are counted per interaction (staff, discord-api-docs
 * #2701), webhooks per id, or per id and token where there is one (docs: rate limits).
 */
function majorOf(
  id: string,
  token: string | undefined,
  lane: LaneName,
  isMajor: boolean,
): string {
  if (token !== undefined) {
    return lane === "interaction"
      ? hashText(token)
      : `${id}/${hashText(token)}`;
  }
  return isMajor ? id : "";
}

/** Adding, removing and clearing reactions is one bucket per channel (staff, discord-api-docs #981). */
const REACTION_KEY =
  "PUT|DELETE /channels/{channel_id}/messages/{message_id}/reactions";

function isReactionWrite(method: Method, segments: readonly string[]): boolean {
  return (method === "PUT" || method === "DELETE") &&
    segments[4] === "reactions" && segments[2] === "messages" &&
    segments[0] === "channels";
}

/** `DELETE /channels/{c}/messages/{m}` has three buckets by the message's age. */
function withAge(
  label: string,
  method: Method,
  segments: readonly string[],
  wallMs: number,
): string {
  const isMessageDelete = method === "DELETE" && segments.length === 4 &&
    segments[0] === "channels" && segments[2] === "messages";
  if (!isMessageDelete) return label;
  return intern(`${label} ${ageClassOf(segments[3] ?? "", wallMs)}`);
}

/**
 * The token endpoints take the application's own `Basic` or form fields, and
 * the partner routes what the caller brings; a bot token has no place there
 * (docs: OAuth2; partner routes by the OpenAPI document of 2026).
 */
function hasOwnAuthorization(segments: readonly string[]): boolean {
  const top = segments[0];
  if (top === "partner-sdk") return true;
  if (top !== "oauth2" || segments[1] !== "token") return false;
  return segments.length === 2 ||
    (segments.length === 3 && segments[2] === "revoke");
}

/** What orders the changes of one thing, whatever the method. */
const BY_PATH = "path";

/** Creations of one kind in one place keep their order; so do the changes of one thing. */
function orderKeyOf(
  method: Method,
  key: string,
  isReaction: boolean,
): string | undefined {
  if (method === "GET") return undefined;
  return method === "POST" || isReaction ? key : BY_PATH;
}

/** The path is hashed: it may hold a token. */
function orderPlaceOf(
  orderKey: string | undefined,
  path: string,
  major: string,
): string {
  return orderKey === BY_PATH ? hashText(path) : major;
}
