import type { ProxyRequest } from "../../domain/request.ts";
import { memberBytes, valueAt } from "./json_members.ts";

/**
 * What may hold a token of Discord's, and so stands in the journal only
 * encrypted. Tokens stand in paths of webhooks and interactions, in bodies of
 * OAuth2 and of those who add members by it, and in answers that show webhooks.
 */

/** Routes whose body or answer holds a token, whatever the path says (docs: webhooks, OAuth2, guild, channel, group DM). */
const TOKEN_ROUTES: readonly RegExp[] = [
  /^[A-Z]+ \/oauth2\//,
  /^[A-Z]+ \/partner-sdk\//,
  /^POST \/channels\/\{channel_id\}\/webhooks$/,
  /^(?:GET|PATCH) \/webhooks\/\{webhook_id\}$/,
  /^GET \/(?:channels|guilds)\/\{[a-z_]+\}\/webhooks$/,
  /^PUT \/guilds\/\{guild_id\}\/members\/\{user_id\}$/,
  /^PUT \/channels\/\{channel_id\}\/recipients\/\{user_id\}$/,
  /^POST \/users\/@me\/channels$/,
];

/** Members of JSON that hold tokens. */
const TOKEN_MEMBERS = memberBytes(
  "token",
  "access_token",
  "access_tokens",
  "refresh_token",
);

/** A token behind the id that it belongs to (docs: webhooks, interactions). */
const TOKEN_IN_PATH = /((?:^|\/)(?:webhooks|interactions)\/[^/?]+\/)[^/?]+/gi;

/** The target of a frame, which is JSON text, with its token left out. */
export function targetWithoutToken(targetText: string): string {
  // A frame without a target has no text.
  if (targetText === "") return targetText;
  const target: unknown = JSON.parse(targetText);
  return JSON.stringify(String(target).replace(TOKEN_IN_PATH, "$1-"));
}

/** Labels remembered; Discord has a few hundred. */
const LABELS_MAX = 4_096;
const known = new Map<string, boolean>();

/** Whether its path, body or answer is made to hold a token. */
export function mayHoldToken(
  { route, body }: Pick<ProxyRequest, "route" | "body">,
): boolean {
  return route.carriesToken || isTokenRoute(route.label) ||
    holdsTokenMember(body);
}

/** Whether JSON has a member with the name of a token. */
export function holdsTokenMember(body: Uint8Array | undefined): boolean {
  return valueAt(body, TOKEN_MEMBERS) >= 0;
}

function isTokenRoute(label: string): boolean {
  let isOne = known.get(label);
  if (isOne === undefined) {
    isOne = TOKEN_ROUTES.some((route) => route.test(label));
    if (known.size >= LABELS_MAX) known.clear();
    known.set(label, isOne);
  }
  return isOne;
}
