import { Refusal } from "../../domain/refusal.ts";
import type { ConnectionStart } from "../../rep/connections/connection.ts";
import { canonicalOrigin } from "../../rep/frames/target.ts";
import type { Authorizer, Evidence } from "../access/authorize.ts";
import { fieldOf } from "../http/fields.ts";
import type { IncomingRequest } from "../http/incoming_request.ts";
import { rawTargetOf, splitPathKey } from "../http/raw_target.ts";
import { readOffer } from "./handshake.ts";
import { principalOf } from "./principals.ts";

/** Who may open a WebSocket. */
export interface AdmissionRules {
  readonly authorizer: Authorizer;
  readonly settings: {
    readonly upstream: string;
    readonly isHeaderRequired: boolean;
    readonly isKeyInPathAllowed: boolean;
    /** Pages that may connect besides those of the proxy's own host (A9). */
    readonly origins: ReadonlySet<string>;
  };
}

/** An upgrade that may go ahead. */
export interface AdmittedUpgrade {
  readonly start: ConnectionStart;
  /** The subprotocol to return; undefined: none. */
  readonly protocol: string | undefined;
  /** What its headers showed, and where it comes from. */
  readonly evidence: Evidence;
  readonly clientName: string | null;
}

/** Says whether a socket may be opened and what is known of it, or refuses (A1, A2, A9, C4). */
export function admitUpgrade(
  request: IncomingRequest,
  { authorizer, settings }: AdmissionRules,
): AdmittedUpgrade {
  const { fields, remoteAddress, problem } = request;
  if (problem !== undefined) throw new Refusal("bad_request", problem);
  checkOrigin(request, settings.origins);
  const offer = readOffer(fieldOf(fields, "sec-websocket-protocol"));
  const unproved = {
    ...NO_EVIDENCE,
    botId: fieldOf(fields, "bot_id"),
    address: remoteAddress,
  };
  const shown = shownBy(request, offer.key, settings.isKeyInPathAllowed);
  const evidence = { ...unproved, ...shown };
  const clientName = fieldOf(fields, "x-rest-client");
  const principal = shown && principalOf(authorizer, evidence, clientName);
  const mustHaveKey = shown !== undefined || settings.isHeaderRequired;
  if (principal === undefined && mustHaveKey) {
    throw authorizer.refusal(evidence, undefined);
  }
  const scheme = request.isSecure ? "https" : "http";
  const dialled = `${scheme}://${fieldOf(fields, "host") ?? ""}`;
  return {
    start: {
      principal,
      hasOptedIn: offer.protocol !== undefined,
      // The address the client dialled, and Discord's (C16).
      origins: [originOf(dialled), originOf(settings.upstream)],
      authorize: authorizeWith(authorizer, unproved, clientName),
    },
    protocol: offer.protocol,
    evidence,
    clientName,
  };
}

/**
 * A page in a browser opens sockets to any host and with it to this machine,
 * unasked: none may but those of the proxy's own host and those that the
 * operator lists (A9). Whoever is no browser sends no `Origin`.
 */
function checkOrigin(
  { fields }: IncomingRequest,
  allowed: ReadonlySet<string>,
): void {
  const origin = fieldOf(fields, "origin");
  if (origin === null || allowed.has(origin)) return;
  const host = fieldOf(fields, "host");
  const [, itsHost] = /^[a-z]+:\/\/(.+)$/i.exec(origin) ?? [];
  if (host !== null && itsHost?.toLowerCase() === host.toLowerCase()) return;
  throw new Refusal(
    "forbidden",
    "Cannot accept the connection: pages of this origin may not connect. List it in REST_ORIGINS",
  );
}

/** Nothing shown. */
export const NO_EVIDENCE = {
  authorization: null,
  restAuthorization: null,
  pathKey: undefined,
} as const;

/** What the upgrade shows, headers first; undefined: nothing (A1). */
function shownBy(
  { target, fields }: IncomingRequest,
  offeredKey: string | undefined,
  isKeyInPathAllowed: boolean,
): Omit<Evidence, "botId" | "address"> | undefined {
  const authorization = fieldOf(fields, "authorization");
  const restAuthorization = fieldOf(fields, "x-rest-authorization");
  const raw = rawTargetOf(target, undefined, fieldOf(fields, "host")) ?? "";
  const pathKey = isKeyInPathAllowed ? splitPathKey(raw).pathKey : undefined;
  const isShown = authorization !== null || restAuthorization !== null ||
    pathKey !== undefined;
  if (isShown) return { authorization, restAuthorization, pathKey };
  return offeredKey === undefined
    ? undefined
    : { ...NO_EVIDENCE, authorization: offeredKey };
}

/** Checks authentication requests: their token is what a header would have said (A3). */
export function authorizeWith(
  authorizer: Authorizer,
  unproved: Evidence,
  clientName: string | null,
): ConnectionStart["authorize"] {
  return ({ token, authorization, client }) => {
    const evidence = authorization === undefined
      ? { ...unproved, authorization: token }
      : { ...unproved, authorization, restAuthorization: token };
    return principalOf(authorizer, evidence, client ?? clientName);
  };
}

const ORIGIN = /^[a-z]+:\/\/[^/?#]*/i;

function originOf(url: string): string {
  return canonicalOrigin(ORIGIN.exec(url)?.[0] ?? "");
}
