import { type Identity, NOBODY } from "../domain/identity.ts";
import { Refusal } from "../domain/refusal.ts";
import type { RouteFacts } from "../domain/route.ts";
import type { BotRing } from "./bot_ring.ts";
import { broughtIdentity, credentialsOf } from "./identity_of.ts";
import type { KeyRing } from "./key_ring.ts";

/** What a caller shows, as it came; null or undefined where it shows nothing. */
export interface Evidence {
  readonly authorization: string | null;
  /** `X-Rest-Authorization`. */
  readonly restAuthorization: string | null;
  /** The key in front of the path; undefined where there is none or it is not taken. */
  readonly pathKey: string | undefined;
}

/** A caller that may come in, before it is known where it wants to go. */
export interface Proof {
  /** Name of the key it knows; safe to log. */
  readonly keyName: string;
  /** The token it brought besides; undefined where it speaks for our own bot. */
  readonly brought: Identity | undefined;
}

/** Says whose a request is. Every transport asks here. */
export interface Authorizer {
  /** Undefined: it knows no key. Refuses an `Authorization` beside the key that Discord would not take. */
  prove(evidence: Evidence): Proof | undefined;
  /** The identity that goes upstream; refuses what needs a token where there is none. */
  identityFor(proof: Proof, route: RouteFacts): Identity;
}

/** The name of a caller that proved itself with the bot's token instead of a key. */
const TOKEN_KEY_NAME = "token";

/**
 * Routes that Discord serves without a token, by its OpenAPI document of 2026,
 * and that would otherwise be refused here for want of one.
 */
const PUBLIC_ROUTES: ReadonlySet<string> = new Set([
  "GET /gateway",
  "GET /guilds/templates/{code}",
  "GET /guilds/{guild_id}/widget.json",
  "GET /guilds/{guild_id}/widget.png",
  "GET /invites/{code}",
  "GET /oauth2/keys",
  "GET /sticker-packs",
]);

/** Checks what callers show against our keys and bots. */
export function createAuthorizer(
  deps: { readonly keys: KeyRing; readonly bots: BotRing },
): Authorizer {
  const read = createAuthorizationReader(deps.keys, deps.bots);
  return {
    prove({ authorization, restAuthorization, pathKey }) {
      const besides = keyNameOf(deps.keys, restAuthorization) ??
        keyNameOf(deps.keys, pathKey);
      if (authorization === null) {
        return besides === undefined
          ? undefined
          : { keyName: besides, brought: undefined };
      }
      if (besides !== undefined) {
        return { keyName: besides, brought: read.besidesKey(authorization) };
      }
      const keyName = read.asKey(authorization);
      return keyName === undefined
        ? undefined
        : { keyName, brought: undefined };
    },
    identityFor({ brought }, route) {
      const identity = brought ?? deps.bots.main;
      // A bot's token has no place on callbacks and token webhooks, and on
      // them Discord would charge it to the bot's global limit.
      if (!route.takesBotToken) {
        return identity === undefined || identity.kind === "bot"
          ? NOBODY
          : identity;
      }
      if (identity !== undefined) return identity;
      if (PUBLIC_ROUTES.has(route.label)) return NOBODY;
      throw new Refusal(
        "no_token",
        "Cannot send the request: no DISCORD_TOKEN is configured. Bring a token in Authorization and the key in X-Rest-Authorization",
      );
    },
  };
}

function keyNameOf(
  keys: KeyRing,
  presented: string | null | undefined,
): string | undefined {
  if (presented === null || presented === undefined) return undefined;
  return keys.keyOf(presented)?.name;
}

/** Brought tokens remembered: enough for every bot behind one proxy, and a bound on one that makes them up. */
const REMEMBERED_MAX = 1_000;

interface AuthorizationReader {
  /** The name of the key (or token) that `Authorization` is by itself. */
  asKey(authorization: string): string | undefined;
  /** The token in `Authorization` where the key came another way; undefined where it speaks for our own bot. */
  besidesKey(authorization: string): Identity | undefined;
}

function createAuthorizationReader(
  keys: KeyRing,
  bots: BotRing,
): AuthorizationReader {
  // Only callers with a key get here, so nobody else can fill it or time it.
  const remembered = new Map<string, Identity | undefined>();

  function asKey(authorization: string): string | undefined {
    const credentials = credentialsOf(authorization);
    if (credentials === undefined) return keyNameOf(keys, authorization);
    const { scheme, token } = credentials;
    if (scheme !== "basic") {
      const name = keyNameOf(keys, token);
      if (name !== undefined) return name;
    }
    if (scheme === "bot" && bots.botOf(token) !== undefined) {
      return TOKEN_KEY_NAME;
    }
    // A key may itself look like "Bot something".
    return keyNameOf(keys, authorization);
  }

  function besidesKey(authorization: string): Identity | undefined {
    if (remembered.has(authorization)) return remembered.get(authorization);
    const identity = read(authorization);
    if (remembered.size >= REMEMBERED_MAX) remembered.clear();
    remembered.set(authorization, identity);
    return identity;
  }

  function read(authorization: string): Identity | undefined {
    const credentials = credentialsOf(authorization);
    const bot = credentials?.scheme === "bot"
      ? bots.botOf(credentials.token)
      : undefined;
    if (bot !== undefined) return bot;
    // The key shown twice must not go upstream as if it were a token.
    if (asKey(authorization) !== undefined) return undefined;
    if (credentials === undefined) {
      throw new Refusal(
        "bad_request",
        "Cannot use Authorization beside the key: Bot, Bearer or Basic and a token are wanted",
      );
    }
    return broughtIdentity(authorization, credentials);
  }

  return { asKey, besidesKey };
}
