import type { KeyRights, OpenTokenRoutes } from "../../domain/access.ts";
import { type Identity, NOBODY } from "../../domain/identity.ts";
import { Refusal } from "../../domain/refusal.ts";
import type { RouteFacts } from "../../domain/route.ts";
import {
  botNamed,
  type BotRing,
  botsWithin,
  chooseBot,
  foreignBot,
} from "./bot_ring.ts";
import { broughtIdentity, credentialsOf } from "./credentials.ts";
import type { Key, KeyRing } from "./key_ring.ts";
import { keylessRefusal } from "./keyless_refusal.ts";
import type { KnownAddresses } from "./known_addresses.ts";

/** The credentials of one call, as they arrived; null or undefined where there is none. */
export interface Evidence {
  readonly authorization: string | null;
  /** `X-Rest-Authorization`. */
  readonly restAuthorization: string | null;
  /** The key in front of the path; undefined where there is none, or where such keys are not accepted. */
  readonly pathKey: string | undefined;
  /** The header `bot_id`: the name or application id of a configured bot. */
  readonly botId: string | null;
  /** The caller's address, without a port. */
  readonly address: string;
}

/** What a caller has proved, before its route is known. */
export interface Proof {
  /** The name of its key; safe to log. */
  readonly keyName: string;
  /** Undefined where the bot's token took the place of a key. */
  readonly key: Key | undefined;
  /** The token it brought beside the key; undefined where it speaks for a configured bot. */
  readonly brought: Identity | undefined;
  /** The configured bot it wants to speak for; null: the first that its key allows. */
  readonly botId: string | null;
}

/** Authenticates callers and names the identity behind their requests. Every transport asks it. */
export interface Authorizer {
  /** Undefined: the call has no valid key. Refuses an `Authorization` beside the key that Discord would not accept. */
  prove(evidence: Evidence): Proof | undefined;
  /**
   * The identity for Discord. Refuses a route that needs a token where there is
   * none, a bot that the key may not use, and a key that has been revoked.
   */
  identityFor(proof: Proof, route: RouteFacts): Identity;
  /** The bot or token that a caller speaks for where no route says otherwise; undefined: its key may use no bot, or there is none. */
  ownIdentityOf(proof: Proof): Identity | undefined;
  /** Whether a caller from this address needs no key on this route (`REST_OPEN_TOKEN_ROUTES`); one that is known for the key it has shown stays so with that. */
  isOpen(address: string, route: RouteFacts): boolean;
  /** The refusal of a call that proved nothing, with what to do about it; `route` where it is known. */
  refusal(evidence: Evidence, route: RouteFacts | undefined): Refusal;
}

/** What an authorizer is made with. */
export interface AuthorizerDeps {
  readonly keys: KeyRing;
  readonly bots: BotRing;
  /** Used where `openTokenRoutes` is `known`. */
  readonly known: KnownAddresses;
  readonly openTokenRoutes: OpenTokenRoutes;
}

/** The key name of callers that authenticate with a configured bot's token instead of a key. */
const TOKEN_KEY_NAME = "token";

/**
 * Routes that Discord serves without a token, by its OpenAPI document of 2026.
 * Without this list they would be refused where no token is configured.
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

/** Creates an authorizer for these keys and bots. */
export function createAuthorizer(deps: AuthorizerDeps): Authorizer {
  const { keys, bots, known, openTokenRoutes } = deps;
  const read = createAuthorizationReader(keys, bots);

  function prove(evidence: Evidence): Proof | undefined {
    const { authorization, restAuthorization, pathKey, botId } = evidence;
    const key = keyOf(keys, restAuthorization) ?? keyOf(keys, pathKey);
    if (key !== undefined) {
      const brought = authorization === null
        ? undefined
        : read.besidesKey(authorization);
      return { keyName: key.name, key, brought, botId };
    }
    const shown = authorization === null
      ? undefined
      : read.asKey(authorization);
    return shown && { ...shown, botId };
  }

  return {
    prove(evidence) {
      const proof = prove(evidence);
      const shown = proof?.key ?? proof?.brought;
      if (openTokenRoutes === "known" && shown !== undefined) {
        known.add(evidence.address, shown);
      }
      return proof;
    },
    isOpen(address, { carriesToken }) {
      if (!carriesToken || openTokenRoutes === "false") return false;
      return openTokenRoutes === "true" || known.use(address);
    },
    refusal: ({ authorization }, route) =>
      keylessRefusal(authorization, route?.carriesToken, openTokenRoutes),
    ownIdentityOf({ brought, key, botId }) {
      const mine = botsWithin(bots, key?.rights);
      return brought ?? botNamed(mine, botId)?.identity;
    },
    identityFor(proof, route) {
      const rights = rightsOf(keys, proof);
      const identity = identityOf(proof, route, rights, bots);
      if (identity !== undefined) return identity;
      throw new Refusal(
        "no_token",
        "Cannot send the request: no bot's token is configured. Bring a token in Authorization and the key in X-Rest-Authorization",
      );
    },
  };
}

