import type { Answer } from "../../domain/answer.ts";
import { crossingHeaders } from "../../domain/crossing_headers.ts";
import type { FactSink } from "../../domain/fact.ts";
import type { HeaderList } from "../../domain/headers.ts";
import type { Clock, Submitter } from "../../domain/ports.ts";
import { Refusal } from "../../domain/refusal.ts";
import type { Method, ProxyRequest } from "../../domain/request.ts";
import type { Authorizer } from "../authorize.ts";
import { remoteHostOf } from "../caller_of.ts";
import { faultOf } from "../fault_of.ts";
import { answerProbe } from "../operators.ts";
import type { KeyGate } from "../key_gate.ts";
import type { HttpTwins } from "../twins/http_twins.ts";
import { keepWishOf } from "../twins/keep_wish.ts";
import {
  type Admission,
  admit,
  type AdmitDeps,
  admitSelf,
  ownerOf,
  unauthorized,
  type Visit,
} from "./admit.ts";
import { answerResponse } from "./answer_response.ts";
import { type BodyRules, type HeldBody, readBody } from "./body.ts";
import { DelayLine } from "./delay_line.ts";
import { fieldOf, fieldsOf } from "./fields.ts";
import { HeldBytes } from "./held_bytes.ts";
import { LeaveWatch } from "./leave_watch.ts";
import { createPlaceReader } from "./place_of.ts";
import { rawTargetOf, splitPathKey } from "./raw_target.ts";
import { refusalResponse } from "./refusal_response.ts";
import {
  isTokenUpdate,
  type MoveRequests,
  updateToken,
} from "./token_update.ts";
import { isOrderedBy, leaveWithinMsOf, urgencyOf } from "./wishes.ts";

/** A server's handler, and nothing of a server. */
export type HttpHandler = (
  request: Request,
  info: Deno.ServeHandlerInfo,
) => Promise<Response>;

export interface HttpSettings {
  /** API version of paths that name none. */
  readonly apiVersion: number;
  readonly isKeyInPathAllowed: boolean;
  readonly areTokenRoutesOpen: boolean;
  readonly areRateLimitHeadersStripped: boolean;
  readonly bodyLimitBytes: number;
  readonly heldLimitBytes: number;
  /** How long a body may take that brings hardly a byte. */
  readonly bodyTimeoutMs: number;
  /** How long a caller waits for room before its body is read. */
  readonly roomWaitMs: number;
}

export interface HttpHandlerDeps {
  readonly submitter: Submitter;
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  readonly facts: FactSink;
  readonly settings: HttpSettings;
  readonly isDraining: () => boolean;
  /** Takes WebSocket upgrades on `/` and `/rep`; it asks for the key itself. */
  readonly onUpgrade?: HttpHandler;
  /** Keeps requests and answers for `Idempotency-Key` and `Prefer: respond-async`. */
  readonly twins?: HttpTwins;
  /** Asked before a body is read whether its key may send it; `submitter` asks again. */
  readonly gate?: Pick<KeyGate, "enter">;
  /** Gives waiting requests another token, for `POST /update-bearer-token`. */
  readonly moveRequests?: MoveRequests;
}

/** What the steps of a visit work with, put together once. */
interface Desk extends HttpHandlerDeps {
  readonly admission: AdmitDeps;
  readonly bodies: BodyRules;
  readonly leaves: LeaveWatch;
}

/** What the label says of a request that has no route, or none yet. */
const NO_ROUTE = "(no route)";

const KEPT_PATH = "/_rep/requests/";

const UPGRADE_PATH = /^\/(?:rep)?(?:\?|$)/;

/** Answers HTTP: one request in, one answer or refusal out, whoever had to wait. */
export function createHttpHandler(deps: HttpHandlerDeps): HttpHandler {
  const desk = deskOf(deps);
  let underWay = 0;
  return async function handleHttp(request, info) {
    const visit: Visit = {
      request,
      info,
      fields: fieldsOf(request.headers),
      label: NO_ROUTE,
      caller: undefined,
      isSubmitted: false,
    };
    underWay++;
    try {
      return await receive(visit, desk);
    } catch (error) {
      const refused = refuse(error, visit, deps.facts);
      // An answer to HEAD ends with its headers (RFC 9110, 9.3.2); over HTTP/2 the runtime would send the body.
      return request.method === "HEAD" ? new Response(null, refused) : refused;
    } finally {
      if (--underWay === 0) rest(desk);
    }
  };
}

function deskOf(deps: HttpHandlerDeps): Desk {
  const { settings, clock, authorizer } = deps;
  const { bodyLimitBytes, heldLimitBytes } = settings;
  const hasUpgrade = deps.onUpgrade !== undefined;
  return {
    ...deps,
    admission: {
      authorizer,
      clock,
      placeOf: createPlaceReader({ ...settings, hasUpgrade }),
      areTokenRoutesOpen: settings.areTokenRoutesOpen,
    },
    bodies: {
      ...settings,
      clock,
      held: new HeldBytes(heldLimitBytes, clock),
      small: new DelayLine(clock, settings.bodyTimeoutMs),
      // A body larger than the whole budget would wait for room that never comes.
      bodyLimitBytes: Math.min(bodyLimitBytes, heldLimitBytes),
    },
    leaves: new LeaveWatch(clock),
  };
}

/** Lets go of timers that nobody waits for. */
function rest({ bodies, leaves }: Desk): void {
  bodies.small.rest();
  leaves.rest();
}

function receive(
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
  const probe = answerProbe(target, request.method, isDraining);
  if (probe !== undefined) return probe;
  if (isDraining) {
    throw new Refusal(
      "draining",
      "Cannot take requests: the proxy is stopping",
    );
  }
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
  { request, fields }: Visit,
  pathKey: string | undefined,
  target: string,
  { twins, moveRequests, authorizer, bodies }: Desk,
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
  const body =
    await (leave === undefined
      ? readBody(request, fields, desk.bodies)
      : readHolding(leave, visit, desk));
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
    desk.bodies.held.give(body.heldBytes);
  }
}

/** Reads a body while its request has a place among those of its key. */
async function readHolding(
  leave: () => void,
  { request, fields }: Visit,
  { bodies }: Desk,
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

/** The one place where what was thrown becomes an answer: nothing foreign passes it. */
function refuse(error: unknown, visit: Visit, facts: FactSink): Response {
  const { label, isSubmitted } = visit;
  const caller = visit.caller ?? remoteHostOf(visit.info);
  if (error instanceof Refusal) {
    if (!isSubmitted) {
      facts({ kind: "refused", code: error.code, label, caller });
    }
    return refusalResponse(error, label);
  }
  facts({ kind: "warning", message: `Fault of our own: ${faultOf(error)}` });
  facts({ kind: "refused", code: "internal", label, caller });
  return refusalResponse(
    new Refusal(
      "internal",
      "Cannot answer: the proxy has a fault of its own, named in its log",
      { sent: isSubmitted ? null : false },
    ),
  );
}
