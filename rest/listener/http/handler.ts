import type { Answer } from "../../domain/answer.ts";
import { crossingHeaders } from "../../domain/crossing_headers.ts";
import { isKeyless, keyNameOf } from "../../domain/caller.ts";
import type { HeaderList } from "../../domain/headers.ts";
import { Refusal } from "../../domain/refusal.ts";
import type { Method, ProxyRequest } from "../../domain/request.ts";
import type { Proof } from "../access/authorize.ts";
import { answerProbe, isForOperators } from "../operators.ts";
import {
  type Admission,
  admit,
  admitSelf,
  ownerOf,
  type RequestContext,
} from "./admit.ts";
import { type HeldBody, readBody } from "./body.ts";
import { fieldOf } from "./fields.ts";
import type { HandlerContext } from "./handler_context.ts";
import type { HttpAnswer, IncomingRequest } from "./incoming_request.ts";
import { keepWishOf } from "./keep_wish.ts";
import type { NamedRequests } from "./named_requests.ts";
import { operatorCallOf } from "./operator_call.ts";
import { outgoingAnswer } from "./outgoing_answer.ts";
import { isOrderedBy, leaveWithinMsOf, urgencyOf } from "./preferences.ts";
import { answerQueueView, isQueueView } from "./queue_view.ts";
import { rawTargetOf, splitPathKey } from "./raw_target.ts";
import { isTokenUpdate, updateToken } from "./token_update.ts";

const KEPT_PATH = "/_rep/requests/";

/** Answers one request, whoever had to wait; throws or rejects with what `refuse` makes an answer of. */
export function receive(
  request: RequestContext,
  context: HandlerContext,
): HttpAnswer | Promise<HttpAnswer> {
  const { pathKey, target } = targetIn(request, context);
  const { method } = request.request;
  const probe = answerProbe(
    target,
    method,
    () => context.isDraining() ? "draining" : context.troubles?.() ?? [],
  );
  if (probe !== undefined) return probe;
  const shown = isForOperators(target)
    ? context.operators?.answer(
      operatorCallOf(request, target, pathKey, context),
    )
    : undefined;
  if (shown !== undefined) {
    return shown.then((answer) => outgoingAnswer(answer, context.settings));
  }
  const own = answerSelf(request, pathKey, target, context);
  if (own !== undefined) {
    return own.then((answer) => outgoingAnswer(answer, context.settings));
  }
  const admission = admit(request, pathKey, target, context.admission);
  return relay(request, admission, context);
}

/** Where it wants to go, and the key in front of that; refuses what servers read differently. */
function targetIn(
  { request }: RequestContext,
  { settings }: HandlerContext,
): ReturnType<typeof splitPathKey> {
  const { target, authority, fields, problem } = request;
  if (problem !== undefined) throw new Refusal("bad_request", problem);
  const raw = rawTargetOf(target, authority, fieldOf(fields, "host"));
  if (raw === undefined) {
    throw new Refusal(
      "bad_path",
      "Cannot read path: a path is wanted, or an absolute form of the host that Host names",
    );
  }
  return settings.isKeyInPathAllowed
    ? splitPathKey(raw)
    : { pathKey: undefined, target: raw };
}

/** Answers what only the proxy itself can; undefined for every other target. */
function answerSelf(
  visit: RequestContext,
  pathKey: string | undefined,
  target: string,
  context: HandlerContext,
): Promise<Answer> | undefined {
  const { named, moveRequests, authorizer, bodies } = context;
  const { request } = visit;
  const { method } = request;
  if (named !== undefined && target.startsWith(KEPT_PATH)) {
    const proof = admitSelf(visit, pathKey, authorizer);
    return named.answerAt(method, target, ownerOf(proof));
  }
  if (isQueueView(target)) {
    const proof = admitSelf(visit, pathKey, authorizer);
    const here = () => showQueue(method, target, proof, context);
    return context.showQueue?.(target, proof, here) ?? here();
  }
  if (moveRequests !== undefined && isTokenUpdate(target)) {
    const proof = admitSelf(visit, pathKey, authorizer);
    return updateToken(request, proof, bodies, moveRequests);
  }
  return undefined;
}