/** The rights that the key has now; undefined where no key was needed. */
function rightsOf(keys: KeyRing, { key }: Proof): KeyRights | undefined {
  if (key === undefined) return undefined;
  // A key may be revoked while a connection that used it is still open.
  const current = keys.current(key);
  if (current !== undefined) return current.rights;
  throw new Refusal(
    "unauthorized",
    `Cannot accept the request: its key ${key.name} has been revoked`,
  );
}

function identityOf(
  { brought, botId }: Proof,
  { takesBotToken, label }: RouteFacts,
  rights: KeyRights | undefined,
  bots: BotRing,
): Identity | undefined {
  // Callbacks and token webhooks need no bot's token; with one, Discord would
  // count them against the bot's global limit.
  if (!takesBotToken) {
    return brought === undefined || brought.kind === "bot" ? NOBODY : brought;
  }
  const mine = botsWithin(bots, rights);
  if (brought === undefined) {
    const isNobodys = mine.length === 0 && PUBLIC_ROUTES.has(label);
    return isNobodys ? NOBODY : chooseBot(bots, mine, botId)?.identity;
  }
  if (!brought.isOwn) return brought;
  // Proved once, on a connection that may be older than the bot's token of today.
  const own = mine.find(({ identity }) => identity.id === brought.id);
  if (own === undefined) throw foreignBot(mine);
  return own.identity;
}

function keyOf(
  keys: KeyRing,
  presented: string | null | undefined,
): Key | undefined {
  return presented === null || presented === undefined
    ? undefined
    : keys.keyOf(presented);
}

/** How many brought tokens are remembered: enough for all bots behind one proxy, and a bound on a caller that invents tokens. */
const REMEMBERED_MAX = 1_000;

interface AuthorizationReader {
  /** What `Authorization` alone proves; undefined: nothing. */
  asKey(authorization: string): Omit<Proof, "botId"> | undefined;
  /** The token in `Authorization` beside a key that came another way; undefined where it is a configured bot's key or the key again. */
  besidesKey(authorization: string): Identity | undefined;
}

function createAuthorizationReader(
  keys: KeyRing,
  bots: BotRing,
): AuthorizationReader {
  // Only callers with a key reach this, so nobody else can fill it or measure its time.
  const remembered = new Map<string, Identity | undefined>();
  const generationOf = () => keys.generation + bots.generation;
  let generation = generationOf();

  function asKey(authorization: string): Omit<Proof, "botId"> | undefined {
    const credentials = credentialsOf(authorization);
    const token = credentials?.scheme === "basic"
      ? undefined
      : credentials?.token;
    // A key may itself look like "Bot something".
    const key = keyOf(keys, token) ?? keys.keyOf(authorization);
    if (key !== undefined) {
      return { keyName: key.name, key, brought: undefined };
    }
    const bot = credentials?.scheme === "bot"
      ? bots.botOf(credentials.token)
      : undefined;
    return bot &&
      { keyName: TOKEN_KEY_NAME, key: undefined, brought: bot.identity };
  }

  function besidesKey(authorization: string): Identity | undefined {
    const now = generationOf();
    if (generation !== now || remembered.size >= REMEMBERED_MAX) {
      remembered.clear();
      generation = now;
    }
    if (remembered.has(authorization)) return remembered.get(authorization);
    const identity = read(authorization);
    remembered.set(authorization, identity);
    return identity;
  }

  function read(authorization: string): Identity | undefined {
    const shown = asKey(authorization);
    // A key that is sent twice must not go to Discord as if it were a token.
    if (shown !== undefined) return shown.brought;
    const credentials = credentialsOf(authorization);
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
