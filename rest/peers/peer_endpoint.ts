import type { Answer } from "../domain/answer.ts";
import { crossingHeaders } from "../domain/crossing_headers.ts";
import type { FactSink } from "../domain/fact.ts";
import { type Owners, PEER_QUESTION_PATH } from "../domain/owners.ts";
import type { Clock, Submitter } from "../domain/ports.ts";
import { Refusal } from "../domain/refusal.ts";
import type { ProxyRequest } from "../domain/request.ts";
import type { Secret } from "../domain/secret.ts";
import type { KeyRing } from "../listener/access/key_ring.ts";
import type { HttpEndpoint } from "../listener/http/endpoint.ts";
import { fieldOf } from "../listener/http/fields.ts";
import type {
  HttpAnswer,
  HttpHandler,
  IncomingRequest,
} from "../listener/http/incoming_request.ts";
import type { NamedRequests } from "../listener/http/named_requests.ts";
import type { MoveRequests } from "../listener/http/token_update.ts";
import { outgoingAnswer } from "../listener/http/outgoing_answer.ts";
import {
  createTargetReader,
  type TargetReader,
} from "../listener/http/request_target.ts";
import { answerMove } from "./move_requests.ts";
import { proofOf, readOwnCall, unlessUnsettled } from "./own_paths.ts";
import {
  type Identities,
  identityIn,
  type PeerCall,
  readPeerCall,
} from "./peer_call.ts";
import {
  mirrorRefusal,
  noCallRefusal,
  noted,
  peerCheck,
  refused,
  strangerRefusal,
} from "./peer_refusals.ts";
import {
  MOVE_PATH,
  NOT_MINE_STATUS,
  objectIn,
  PEER_CALL_HEADER,
} from "./wire.ts";

/** What the port for peers is made with. */
export interface PeerEndpointDeps {
  readonly key: Secret;
  readonly owners: Owners;
  /** Our own queue: what came here once is not handed on again. */
  readonly local: Submitter;
  readonly identities: Identities;
  readonly keys: KeyRing;
  readonly http: Pick<HttpEndpoint, "readBody" | "showQueue">;
  /** Whether every bot has an owner: while one has none, what is not found may be found later. */
  readonly isSettled: () => boolean;
  /** The kept requests of this process. */
  readonly named: NamedRequests;
  /** Gives waiting requests of this process another token. */
  readonly moveRequests: MoveRequests;
  readonly clock: Clock;
  readonly facts: FactSink;
}

/** Answers the other proxies, and nobody else. */
export function createPeerHandler(deps: PeerEndpointDeps): HttpHandler {
  const isPeer = peerCheck(deps.key);
  // Doors name the version.
  const targetOf = createTargetReader({ apiVersion: 10, hasUpgrade: false });
  return async (request) => {
    let label = "";
    try {
      if (!isPeer(request)) throw strangerRefusal();
      if (request.target === PEER_QUESTION_PATH) {
        return await answerQuestion(request, deps);
      }
      if (request.target === MOVE_PATH) {
        return await moveHere(request, deps);
      }
      if (request.target.startsWith("/_rep/")) {
        return answerOf(await answerOwnPath(request, deps));
      }
      const call = readPeerCall(fieldOf(request.fields, PEER_CALL_HEADER));
      if (call === undefined) throw noCallRefusal();
      if (call.from === deps.owners.selfId) throw mirrorRefusal();
      const whole = wantedOf(request, call, deps, targetOf);
      label = whole.route.label;
      return await serve(request, whole, call, deps);
    } catch (error) {
      return refused(error, label, request, deps.facts);
    }
  };
}

/** All of a request but its body. */
function wantedOf(
  { method, target, fields }: IncomingRequest,
  call: PeerCall,
  { identities, clock }: PeerEndpointDeps,
  targetOf: TargetReader,
): Omit<ProxyRequest, "body"> {
  const place = targetOf(method, target, clock.wallMs());
  if (place instanceof Refusal) throw place;
  const identity = identityIn(call, identities);
  if (identity === undefined) {
    throw new Refusal(
      "no_token",
      "Cannot send the request: the proxy that owns its bot has another list of bots (DISCORD_TOKEN, DISCORD_TOKENS_FILE)",
    );
  }
  const { caller, urgency, isOrdered, leaveWithinMs } = call;
  return {
    ...place,
    identity,
    caller,
    headers: crossingHeaders(fields),
    urgency,
    isOrdered,
    leaveWithinMs,
  };
}

