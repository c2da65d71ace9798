import type { Answer } from "../../domain/answer.ts";
import { crossingHeaders } from "../../domain/crossing_headers.ts";
import type { HeaderList } from "../../domain/headers.ts";
import { Refusal } from "../../domain/refusal.ts";
import type { Method, ProxyRequest } from "../../domain/request.ts";
import { answerProbe } from "../operators.ts";
import type { HttpTwins } from "../twins/http_twins.ts";
import { keepWishOf } from "../twins/keep_wish.ts";
import {
  type Admission,
  admit,
  admitSelf,
  ownerOf,
  type RequestContext,
  unauthorized,
} from "./admit.ts";
import { answerResponse } from "./answer_response.ts";
import { type HeldBody, readBody } from "./body.ts";
import type { HandlerContext } from "./handler_context.ts";
import { fieldOf } from "./fields.ts";
import { rawTargetOf, splitPathKey } from "./raw_target.ts";
import { isTokenUpdate, updateToken } from "./token_update.ts";
import { isOrderedBy, leaveWithinMsOf, urgencyOf } from "./preferences.ts";

const KEPT_PATH = "/_rep/requests/";

const UPGRADE_PATH = /^\/(?:rep)?(?:\?|$)/;

/** Answers one visit, whoever had to wait; throws or rejects with what `refuse` makes an answer of. */
export function receive(
  visit: RequestContext,
  context: HandlerContext,
): Response | Promise<Response> {
  const { request, info, fields } = visit;
  const raw = rawTargetOf(request.url, fieldOf(fields, "host"));
  if (raw === undefined) {
    throw new Refusal(
      "bad_path",
      "Cannot read path: it is an absolute one, and not of the host that Host names",
    );
  }
  const { pathKey, target } = context.settings.isKeyInPathAllowed
    ? splitPathKey(raw)
    : { pathKey: undefined, target: raw };

  const isDraining = context.isDraining();
  const probe = answerProbe(target, request.method, isDraining);
  if (probe !== undefined) return probe;
  if (isDraining) {
    throw new Refusal(
      "draining",
      "Cannot take requests: the proxy is stopping",
    );
  }
  if (context.onUpgrade !== undefined && isUpgrade(fields, target)) {
    return context.onUpgrade(request, info);
  }
  const own = answerSelf(visit, pathKey, target, context);
  if (own !== undefined) {
    return own.then((answer) => answerResponse(answer, context.settings));
  }
  const admission = admit(visit, pathKey, target, context.admission);
  return relay(visit, admission, context);
}

/** Answers what only the proxy itself can; undefined for every other target. */
function answerSelf(
  { request, fields }: RequestContext,
  pathKey: string | undefined,
  target: string,
  { twins, moveRequests, authorizer, bodies }: HandlerContext,
): Promise<Answer> | undefined {
  const { method } = request;
  if (twins !== undefined && target.startsWith(KEPT_PATH)) {
    const proof = admitSelf(fields, pathKey, authorizer);
    return twins.answerAt(method, target, ownerOf(proof));
  }
  if (moveRequests !== undefined && isTokenUpdate(target)) {
    const proof = admitSelf(fields, pathKey, authorizer);
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
  visit: RequestContext,
  { place, whose, caller, owner }: Admission,
  context: HandlerContext,
): Promise<Response> {
  const { request, fields } = visit;
  const { method, target, route } = place;
  const keep = keeperOf(method, fields, owner, context.twins);
  const headers = crossingHeaders(fields);
  const urgency = urgencyOf(fieldOf(fields, "priority"), route.lane);
  const isOrdered = isOrderedBy(fieldOf(fields, "x-rest-order"));
  const leaveWithinMs = leaveWithinMsOf(fieldOf(fields, "prefer"));

  const leave = context.gate?.enter({ method, target, route, caller });
  const body =
    await (leave === undefined
      ? readBody(request, fields, context.bodies)
      : readHolding(leave, visit, context));
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
      ? context.submitter.submit(whole, context.leaves.of(request, fields))
        .answer
      : keep(whole);
    visit.isSubmitted = true;
    return answerResponse(await answer, context.settings);
  } finally {
    context.bodies.held.give(body.heldBytes);
  }
}

/** Reads a body while its request has a place among those of its key. */
async function readHolding(
  leave: () => void,
  { request, fields }: RequestContext,
  { bodies }: HandlerContext,
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
  if (owner === undefined) throw unauthorized();
  return (request) => twins.handle(request, wish, owner);
}
