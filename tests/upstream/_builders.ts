import type { Answer } from "../../rest/domain/answer.ts";
import { type Identity, NOBODY } from "../../rest/domain/identity.ts";
import { type Upstream, UpstreamFailure } from "../../rest/domain/ports.ts";
import type { ProxyRequest, Target } from "../../rest/domain/request.ts";
import { Secret } from "../../rest/domain/secret.ts";
import { routeOf } from "../../rest/routes/route_of.ts";
import {
  createUpstream,
  type UpstreamOptions,
} from "../../rest/upstream/upstream.ts";
import {
  fixture,
  type RawServer,
  rawServerOf,
  type RawServerOptions,
  type Reply,
} from "./_raw_server.ts";

export const OUR_AGENT = "DiscordBot (https://proxy.example, 1.0)";

export function requestOf(
  change: Partial<ProxyRequest & Target> & { text?: string } = {},
): ProxyRequest {
  const { path = "/gateway", query = "", version = 10, text, ...rest } = change;
  const method = rest.method ?? "GET";
  return {
    method,
    target: { version, path, query },
    route: routeOf("GET", "/gateway", 0),
    headers: [],
    body: text === undefined ? undefined : new TextEncoder().encode(text),
    identity: NOBODY,
    caller: "key/client",
    urgency: 3,
    isOrdered: true,
    leaveWithinMs: undefined,
    ...rest,
  };
}

export function identityOf(authorization: string): Identity {
  return {
    id: "bot:1",
    kind: "bot",
    authorization: new Secret(authorization),
    isOwn: true,
  };
}

export function upstreamOf(
  baseUrl: string,
  change: Partial<UpstreamOptions> = {},
): Upstream {
  return createUpstream({
    baseUrl,
    userAgent: OUR_AGENT,
    // Long enough to never end a test that is not about them.
    headersTimeoutMs: 20_000,
    bodyTimeoutMs: 20_000,
    connectTimeoutMs: 20_000,
    caCertificates: fixture("ca.pem"),
    ...change,
  });
}

/** Runs a test between an upstream and a server, and closes both whatever comes of it. */
export async function between(
  reply: Reply,
  run: (upstream: Upstream, server: RawServer) => Promise<void>,
  change: Partial<UpstreamOptions> & RawServerOptions = {},
): Promise<void> {
  const {
    isTls = false,
    isElsewhere = false,
    onConnection = () => false,
    ...options
  } = change;
  const server = await rawServerOf(reply, { isTls, isElsewhere, onConnection });
  const upstream = upstreamOf(server.url, options);
  try {
    await run(upstream, server);
  } finally {
    await upstream.close();
    await server.close();
  }
}

/** How a send, or the reading of its answer, ends that is not to end well. */
export async function failureOf(
  sending: Promise<unknown>,
): Promise<UpstreamFailure> {
  try {
    await sending;
  } catch (error) {
    if (error instanceof UpstreamFailure) return error;
    throw error;
  }
  throw new Error("An answer came where a failure was expected");
}

/** What a caller of the failure decides by. */
export function aboutOf(
  failure: UpstreamFailure,
): Pick<UpstreamFailure, "code" | "isTimeout" | "mayHaveArrived"> {
  const { code, isTimeout, mayHaveArrived } = failure;
  return { code, isTimeout, mayHaveArrived };
}

export async function bytesOf(answer: Answer): Promise<Uint8Array> {
  return await new Response(answer.body ?? null).bytes();
}

export async function textOf(answer: Answer): Promise<string> {
  return await new Response(answer.body ?? null).text();
}
