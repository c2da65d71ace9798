import type { FactSink } from "../../domain/fact.ts";
import { internalRefusal } from "../../domain/own_refusals.ts";
import { Refusal } from "../../domain/refusal.ts";
import { remoteHostOf } from "../caller_of.ts";
import { faultOf } from "../fault_of.ts";
import type { Visit } from "./admit.ts";
import {
  deskOf,
  type HttpDoorDeps,
  type HttpHandler,
  restTimers,
} from "./desk.ts";
import { fieldsOf } from "./fields.ts";
import { receive } from "./handler.ts";
import { refusalResponse } from "./refusal_response.ts";
import { serverTimingOf, TIMING_HEADER } from "./server_timing.ts";

/** What the label says of a request that has no route, or none yet. */
const NO_ROUTE = "(no route)";

/** The way in for HTTP. */
export interface HttpDoor {
  /** One request in, one answer or refusal out, whoever had to wait. */
  readonly handle: HttpHandler;
  /** Nothing is to come any more, or hardly: its timers end with the last that is under way. */
  close(): void;
}

/**
 * Answers HTTP. While it is open a timer that nobody waits for rings once for
 * nothing: to end it with each request that is alone, and to set it for the
 * next, took a twentieth of that request's whole work.
 */
export function createHttpDoor(deps: HttpDoorDeps): HttpDoor {
  const desk = deskOf(deps);
  let underWay = 0;
  let isClosed = false;
  const rest = () => {
    if (isClosed && underWay === 0) restTimers(desk);
  };
  return { handle: handleHttp, close };

  function close(): void {
    isClosed = true;
    rest();
  }

  async function handleHttp(
    request: Request,
    info: Deno.ServeHandlerInfo,
  ): Promise<Response> {
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
      if (deps.settings.isServerTimingOn) {
        const timing = error instanceof Refusal ? error.timing : undefined;
        refused.headers.set(TIMING_HEADER, serverTimingOf(timing));
      }
      // An answer to HEAD ends with its headers (RFC 9110, 9.3.2); over HTTP/2 the runtime would send the body.
      return request.method === "HEAD" ? new Response(null, refused) : refused;
    } finally {
      underWay--;
      rest();
    }
  }
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
  return refusalResponse(internalRefusal(isSubmitted ? null : false));
}
