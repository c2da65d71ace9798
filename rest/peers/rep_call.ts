import { NO_EVIDENCE } from "../listener/websocket/admit_upgrade.ts";
import { authorizeWith } from "../listener/websocket/admit_upgrade.ts";
import { principalWith } from "../listener/websocket/principals.ts";
import type { Authorizer, Proof } from "../listener/access/authorize.ts";
import type { KeyRing } from "../listener/access/key_ring.ts";
import type { ConnectionStart } from "../rep/connections/connection.ts";
import { Refusal } from "../domain/refusal.ts";
import type { RouteFacts } from "../domain/route.ts";
import { routeOf } from "../routes/route_of.ts";
import { type Identities, identityIn, type PeerIdentity } from "./peer_call.ts";
import { headerJson, objectIn } from "./wire.ts";

/** What a door knows of a WebSocket that it relays. */
export interface RepCall {
  /** Undefined: it has shown no key yet. */
  readonly keyName?: string | undefined;
  /** The token it brought beside its key. */
  readonly brought?: PeerIdentity | undefined;
  readonly botId: string | null;
  readonly clientName: string | null;
  readonly address: string;
  readonly hasOptedIn: boolean;
  readonly origins: readonly string[];
  /** For how long the door has kept back its authentication request; undefined: none has come. */
  readonly keptBackMs?: number | undefined;
}

/** The call as a header's value. */
export function writeRepCall(call: RepCall): string {
  return headerJson(call);
}

/** Reads the header; undefined where it is none of ours. */
export function readRepCall(text: string | null): RepCall | undefined {
  const value = objectIn(text);
  if (value === undefined) return undefined;
  const { keyName, botId, clientName, address, hasOptedIn, origins } = value;
  const { keptBackMs } = value;
  const isCall = isTextOr(undefined, keyName) && isTextOr(null, botId) &&
    isTextOr(null, clientName) && typeof address === "string" &&
    typeof hasOptedIn === "boolean" && Array.isArray(origins) &&
    origins.every((origin) => typeof origin === "string") &&
    (keptBackMs === undefined || typeof keptBackMs === "number");
  return isCall ? value as unknown as RepCall : undefined;
}

function isTextOr(none: null | undefined, value: unknown): boolean {
  return value === none || typeof value === "string";
}

/** With what a relayed connection begins at its owner. */
export function startOf(
  call: RepCall,
  { authorizer, keys, identities }: {
    readonly authorizer: Authorizer;
    readonly keys: KeyRing;
    readonly identities: Identities;
  },
): ConnectionStart {
  const { clientName, address, botId, hasOptedIn, origins, keptBackMs } = call;
  const proof = proofIn(call, keys, identities);
  const unproved = { ...NO_EVIDENCE, botId, address };
  return {
    principal: proof && principalWith(authorizer, proof, clientName, address),
    hasOptedIn,
    origins,
    keptBackMs,
    authorize: authorizeWith(authorizer, unproved, clientName),
  };
}

/** The name of callers whose key is a configured bot's token. */
const TOKEN_KEY_NAME = "token";

function proofIn(
  { keyName, brought, botId }: RepCall,
  keys: KeyRing,
  identities: Identities,
): Proof | undefined {
  if (keyName === undefined) return undefined;
  const key = keys.keyNamed(keyName);
  if (key === undefined && keyName !== TOKEN_KEY_NAME) {
    throw new Refusal(
      "unauthorized",
      `Cannot accept the connection: its key ${keyName} is not known to the proxy that owns its bot`,
    );
  }
  const identity = brought && identityIn({ identity: brought }, identities);
  return { keyName, key, brought: identity, botId };
}

/** A route that a bot's token is sent on. */
export const OF_BOT: RouteFacts = routeOf("GET", "/users/@me", 0);
