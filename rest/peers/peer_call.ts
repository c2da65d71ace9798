import type { KeepWish } from "../listener/http/keep_wish.ts";
import type { Identity } from "../domain/identity.ts";
import { NOBODY } from "../domain/identity.ts";
import type { Owners } from "../domain/owners.ts";
import type { ProxyRequest } from "../domain/request.ts";
import type { Urgency } from "../domain/urgency.ts";
import type { PeerRequest } from "./peer_client.ts";
import { headerJson, objectIn, PEER_CALL_HEADER } from "./wire.ts";

/** Whose token a request takes: a bot's of the settings, which never crosses; one that its caller brought; none. */
export type PeerIdentity =
  | { readonly own: string }
  | { readonly brought: string }
  | Record<string, never>;

/** What a door knows of a request beside method, path, headers and body. */
export interface PeerCall {
  /** The door's id, `Owners.selfId`. */
  readonly from: string;
  readonly caller: string;
  readonly identity: PeerIdentity;
  readonly urgency: Urgency;
  readonly isOrdered: boolean;
  /** What is left of it. */
  readonly leaveWithinMs: number | undefined;
  /** By which lease its receiver owns it, as far as its door knows; undefined: there are none. */
  readonly epoch: number | undefined;
  /** How its caller wants it kept, and whose it is then. */
  readonly kept: Kept | undefined;
}

/** How a caller wants a request kept (I8, D4), and whose it is then. */
export interface Kept {
  readonly wish: KeepWish;
  readonly owner: string;
}

/** What a door hands on. */
export interface HandedOn {
  readonly request: ProxyRequest;
  readonly kept: Kept | undefined;
}

/** To whom a request is handed. */
export interface Passage {
  readonly url: string;
  readonly owners: Owners;
  /** At its door. */
  readonly waitedMs: number;
}

/** A request as it is handed to another proxy. */
export function peerRequestOf(
  { url, owners, waitedMs }: Passage,
  { request, kept, scope }: HandedOn & { readonly scope: string },
): PeerRequest {
  const { method, target, headers, body } = request;
  const call = headerJson({
    from: owners.selfId,
    epoch: owners.leaseOf?.(scope)?.epoch,
    ...peerCallOf(request, kept, waitedMs),
  });
  return {
    url,
    method,
    path: `/v${target.version}${target.path}${target.query}`,
    headers: [...headers, [PEER_CALL_HEADER, call]],
    body,
  };
}

function peerCallOf(
  request: ProxyRequest,
  kept: Kept | undefined,
  waitedMs: number,
): Omit<PeerCall, "from" | "epoch"> {
  const { caller, identity, urgency, isOrdered, leaveWithinMs } = request;
  return {
    caller,
    identity: peerIdentityOf(identity),
    urgency,
    isOrdered,
    leaveWithinMs: leaveWithinMs === undefined
      ? undefined
      : Math.max(0, Math.round(leaveWithinMs - waitedMs)),
    kept,
  };
}

/** How an identity crosses to its owner. */
export function peerIdentityOf(
  { id, authorization, isOwn }: Identity,
): PeerIdentity {
  if (isOwn) return { own: id };
  return authorization === undefined ? {} : { brought: authorization.reveal() };
}

/** What each member of a call has to be. */
const HOLDS: {
  readonly [Name in keyof PeerCall]: (value: unknown) => boolean;
} = {
  from: isText,
  caller: isText,
  identity: isPeerIdentity,
  urgency: isUrgency,
  isOrdered: (value) => typeof value === "boolean",
  leaveWithinMs: isNumberOrNone,
  epoch: isNumberOrNone,
  kept: (value) => value === undefined || isKept(value),
};

/** Reads the header; undefined where it is none of ours. */
export function readPeerCall(text: string | null): PeerCall | undefined {
  const value = objectIn(text);
  return value !== undefined && isPeerCall(value) ? value : undefined;
}

function isPeerCall(
  value: Record<string, unknown>,
): value is Record<string, unknown> & PeerCall {
  return Object.entries(HOLDS).every(([name, holds]) => holds(value[name]));
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isNumberOrNone(value: unknown): value is number | undefined {
  return value === undefined || typeof value === "number";
}

function isPeerIdentity(value: unknown): value is PeerIdentity {
  if (typeof value !== "object" || value === null) return false;
  const { own, brought } = value as Record<string, unknown>;
  return [own, brought].every((one) =>
    one === undefined || typeof one === "string"
  );
}

function isKept(value: unknown): value is Kept {
  const { wish, owner } = (value ?? {}) as Record<string, unknown>;
  const { idempotencyKey, isAsync } = (wish ?? {}) as Record<string, unknown>;
  return typeof owner === "string" && typeof isAsync === "boolean" &&
    (idempotencyKey === undefined || typeof idempotencyKey === "string");
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
  { identity }: Pick<PeerCall, "identity">,
  identities: Identities,
): Identity | undefined {
  if ("own" in identity) return identities.own(identity["own"] ?? "");
  if ("brought" in identity) {
    return identities.brought(identity["brought"] ?? "");
  }
  return NOBODY;
}
