import type { RestManager, SendRequestOptions } from "../../deps.ts";
import { crossingHeaders } from "../domain/crossing_headers.ts";
import { type Identity, NOBODY } from "../domain/identity.ts";
import { Refusal } from "../domain/refusal.ts";
import {
  defaultUrgencyOf,
  type Method,
  type ProxyRequest,
  type Target,
} from "../domain/request.ts";
import type { RouteFacts } from "../domain/route.ts";

/** What other rooms know of requests; the manager asks them. */
export interface RequestRules {
  readonly parseTarget: (
    raw: string,
    defaultVersion: number,
  ) =>
    | { readonly ok: true; readonly target: Target }
    | { readonly ok: false; readonly problem: string };
  readonly routeOf: (method: Method, path: string) => RouteFacts;
  /** Whose a request is; undefined: the bot's. Throws a `Refusal` where it cannot be served. */
  readonly identityOf: (
    authorization: string | undefined,
    route: RouteFacts,
  ) => Identity;
}

/** Fairness counts every call of the manager as one caller. */
const CALLER = "manager";

interface Payload {
  readonly body: Uint8Array<ArrayBuffer> | undefined;
  /** Set where the body brings its own, with its boundary. */
  readonly contentType: string | undefined;
}

/** True where the body is written as multipart, which takes a moment. */
export function hasForm({ requestBodyOptions }: SendRequestOptions): boolean {
  return requestBodyOptions?.files !== undefined ||
    requestBodyOptions?.body instanceof FormData;
}

/** What discordeno is about to send, free of its shape. */
export async function toProxyRequest(
  manager: RestManager,
  rules: RequestRules,
  request: SendRequestOptions,
): Promise<ProxyRequest> {
  const { method, requestBodyOptions } = request;
  const parsed = rules.parseTarget(request.route, manager.version);
  if (!parsed.ok) {
    throw new Refusal("bad_path", `Cannot read path: ${parsed.problem}`);
  }
  const { target } = parsed;
  const route = rules.routeOf(method, target.path);
  const sent = manager.createRequestBody(method, requestBodyOptions);
  const { authorization, ...headers } = sent.headers;
  const identity = identityOf(manager, rules, authorization, route);
  const { body, contentType } = await payloadOf(sent.body);
  if (contentType !== undefined) headers["content-type"] = contentType;
  return {
    method,
    target,
    route,
    headers: crossingHeaders(Object.entries(headers)),
    body,
    identity,
    caller: CALLER,
    urgency: defaultUrgencyOf(route.lane),
    isOrdered: true,
    leaveWithinMs: undefined,
  };
}

function identityOf(
  manager: RestManager,
  rules: RequestRules,
  authorization: string | undefined,
  route: RouteFacts,
): Identity {
  if (authorization === undefined) return NOBODY;
  const isOwn = authorization === `Bot ${manager.token}`;
  return rules.identityOf(isOwn ? undefined : authorization, route);
}

async function payloadOf(
  body: string | FormData | undefined,
): Promise<Payload> {
  if (body === undefined) return { body: undefined, contentType: undefined };
  if (typeof body === "string") {
    return { body: new TextEncoder().encode(body), contentType: undefined };
  }
  const form = new Response(body);
  return {
    body: await form.bytes(),
    contentType: form.headers.get("content-type") ?? undefined,
  };
}
