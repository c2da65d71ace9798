import { Refusal } from "../../domain/refusal.ts";
import type { ConnectionStart } from "../../rep/connections/connection.ts";
import type { Presented, Principal } from "../../rep/connections/principal.ts";
import { canonicalOrigin } from "../../rep/frames/target.ts";
import type { Authorizer, Evidence } from "../authorize.ts";
import { rawTargetOf, splitPathKey } from "../http/raw_target.ts";
import { isUpgrade, readOffer } from "./handshake.ts";
import { principalOf } from "./principals.ts";

export interface AdmissionRules {
  readonly authorizer: Authorizer;
  readonly settings: {
    readonly upstream: string;
    readonly isHeaderRequired: boolean;
    readonly isKeyInPathAllowed: boolean;
    readonly allowedOrigins?: ReadonlySet<string>;
  };
}

/** An upgrade that may go ahead. */
export interface AdmittedUpgrade {
  readonly start: ConnectionStart;
  /** The subprotocol to return; undefined: none. */
  readonly protocol: string | undefined;
}

/** Says whether a socket may be opened and what is known of it, or refuses (A1, A2, A9, C4). */
export function admitUpgrade(
  request: Request,
  info: Deno.ServeHandlerInfo,
  { authorizer, settings }: AdmissionRules,
): AdmittedUpgrade {
  const { headers } = request;
  if (!isUpgrade(headers)) {
    throw new Refusal(
      "upgrade_required",
      "Cannot answer here: this path takes WebSocket upgrades only",
    );
  }
  checkOrigin(headers.get("origin"), settings.allowedOrigins);
  const offer = readOffer(headers.get("sec-websocket-protocol"));
  const evidence = evidenceOf(request, offer.key, settings.isKeyInPathAllowed);
  // Read now: after the upgrade the runtime knows the address no more.
  const origin = { remoteAddr: info.remoteAddr, completed: info.completed };
  const clientName = headers.get("x-rest-client");
  const botId = headers.get("bot_id");
  const principal = evidence === undefined
    ? undefined
    : principalOf(authorizer, evidence, clientName, origin);
  const mustHaveKey = evidence !== undefined || settings.isHeaderRequired;
  if (principal === undefined && mustHaveKey) {
    throw new Refusal(
      "unauthorized",
      "Cannot accept the connection: the key is missing or wrong",
    );
  }
  return {
    start: {
      principal,
      hasOptedIn: offer.protocol !== undefined,
      // The address the client dialled, and Discord's (C16).
      origins: [originOf(request.url), originOf(settings.upstream)],
      authorize: (presented) =>
        principalFor(authorizer, presented, botId, clientName, origin),
    },
    protocol: offer.protocol,
  };
}

/** No cookies are involved, so by default any page may try its key (A9). */
function checkOrigin(
  origin: string | null,
  allowed: ReadonlySet<string> | undefined,
): void {
  if (allowed === undefined || origin === null || allowed.has(origin)) return;
  throw new Refusal(
    "forbidden",
    "Cannot accept the connection: pages of this origin are not allowed",
  );
}

/** What the upgrade shows, headers first; undefined: nothing (A1). */
function evidenceOf(
  request: Request,
  offeredKey: string | undefined,
  isKeyInPathAllowed: boolean,
): Evidence | undefined {
  const authorization = request.headers.get("authorization");
  const restAuthorization = request.headers.get("x-rest-authorization");
  const raw = rawTargetOf(request.url, request.headers.get("host")) ?? "";
  const pathKey = isKeyInPathAllowed ? splitPathKey(raw).pathKey : undefined;
  const isShown = authorization !== null || restAuthorization !== null ||
    pathKey !== undefined;
  const botId = request.headers.get("bot_id");
  if (isShown) return { authorization, restAuthorization, pathKey, botId };
  return offeredKey === undefined ? undefined : {
    authorization: offeredKey,
    restAuthorization: null,
    pathKey: undefined,
    botId,
  };
}

/** The special request: its token is what a header would have said (A3). */
function principalFor(
  authorizer: Authorizer,
  { token, authorization, client }: Presented,
  botId: string | null,
  clientName: string | null,
  origin: Deno.ServeHandlerInfo,
): Principal | undefined {
  const shown = authorization === undefined
    ? { authorization: token, restAuthorization: null }
    : { authorization, restAuthorization: token };
  const evidence: Evidence = { ...shown, pathKey: undefined, botId };
  return principalOf(authorizer, evidence, client ?? clientName, origin);
}

const ORIGIN = /^[a-z]+:\/\/[^/?#]*/i;

function originOf(url: string): string {
  return canonicalOrigin(ORIGIN.exec(url)?.[0] ?? "");
}
