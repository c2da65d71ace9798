import type { Identity } from "../domain/identity.ts";
import { NOBODY } from "../domain/identity.ts";
import type { ProxyRequest } from "../domain/request.ts";
import type { Urgency } from "../domain/urgency.ts";
import { headerJson, objectIn } from "./wire.ts";

/** Whose token a request takes: a bot's of the settings, which never crosses; one that its caller brought; none. */
export type PeerIdentity =
  | { readonly own: string }
  | { readonly brought: string }
  | Record<string, never>;

/** What a door knows of a request beside method, path, headers and body. */
export interface PeerCall {
  readonly scope: string;
  readonly caller: string;
  readonly identity: PeerIdentity;
  readonly urgency: Urgency;
  readonly isOrdered: boolean;
  /** What is left of it. */
  readonly leaveWithinMs: number | undefined;
}

/** The call of a request that has waited `waitedMs` at its door. */
export function peerCallOf(
  request: ProxyRequest,
  scope: string,
  waitedMs: number,
): PeerCall {
  const { caller, identity, urgency, isOrdered, leaveWithinMs } = request;
  return {
    scope,
    caller,
    identity: peerIdentityOf(identity),
    urgency,
    isOrdered,
    leaveWithinMs: leaveWithinMs === undefined
      ? undefined
      : Math.max(0, Math.round(leaveWithinMs - waitedMs)),
  };
}

function peerIdentityOf({ id, authorization, isOwn }: Identity): PeerIdentity {
  if (isOwn) return { own: id };
  return authorization === undefined ? {} : { brought: authorization.reveal() };
}

/** The call as a header's value. */
export function writePeerCall(call: PeerCall): string {
  return headerJson(call);
}

/** Reads the header; undefined where it is none of ours. */
export function readPeerCall(text: string | null): PeerCall | undefined {
  const value = objectIn(text);
  if (value === undefined) return undefined;
  const { scope, caller, identity, urgency, isOrdered, leaveWithinMs } = value;
  const isCall = typeof scope === "string" && typeof caller === "string" &&
    isPeerIdentity(identity) && isUrgency(urgency) &&
    typeof isOrdered === "boolean" &&
    (leaveWithinMs === undefined || typeof leaveWithinMs === "number");
  return isCall
    ? { scope, caller, identity, urgency, isOrdered, leaveWithinMs }
    : undefined;
}

function isPeerIdentity(value: unknown): value is PeerIdentity {
  if (typeof value !== "object" || value === null) return false;
  const { own, brought } = value as Record<string, unknown>;
  return [own, brought].every((one) =>
    one === undefined || typeof one === "string"
  );
}

function isUrgency(value: unknown): value is Urgency {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 7;
}

/** How an owner finds the identity again. */
export interface Identities {
  /** The configured bot of this id. */
  readonly own: (id: string) => Identity | undefined;
  /** The identity behind a token that a caller brought. */
  readonly brought: (authorization: string) => Identity | undefined;
}

/** The identity that a call names; undefined where this proxy knows no such bot. */
export function identityIn(
  { identity }: PeerCall,
  identities: Identities,
): Identity | undefined {
  if ("own" in identity) return identities.own(identity["own"] ?? "");
  if ("brought" in identity) {
    return identities.brought(identity["brought"] ?? "");
  }
  return NOBODY;
}
