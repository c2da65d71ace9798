import type { Answer } from "../../domain/answer.ts";
import { detailOf, type FactSink } from "../../domain/fact.ts";
import { internalRefusal } from "../../domain/own_refusals.ts";
import { Refusal } from "../../domain/refusal.ts";
import type { Proof } from "../access/authorize.ts";
import { tellFault } from "../fault_of.ts";
import type { RequestContext } from "./admit.ts";
import { handlerContextOf, type HttpEndpointDeps } from "./handler_context.ts";
import type { HeldBody } from "./body.ts";
import { readBodyOf, receive, showQueue } from "./handler.ts";
import { answerPreflight, listedOrigin, readableBy } from "./cors.ts";
import type {
  HttpAnswer,
  HttpHandler,
  IncomingRequest,
} from "./incoming_request.ts";
import { refusalAnswer } from "./refusal_answer.ts";
import { serverTimingOf, TIMING_HEADER } from "./server_timing.ts";

/** What the label says of a request that has no route, or none yet. */
const NO_ROUTE = "(no route)";

const NO_ORIGINS: ReadonlySet<string> = new Set();

/** The way in for HTTP. */
export interface HttpEndpoint {
  /** One request in, one answer or refusal out, whoever had to wait. */
  readonly handle: HttpHandler;
  /** Takes a body in, of those of its caller, as for `handle`. Whoever gets it releases it. */
  readBody(
    request: IncomingRequest,
    caller: string,
    isCallback: boolean,
  ): HeldBody | Promise<HeldBody>;
  /** Shows the queue of this process to who has proved this (`/_rep/requests`, `/_rep/limits`); rejects with `Refusal` only. */
  showQueue(method: string, target: string, proof: Proof): Promise<Answer>;
  /** Nothing is to come any more, or hardly: its timers end with the last that is under way. */
  close(): void;
}

/**
 * Answers HTTP. While it is open a timer that nobody waits for rings once for
 * nothing: to end it with each request that is alone, and to set it for the
 * next, took a twentieth of that request's whole work.
 */
export function createHttpEndpoint(deps: HttpEndpointDeps): HttpEndpoint {
  const context = handlerContextOf(deps);
  let underWay = 0;
  let isClosed = false;
  const { origins } = deps.settings;
  const rest = () => {
    if (isClosed && underWay === 0) context.bodies.small.rest();
  };
  return {
    close() {
      isClosed = true;
      rest();
    },
    readBody: (request, caller, isCallback) =>
      readBodyOf(request, caller, isCallback, context),
    showQueue: (method, target, proof) =>
      showQueue(method, target, proof, context),
    handle: origins === undefined || origins.size === 0 ? answer : answerPage,
  };

  async function answerPage(request: IncomingRequest): Promise<HttpAnswer> {
    const origin = listedOrigin(request, origins ?? NO_ORIGINS);
    if (origin === undefined) return await answer(request);
    const told = answerPreflight(request) ?? await answer(request);
    return readableBy(origin, told);
  }

  async function answer(request: IncomingRequest): Promise<HttpAnswer> {
    const visit: RequestContext = {
      request,
      label: NO_ROUTE,
      caller: undefined,
      isSubmitted: false,
    };
    underWay++;
    try {
      return await receive(visit, context);
    } catch (error) {
      const refused = timed(refuse(error, visit, deps.facts), error, deps);
      // An answer to HEAD ends with its headers (RFC 9110, 9.3.2).
      return request.method === "HEAD"
        ? { ...refused, body: undefined }
        : refused;
    } finally {
      underWay--;
      rest();
    }
  }
}

/** Says where its time went, if that is asked for. */
function timed(
  refused: HttpAnswer,
  error: unknown,
  { settings }: HttpEndpointDeps,
): HttpAnswer {
  if (!settings.isServerTimingOn) return refused;
  const timing = error instanceof Refusal ? error.timing : undefined;
  const field = [TIMING_HEADER, serverTimingOf(timing)] as const;
  return { ...refused, headers: [...refused.headers, field] };
}

/** The one place where what was thrown becomes an answer: nothing foreign passes it. */
function refuse(
  error: unknown,
  { label, isSubmitted, request, caller = request.remoteAddress }:
    RequestContext,
  facts: FactSink,
): HttpAnswer {
  if (error instanceof Refusal) {
    if (!isSubmitted) {
      const { code } = error;
      facts({ kind: "refused", code, label, caller, ...detailOf(error) });
    }
    return refusalAnswer(error, label);
  }
  tellFault(facts, error);
  facts({ kind: "refused", code: "internal", label, caller });
  return refusalAnswer(internalRefusal(isSubmitted ? null : false));
}
