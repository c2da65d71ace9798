import { Refusal } from "../../domain/refusal.ts";
import type { ConnectionStart } from "../../rep/connections/connection.ts";
import type { Presented, Principal } from "../../rep/connections/principal.ts";
import { canonicalOrigin } from "../../rep/frames/target.ts";
import type { Authorizer, Evidence } from "../authorize.ts";
import { remoteHostOf } from "../caller_of.ts";
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
  // Read now: after the upgrade the runtime knows the address no more.
  const unproved = {
    ...NO_EVIDENCE,
    botId: headers.get("bot_id"),
    address: remoteHostOf(info),
  };
  const shown = shownBy(request, offer.key, settings.isKeyInPathAllowed);
  const evidence = { ...unproved, ...shown };
  const clientName = headers.get("x-rest-client");
  const principal = shown && principalOf(authorizer, evidence, clientName);
  const mustHaveKey = shown !== undefined || settings.isHeaderRequired;
  if (principal === undefined && mustHaveKey) {
    throw authorizer.refusal(evidence, undefined);
  }
  return {
    start: {
      principal,
      hasOptedIn: offer.protocol !== undefined,
      // The address the client dialled, and Discord's (C16).
      origins: [originOf(request.url), originOf(settings.upstream)],
      authorize: (presented) =>
        principalFor(authorizer, presented, unproved, clientName),
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

/** Nothing shown. */
const NO_EVIDENCE = {
  authorization: null,
  restAuthorization: null,
  pathKey: undefined,
} as const;

/** What the upgrade shows, headers first; undefined: nothing (A1). */
function shownBy(
  request: Request,
  offeredKey: string | undefined,
  isKeyInPathAllowed: boolean,
): Omit<Evidence, "botId" | "address"> | undefined {
  const authorization = request.headers.get("authorization");
  const restAuthorization = request.headers.get("x-rest-authorization");
  const raw = rawTargetOf(request.url, request.headers.get("host")) ?? "";
  const pathKey = isKeyInPathAllowed ? splitPathKey(raw).pathKey : undefined;
  const isShown = authorization !== null || restAuthorization !== null ||
    pathKey !== undefined;
  if (isShown) return { authorization, restAuthorization, pathKey };
  return offeredKey === undefined
    ? undefined
    : { ...NO_EVIDENCE, authorization: offeredKey };
}

/** The authentication request: its token is what a header would have said (A3). */
function principalFor(
  authorizer: Authorizer,
  { token, authorization, client }: Presented,
  unproved: Evidence,
  clientName: string | null,
): Principal | undefined {
  const evidence = authorization === undefined
    ? { ...unproved, authorization: token }
    : { ...unproved, authorization, restAuthorization: token };
  return principalOf(authorizer, evidence, client ?? clientName);
}

const ORIGIN = /^[a-z]+:\/\/[^/?#]*/i;

function originOf(url: string): string {
  return canonicalOrigin(ORIGIN.exec(url)?.[0] ?? "");
}
