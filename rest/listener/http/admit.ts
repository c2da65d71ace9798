import type { HeaderList } from "../../domain/headers.ts";
import { type Identity, NOBODY } from "../../domain/identity.ts";
import type { Clock } from "../../domain/ports.ts";
import { Refusal } from "../../domain/refusal.ts";
import type { Authorizer, Proof } from "../authorize.ts";
import { callerOf } from "../caller_of.ts";
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

export interface AdmitDeps {
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  readonly targetOf: TargetReader;
  /** Paths that carry a token need no key. */
  readonly areTokenRoutesOpen: boolean;
}

/** The key name of callers that were let in without one. */
const NO_KEY_NAME = "open";

/** Says whose the request is, or refuses it before a byte of its body is read. */
export function admit(
  context: RequestContext,
  pathKey: string | undefined,
  target: string,
  deps: AdmitDeps,
): Admission {
  const { authorizer, clock } = deps;
  const { method, fields, remoteAddress } = context.request;
  const place = deps.targetOf(method, target, clock.wallMs());
  const route = place instanceof Refusal ? undefined : place.route;
  if (route !== undefined) context.label = route.label;
  // Whoever wants a WebSocket and was not understood so is told that, whatever its key.
  if (place instanceof Refusal && place.code === "upgrade_required") {
    throw place;
  }

  const proof = proofOf(fields, pathKey, authorizer);
  const isOpen = deps.areTokenRoutesOpen && route?.carriesToken === true;
  if (proof === undefined && !isOpen) throw unauthorized();
  if (place instanceof Refusal) throw place;
  const caller = callerOf(
    proof?.keyName ?? NO_KEY_NAME,
    fieldOf(fields, "x-rest-client"),
    remoteAddress,
  );
  context.caller = caller;
  const whose = () =>
    proof === undefined ? NOBODY : authorizer.identityFor(proof, place.route);
  whose();
  return { place, whose, caller, owner: proof && ownerOf(proof) };
}

/** Who it is that wants something of the proxy itself; refuses who has no key. */
export function admitSelf(
  fields: HeaderList,
  pathKey: string | undefined,
  authorizer: Authorizer,
): Proof {
  const proof = proofOf(fields, pathKey, authorizer);
  if (proof === undefined) throw unauthorized();
  return proof;
}

function proofOf(
  fields: HeaderList,
  pathKey: string | undefined,
  authorizer: Authorizer,
): Proof | undefined {
  return authorizer.prove({
    authorization: fieldOf(fields, "authorization"),
    restAuthorization: fieldOf(fields, "x-rest-authorization"),
    pathKey,
    botId: fieldOf(fields, "bot_id"),
  });
}

/** Whose kept requests a caller may see: those of its key and token. */
export function ownerOf({ keyName, brought }: Proof): string {
  return `${keyName} ${brought?.id ?? "own"}`;
}

export function unauthorized(): Refusal {
  return new Refusal(
    "unauthorized",
    "Cannot accept the request: the key is missing or wrong. Send it in Authorization, or in X-Rest-Authorization beside a token of your own",
  );
}