/** Shows the queue of this process; rejects with `Refusal` only. */
export function showQueue(
  method: string,
  target: string,
  proof: Proof,
  context: HandlerContext,
): Promise<Answer> {
  return Promise.try(answerQueueView, method, target, proof, context);
}

/** Takes the body in, queues the request and hands Discord's answer on. */
async function relay(
  visit: RequestContext,
  { place, whose, caller, owner }: Admission,
  context: HandlerContext,
): Promise<HttpAnswer> {
  const { fields, callerGone } = visit.request;
  const { method, target, route } = place;
  const keep = keeperOf(method, fields, owner, context.named);
  const headers = crossingHeaders(fields);
  const urgency = urgencyOf(fieldOf(fields, "priority"), route.lane);
  const isOrdered = isOrderedBy(fieldOf(fields, "x-rest-order"));
  const leaveWithinMs = leaveWithinMsOf(fieldOf(fields, "prefer"));

  const leave = context.gate?.enter({ method, target, route, caller });
  const isCallback = route.lane === "interaction";
  const read = () => readBodyOf(visit.request, caller, isCallback, context);
  const submit = (body: ProxyRequest["body"]) => {
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
      body,
    };
    const answer = keep === undefined
      ? context.submitter.submit(whole, callerGone).answer
      : keep(whole);
    visit.isSubmitted = true;
    return answer;
  };
  const take = leave === undefined ? read : () => readHolding(leave, read);
  const { answer } = keep === undefined
    ? { answer: submitHeld(take, submit) }
    : await entrust(take, submit);
  return outgoingAnswer(await answer, context.settings);
}

type Submit = (body: ProxyRequest["body"]) => Promise<Answer>;

/** The body takes room until its request is answered, or another caller's took its place. */
async function submitHeld(
  take: () => HeldBody | Promise<HeldBody>,
  submit: Submit,
): Promise<Answer> {
  const body = await take();
  try {
    return await submit(body.bytes);
  } finally {
    body.release();
  }
}

/**
 * A kept request's body is the queue's from here on. That of a further try is
 * needed no more: nothing may hold it until the answer is there.
 */
async function entrust(
  take: () => HeldBody | Promise<HeldBody>,
  submit: Submit,
): Promise<{ readonly answer: Promise<Answer> }> {
  const body = await take();
  try {
    return { answer: submit(body.bytes) };
  } finally {
    body.release();
  }
}

/** Who answers for the room a body takes: a key among several, or the address of a caller without one. */
function holderOf(
  caller: string,
  { settings }: HandlerContext,
): string | undefined {
  if (isKeyless(caller)) return caller;
  return settings.areKeysSeveral === true ? keyNameOf(caller) : undefined;
}

/** Reads a body while its request has a place among those of its key. */
async function readHolding(
  leave: () => void,
  read: () => HeldBody | Promise<HeldBody>,
): Promise<HeldBody> {
  try {
    return await read();
  } finally {
    leave();
  }
}

/** Takes a body in, into the room for those of its caller. */
export function readBodyOf(
  request: IncomingRequest,
  caller: string,
  isCallback: boolean,
  context: HandlerContext,
): HeldBody | Promise<HeldBody> {
  const bodies = isKeyless(caller) ? context.keylessBodies : context.bodies;
  const owner = { isCallback, holder: holderOf(caller, context) };
  return readBody(request, owner, bodies);
}

/** How a request is sent whose caller wants it kept; undefined where it wants nothing of the kind. */
function keeperOf(
  method: Method,
  fields: HeaderList,
  owner: string | undefined,
  named: NamedRequests | undefined,
): ((request: ProxyRequest) => Promise<Answer>) | undefined {
  const wish = named && keepWishOf(
    method,
    fieldOf(fields, "idempotency-key"),
    fieldOf(fields, "prefer"),
  );
  if (named === undefined || wish === undefined) return undefined;
  if (owner === undefined) {
    throw new Refusal(
      "unauthorized",
      "Cannot keep the request: Idempotency-Key and Prefer: respond-async need the key, since they say whose it is",
    );
  }
  return (request) => named.handle(request, wish, owner);
}
