import type { Answer } from "../../domain/answer.ts";
import { isKeyless } from "../../domain/caller.ts";
import { crossingHeaders } from "../../domain/crossing_headers.ts";
import type { HeaderList } from "../../domain/headers.ts";
import { drainingRefusal } from "../../domain/own_refusals.ts";
import { Refusal } from "../../domain/refusal.ts";
import type { Method, ProxyRequest } from "../../domain/request.ts";
import { answerProbe, isForOperators } from "../operators.ts";
import type { HttpTwins } from "../twins/http_twins.ts";
import { keepWishOf } from "../twins/keep_wish.ts";
import {
  type Admission,
  admit,
  admitSelf,
  ownerOf,
  type Visit,
} from "./admit.ts";
import { answerResponse } from "./answer_response.ts";
import { type BodyRules, type HeldBody, readBody } from "./body.ts";
import type { Desk } from "./desk.ts";
import { fieldOf } from "./fields.ts";
import { operatorCallOf } from "./operator_call.ts";
import { rawTargetOf, splitPathKey } from "./raw_target.ts";
import { isTokenUpdate, updateToken } from "./token_update.ts";
import { isOrderedBy, leaveWithinMsOf, urgencyOf } from "./wishes.ts";

const KEPT_PATH = "/_rep/requests/";

const UPGRADE_PATH = /^\/(?:rep)?(?:\?|$)/;

/** Answers one visit, whoever had to wait; throws or rejects with what `refuse` makes an answer of. */
export function receive(
  visit: Visit,
  desk: Desk,
): Response | Promise<Response> {
  const { request, info, fields } = visit;
  const raw = rawTargetOf(request.url, fieldOf(fields, "host"));
  if (raw === undefined) {
    throw new Refusal(
      "bad_path",
      "Cannot read path: it is an absolute one, and not of the host that Host names",
    );
  }
  const { pathKey, target } = desk.settings.isKeyInPathAllowed
    ? splitPathKey(raw)
    : { pathKey: undefined, target: raw };

  const isDraining = desk.isDraining();
  const probe = answerProbe(
    target,
    request.method,
    () => isDraining ? "draining" : desk.troubles?.() ?? [],
  );
  if (probe !== undefined) return probe;
  // While it drains, too: that is when somebody looks.
  const shown = isForOperators(target)
    ? desk.operators?.answer(operatorCallOf(visit, target, pathKey, desk))
    : undefined;
  if (shown !== undefined) {
    return shown.then((answer) => answerResponse(answer, desk.settings));
  }
  if (isDraining) throw drainingRefusal();
  if (desk.onUpgrade !== undefined && isUpgrade(fields, target)) {
    return desk.onUpgrade(request, info);
  }
  const own = answerSelf(visit, pathKey, target, desk);
  if (own !== undefined) {
    return own.then((answer) => answerResponse(answer, desk.settings));
  }
  const admission = admit(visit, pathKey, target, desk.admission);
  return relay(visit, admission, desk);
}

/** Answers what only the proxy itself can; undefined for every other target. */
function answerSelf(
  visit: Visit,
  pathKey: string | undefined,
  target: string,
  { twins, moveRequests, authorizer, bodies }: Desk,
): Promise<Answer> | undefined {
  const { request } = visit;
  const { method } = request;
  if (twins !== undefined && target.startsWith(KEPT_PATH)) {
    const proof = admitSelf(visit, pathKey, authorizer);
    return twins.answerAt(method, target, ownerOf(proof));
  }
  if (moveRequests !== undefined && isTokenUpdate(target)) {
    const proof = admitSelf(visit, pathKey, authorizer);
    return updateToken(request, proof, bodies, moveRequests);
  }
  return undefined;
}

function isUpgrade(fields: HeaderList, target: string): boolean {
  return UPGRADE_PATH.test(target) &&
    fieldOf(fields, "upgrade")?.toLowerCase() === "websocket";
}

/** Takes the body in, queues the request and hands Discord's answer on. */
async function relay(
  visit: Visit,
  { place, whose, caller, owner }: Admission,
  desk: Desk,
): Promise<Response> {
  const { request, fields } = visit;
  const { method, target, route } = place;
  const keep = keeperOf(method, fields, owner, desk.twins);
  const headers = crossingHeaders(fields);
  const urgency = urgencyOf(fieldOf(fields, "priority"), route.lane);
  const isOrdered = isOrderedBy(fieldOf(fields, "x-rest-order"));
  const leaveWithinMs = leaveWithinMsOf(fieldOf(fields, "prefer"));

  const leave = desk.gate?.enter({ method, target, route, caller });
  const bodies = isKeyless(caller) ? desk.keylessBodies : desk.bodies;
  const body =
    await (leave === undefined
      ? readBody(request, fields, bodies)
      : readHolding(leave, visit, bodies));
  try {
    const whole: ProxyRequest = {
      method,
      target,
      route,
      identity: whose(),
      caller,
      headers,
      urgency,
      isOrdered,
      leaveWithinMs,
      body: body.bytes,
    };
    const answer = keep === undefined
      ? desk.submitter.submit(whole, desk.leaves.of(request, fields)).answer
      : keep(whole);
    visit.isSubmitted = true;
    return answerResponse(await answer, desk.settings);
  } finally {
    bodies.held.give(body.heldBytes);
  }
}

/** Reads a body while its request has a place among those of its key. */
async function readHolding(
  leave: () => void,
  { request, fields }: Visit,
  bodies: BodyRules,
): Promise<HeldBody> {
  try {
    return await readBody(request, fields, bodies);
  } finally {
    leave();
  }
}

/** How a request is sent whose caller wants it kept; undefined where it wants nothing of the kind. */
function keeperOf(
  method: Method,
  fields: HeaderList,
  owner: string | undefined,
  twins: HttpTwins | undefined,
): ((request: ProxyRequest) => Promise<Answer>) | undefined {
  const wish = twins && keepWishOf(
    method,
    fieldOf(fields, "idempotency-key"),
    fieldOf(fields, "prefer"),
  );
  if (twins === undefined || wish === undefined) return undefined;
  if (owner === undefined) {
    throw new Refusal(
      "unauthorized",
      "Cannot keep the request: Idempotency-Key and Prefer: respond-async need the key, since they say whose it is",
    );
  }
  return (request) => twins.handle(request, wish, owner);
}