/** Takes the body in, queues the request and hands the answer back. */
async function serve(
  request: IncomingRequest,
  wanted: Omit<ProxyRequest, "body">,
  { kept, epoch }: PeerCall,
  { owners, http, local, named, clock }: PeerEndpointDeps,
): Promise<HttpAnswer> {
  const scope = owners.scopeOf(wanted);
  await untilSettled(owners, scope, clock);
  if (!isOurs(owners, scope, epoch)) return notMine(owners, scope);
  const isCallback = wanted.route.lane === "interaction";
  const body = await http.readBody(request, wanted.caller, isCallback);
  try {
    // It may have changed while the body came.
    if (!isOurs(owners, scope, epoch)) return notMine(owners, scope);
    const whole = { ...wanted, body: body.bytes };
    const { answer, accepted } = kept === undefined
      ? local.submit(whole, request.callerGone)
      : { answer: named.handle(whole, kept.wish, kept.owner) };
    await accepted;
    // A read's door waits for nothing: there is no order among reads.
    if (wanted.method !== "GET") request.tellAccepted?.();
    return answerOf(await answer);
  } finally {
    body.release();
  }
}

/** Answers for what only this process knows: its queue, and what it keeps. */
function answerOwnPath(
  { method, target, fields }: IncomingRequest,
  { named, http, keys, identities, isSettled }: PeerEndpointDeps,
): Promise<Answer> {
  const call = readOwnCall(fieldOf(fields, PEER_CALL_HEADER));
  const { owner, proof } = call;
  const kept = owner === undefined
    ? undefined
    : named.answerAt(method, target, owner);
  if (kept !== undefined) return unlessUnsettled(kept, isSettled);
  if (proof === undefined) throw noCallRefusal();
  return http.showQueue(method, target, proofOf(proof, keys, identities));
}

/** Gives what waits here under a bearer token another one. */
async function moveHere(
  { fields }: IncomingRequest,
  { owners, moveRequests }: PeerEndpointDeps,
): Promise<HttpAnswer> {
  const { move } = readOwnCall(fieldOf(fields, PEER_CALL_HEADER));
  if (move === undefined) throw noCallRefusal();
  const scope = owners.scopeOfIdentity(move.fromId);
  if (!isOurs(owners, scope)) return notMine(owners, scope);
  return answerOf(await answerMove(move, moveRequests));
}

/** An answer, and beside it what a door has to know of it. */
function answerOf(
  { status, headers, body, timing, isOurs }: Answer,
): HttpAnswer {
  const own = isOurs && { isOurs };
  // What callers are shown of it is decided where they came in.
  const all = { areRateLimitHeadersStripped: false, isServerTimingOn: false };
  return noted(
    outgoingAnswer({ status, headers, body, ...own }, all),
    { ...timing !== undefined && { timing }, ...own },
  );
}

/** A proxy that has just become the owner reads what the one before left; that takes less than a second. */
const TAKING_OVER_MS_MAX = 5_000;

/** Waits while nobody is the owner: it may be about to be us, and no door hears of that. */
async function untilSettled(
  owners: Owners,
  scope: string | undefined,
  clock: Clock,
): Promise<void> {
  if (scope === undefined || owners.ownerOf(scope).kind !== "nobody") return;
  // Who cannot reach Redis becomes no owner, and would not hear who has.
  if (owners.figures?.().isStoreAway) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const callOff = clock.wakeAt(clock.nowMs() + TAKING_OVER_MS_MAX, resolve);
  void owners.whenChanged(scope).then(resolve);
  await promise;
  callOff();
}

/**
 * What needs no owner is anybody's. By another lease than its door knows we do
 * not have it: a network may bring what its door has given up long since, when
 * another proxy has sent what came after it and we are the owner once more.
 */
function isOurs(
  owners: Owners,
  scope: string | undefined,
  epoch?: number,
): boolean {
  if (scope === undefined) return true;
  if (owners.ownerOf(scope).kind !== "self") return false;
  return epoch === undefined || epoch === owners.leaseOf?.(scope)?.epoch;
}

/** "Not mine": certainly not accepted, and where it belongs, if that is known. */
function notMine(owners: Owners, scope: string | undefined): HttpAnswer {
  const owner = scope === undefined ? undefined : owners.ownerOf(scope);
  const notMine = owner?.kind === "peer" ? { ownerUrl: owner.url } : {};
  return noted({ status: NOT_MINE_STATUS, headers: [], body: undefined }, {
    notMine,
  });
}

/** A question about leases is a few names and moments for each scope. */
const QUESTION_BYTES_MAX = 64 * 1024;

async function answerQuestion(
  request: IncomingRequest,
  { owners, http }: PeerEndpointDeps,
): Promise<HttpAnswer> {
  const length = Number(fieldOf(request.fields, "content-length") ?? NaN);
  if (request.method !== "POST" || !(length <= QUESTION_BYTES_MAX)) {
    throw noCallRefusal();
  }
  const isCallback = false;
  const body = await http.readBody(request, "peer", isCallback);
  body.release();
  const question = objectIn(new TextDecoder().decode(body.bytes));
  if (question === undefined) throw noCallRefusal();
  const answer = new TextEncoder().encode(
    JSON.stringify(owners.answerPeer(question)),
  );
  const headers = [["content-type", "application/json"]] as const;
  return { status: 200, headers, body: answer };
}
