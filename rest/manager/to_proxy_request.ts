import type { RestManager, SendRequestOptions } from "../../deps.ts";
import { crossingHeaders } from "../domain/crossing_headers.ts";
import { type Identity, NOBODY } from "../domain/identity.ts";
import { Refusal } from "../domain/refusal.ts";
import { LANES } from "../domain/lane.ts";
import type { Method, ProxyRequest, Target } from "../domain/request.ts";
import type { RouteFacts } from "../domain/route.ts";

/** Rules of other modules that the manager needs to build a request. */
export interface RequestRules {
  readonly parseTarget: (
    raw: string,
    defaultVersion: number,
  ) =>
    | { readonly ok: true; readonly target: Target }
    | { readonly ok: false; readonly problem: string };
  readonly routeOf: (method: Method, path: string) => RouteFacts;
  /** The identity behind `Authorization`; undefined stands for the bot. Throws a `Refusal` where there is none. */
  readonly identityOf: (
    authorization: string | undefined,
    route: RouteFacts,
  ) => Identity;
}

/** All calls of the manager share one place in the fair queue. */
const CALLER = "manager";

interface Payload {
  readonly body: Uint8Array<ArrayBuffer> | undefined;
  /** Set where the body has one of its own, with its boundary. */
  readonly contentType: string | undefined;
}

/** Whether the body is written as multipart, which takes a moment. */
export function hasForm({ requestBodyOptions }: SendRequestOptions): boolean {
  return requestBodyOptions?.files !== undefined ||
    requestBodyOptions?.body instanceof FormData;
}

/** Turns a request of discordeno's into one of ours. */
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
    urgency: LANES[route.lane].defaultUrgency,
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
