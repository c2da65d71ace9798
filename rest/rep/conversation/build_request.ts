import { Refusal } from "../../domain/refusal.ts";
import type { HeaderList } from "../../domain/headers.ts";
import { LANES } from "../../domain/lane.ts";
import type { ProxyRequest } from "../../domain/request.ts";
import { routeOf } from "../../routes/route_of.ts";
import { type Connection } from "../connections/connection.ts";
import type { Principal } from "../connections/principal.ts";
import { readFiles } from "../frames/files.ts";
import type { Frame } from "../frames/frame.ts";
import { multipartOf } from "../frames/multipart.ts";
import { queryOf, withQuery } from "../frames/query_data.ts";
import { readOptions } from "../frames/request_options.ts";
import { upstreamTarget } from "../frames/target.ts";
import { type Verb, VERBS } from "../frames/verbs.ts";
import type { Step } from "../rep_state.ts";

/** A frame carries JSON values, not bytes, so compression would have to be undone here (C47). */
const UNCODED: readonly [string, string] = ["accept-encoding", "identity"];
const JSON_TYPE: readonly [string, string] = [
  "content-type",
  "application/json",
];

/** What nearly all requests have; 100,000 may wait. */
const UNCODED_ALONE: HeaderList = [UNCODED];
const UNCODED_JSON: HeaderList = [JSON_TYPE, UNCODED];

/** The request that a frame asks for. */
export interface BuiltRequest {
  readonly request: ProxyRequest;
  readonly wantsHeaders: boolean;
}

/** Builds the request that a frame asks for, or throws a `Refusal` (C13 to C27, E). */
export function buildRequest(
  step: Step,
  connection: Connection,
  principal: Principal,
  frame: Frame,
  verb: Verb,
  path: string,
): BuiltRequest {
  const { settings } = step.state;
  const method = VERBS[verb];
  const query = verb === "GET" && frame.dataText !== undefined
    ? queryOf(frame.dataText)
    : "";
  const target = upstreamTarget(withQuery(path, query), settings.apiVersion);
  const route = routeOf(method, target.path, step.wallMs);
  const { members } = frame;
  const options = readOptions(
    members.headers,
    members.opts,
    settings.allowedHeaders,
  );
  const body = bodyOf(step, frame, verb);
  return {
    request: {
      method,
      target,
      route,
      headers: headersOf(body, options.headers),
      body: body?.bytes,
      identity: principal.identityFor(route),
      caller: principal.callerName,
      urgency: options.urgency ?? LANES[route.lane].defaultUrgency,
      isOrdered: true,
      leaveWithinMs: options.leaveWithinMs,
      dedupe: options.isDeduped ? nameOf(connection, frame) : undefined,
    },
    wantsHeaders: options.wantsHeaders,
  };
}

interface Body {
  readonly type: readonly [name: string, value: string];
  readonly bytes: Uint8Array<ArrayBuffer>;
}

function bodyOf(
  step: Step,
  frame: Frame,
  verb: Verb,
): Body | undefined {
  const files = readFiles(frame.members.files, frame.fileBytes);
  if (verb === "GET") {
    if (files.length === 0) return undefined;
    throw new Refusal("bad_data", "Invalid files: a GET takes none");
  }
  const { dataText: text } = frame;
  if (files.length > 0) {
    const boundary = step.state.settings.boundary();
    return {
      type: ["content-type", `multipart/form-data; boundary=${boundary}`],
      bytes: multipartOf(text, files, boundary),
    };
  }
  if (text === undefined) return undefined;
  return { type: JSON_TYPE, bytes: step.state.bodies.encode(text) };
}

function headersOf(body: Body | undefined, further: HeaderList): HeaderList {
  if (further.length > 0) {
    return body === undefined
      ? [UNCODED, ...further]
      : [body.type, UNCODED, ...further];
  }
  if (body === undefined) return UNCODED_ALONE;
  return body.type === JSON_TYPE ? UNCODED_JSON : [body.type, UNCODED];
}

/**
 * What the nonce of a message is made of (I6): the same session and `req` give
 * the same one, also after a restart of the proxy. Undefined without a session.
 */
function nameOf(
  { session }: Connection,
  { reqText }: Frame,
): string | undefined {
  if (session === undefined || reqText === undefined) return undefined;
  const { owner, name } = session;
  return [owner, name, reqText].join("\0");
}
