import { KEYLESS } from "../../domain/caller.ts";
import { type Identity, NOBODY } from "../../domain/identity.ts";
import type { Clock } from "../../domain/ports.ts";
import { Refusal } from "../../domain/refusal.ts";
import type { Authorizer, Evidence, Proof } from "../access/authorize.ts";
import { callerOf } from "../access/caller_of.ts";
import { fieldOf } from "./fields.ts";
import type { IncomingRequest } from "./incoming_request.ts";
import type { RequestTarget, TargetReader } from "./request_target.ts";

/** One request on its way through the listener. */
export interface RequestContext {
  readonly request: IncomingRequest;
  /** For the fact of a refusal, told as soon as it is known. */
  label: string;
  caller: string | undefined;
  /** From here on the dispatcher tells what becomes of it. */
  isSubmitted: boolean;
}

/** Where a request goes and whose it is: all that is known before its body. */
export interface Admission {
  readonly place: RequestTarget;
  /** Whose token it takes. To be asked once the body is there: refuses where the key was taken back meanwhile. */
  readonly whose: () => Identity;
  readonly caller: string;
  /** Whose kept requests it may see: its key and token; undefined without a key. */
  readonly owner: string | undefined;
}

/** What admission is made with. */
export interface AdmitDeps {
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  readonly targetOf: TargetReader;
}

/** Says whose the request is, or refuses it before a byte of its body is read. */
export function admit(
  context: RequestContext,
  pathKey: string | undefined,
  target: string,
  deps: AdmitDeps,
): Admission {
  const { authorizer, clock } = deps;
  const { method, fields } = context.request;
  const place = deps.targetOf(method, target, clock.wallMs());
  const route = place instanceof Refusal ? undefined : place.route;
  if (route !== undefined) context.label = route.label;
  // Whoever wants a WebSocket and was not understood so is told that, whatever its key.
  if (place instanceof Refusal && place.code === "upgrade_required") {
    throw place;
  }

  const evidence = evidenceOf(context, pathKey);
  const { address } = evidence;
  const proof = authorizer.prove(evidence);
  if (proof === undefined) {
    const isOpen = route !== undefined && authorizer.isOpen(address, route);
    if (!isOpen) throw authorizer.refusal(evidence, route);
  }
  if (place instanceof Refusal) throw place;
  const caller = callerOf(
    proof?.keyName ?? KEYLESS,
    fieldOf(fields, "x-rest-client"),
    address,
  );
  context.caller = caller;
  const whose = () =>
    proof === undefined ? NOBODY : authorizer.identityFor(proof, place.route);
  whose();
  return { place, whose, caller, owner: proof && ownerOf(proof) };
}

/** Who it is that wants something of the proxy itself; refuses who has no key. */
export function admitSelf(
  context: RequestContext,
  pathKey: string | undefined,
  authorizer: Authorizer,
): Proof {
  const evidence = evidenceOf(context, pathKey);
  const proof = authorizer.prove(evidence);
  if (proof === undefined) throw authorizer.refusal(evidence, undefined);
  return proof;
}

function evidenceOf(
  { request }: RequestContext,
  pathKey: string | undefined,
): Evidence {
  const { fields, remoteAddress } = request;
  return {
    authorization: fieldOf(fields, "authorization"),
    restAuthorization: fieldOf(fields, "x-rest-authorization"),
    pathKey,
    botId: fieldOf(fields, "bot_id"),
    address: remoteAddress,
  };
}

/** Whose kept requests a caller may see: those of its key and token. */
export function ownerOf({ keyName, brought }: Proof): string {
  return `${keyName} ${brought?.id ?? "own"}`;
}
