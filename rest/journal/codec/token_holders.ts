import type { ProxyRequest } from "../../domain/request.ts";

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

/** Members of JSON that hold tokens, as bytes to look for. */
const TOKEN_MEMBERS: readonly Uint8Array[] = [
  '"token"',
  '"access_token"',
  '"access_tokens"',
  '"refresh_token"',
].map((member) => new TextEncoder().encode(member));

/** Larger bodies are files with little JSON beside them, whose routes show what they hold. */
const READ_BYTES_MAX = 65_536;

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
  if (body === undefined || body.byteLength > READ_BYTES_MAX) return false;
  for (
    let at = body.indexOf(QUOTE);
    at >= 0;
    at = body.indexOf(QUOTE, at + 1)
  ) {
    const member = TOKEN_MEMBERS.find((name) => isAt(body, name, at));
    if (member === undefined) continue;
    if (body[afterBlanks(body, at + member.byteLength)] === COLON) return true;
  }
  return false;
}

const QUOTE = 0x22;
const COLON = 0x3a;
const BLANK = 0x20;

function isTokenRoute(label: string): boolean {
  let isOne = known.get(label);
  if (isOne === undefined) {
    isOne = TOKEN_ROUTES.some((route) => route.test(label));
    if (known.size >= LABELS_MAX) known.clear();
    known.set(label, isOne);
  }
  return isOne;
}

function isAt(body: Uint8Array, member: Uint8Array, from: number): boolean {
  return member.every((byte, offset) => body[from + offset] === byte);
}

function afterBlanks(body: Uint8Array, from: number): number {
  let at = from;
  while ((body[at] ?? 0) <= BLANK && at < body.byteLength) at++;
  return at;
}
