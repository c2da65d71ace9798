import { Refusal } from "../../domain/refusal.ts";
import { LANES } from "../../domain/lane.ts";
import type { ProxyRequest } from "../../domain/request.ts";
import type { RouteFacts } from "../../domain/route.ts";
import { routeOf } from "../../routes/route_of.ts";
import { type Connection } from "../connections/connection.ts";
import type { Principal } from "../connections/principal.ts";
import { readFiles } from "../frames/files.ts";
import type { Frame } from "../frames/frame.ts";
import { multipartOf } from "../frames/multipart.ts";
import { queryOf, withQuery } from "../frames/query_data.ts";
import { readOptions, type RequestOptions } from "../frames/request_options.ts";
import { upstreamTarget } from "../frames/target.ts";
import { type Verb, VERBS } from "../frames/verbs.ts";
import type { Step } from "../rep_state.ts";

/** A frame carries JSON values, not bytes, so compression would have to be undone here (C47). */
const UNCODED: readonly [string, string] = ["accept-encoding", "identity"];

/** The request that a frame asks for. */
export interface BuiltRequest {
  readonly request: ProxyRequest;
  readonly wantsHeaders: boolean;
}

const encoder = new TextEncoder();

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
  const nonce = nonceOf(step, connection, frame, options, route);
  const body = bodyOf(step, frame, verb, nonce);
  return {
    request: {
      method,
      target,
      route,
      headers: body === undefined
        ? [UNCODED, ...options.headers]
        : [["content-type", body.type], UNCODED, ...options.headers],
      body: body?.bytes,
      identity: principal.identityFor(route),
      caller: principal.callerName,
      urgency: options.urgency ?? LANES[route.lane].defaultUrgency,
      isOrdered: true,
      leaveWithinMs: options.leaveWithinMs,
    },
    wantsHeaders: options.wantsHeaders,
  };
}

interface Body {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

function bodyOf(
  step: Step,
  frame: Frame,
  verb: Verb,
  nonce: string | undefined,
): Body | undefined {
  const files = readFiles(frame.members.files, frame.fileBytes);
  if (verb === "GET") {
    if (files.length === 0) return undefined;
    throw new Refusal("bad_data", "Invalid files: a GET takes none");
  }
  const { dataText } = frame;
  const text = nonce === undefined || dataText === undefined
    ? dataText
    : withNonce(dataText, nonce);
  if (files.length > 0) {
    const boundary = step.state.settings.boundary();
    return {
      type: `multipart/form-data; boundary=${boundary}`,
      bytes: multipartOf(text, files, boundary),
    };
  }
  if (text === undefined) return undefined;
  return { type: "application/json", bytes: encoder.encode(text) };
}

/** Discord takes a nonce of at most 25 characters (docs: create message). */
const NONCE_CHARS = 25;
const MESSAGE_CREATE = "POST /channels/{channel_id}/messages";

/**
 * The nonce by which Discord recognises a repeated message (I6). The same session
 * and `req` give the same nonce, also after a restart of the proxy.
 */
function nonceOf(
  { state }: Step,
  { session }: Connection,
  { members, reqText }: Frame,
  { isDeduped }: RequestOptions,
  { label }: RouteFacts,
): string | undefined {
  if (!isDeduped || session === undefined || reqText === undefined) {
    return undefined;
  }
  const { data } = members;
  const isMessage = label === MESSAGE_CREATE && typeof data === "object" &&
    data !== null && !Array.isArray(data);
  if (!isMessage || Object.hasOwn(data, "nonce")) return undefined;
  const { owner, name } = session;
  return state.settings.digest([[owner, name, reqText].join("\0")])
    .slice(0, NONCE_CHARS);
}

/** Appends the nonce to the JSON text, so that the rest stays as the client spelt it. */
function withNonce(dataText: string, nonce: string): string {
  const members = `"nonce":"${nonce}","enforce_nonce":true}`;
  const open = dataText.slice(0, -1);
  return open.trimEnd() === "{" ? open + members : `${open},${members}`;
}
