/**
 * Every operation of Discord's OpenAPI document, asked over HTTP of one proxy
 * and over REP of another, each before a simulated Discord of the same seed:
 * what arrives there and what comes back must be the same.
 */
import assert from "node:assert/strict";
import { VERBS } from "../../rest/rep/frames/verbs.ts";
import type { ReceivedRequest } from "../../sim/server.ts";
import { KEY, startTestProxy, type TestProxy } from "../_proxy.ts";
import { pathsList } from "../deps.ts";
import { exchange, headerIn, type RawResponse } from "../listener/_raw_http.ts";
import { Client } from "../listener/websocket/_endpoint.ts";

const CALM = {
  rules: [{ match: "* *", headerless: true }],
  globalLimit: { limit: 10_000 },
  ipPool: { isOn: false },
  answers: { ids: "counter", searchesNotReady: 1 },
} as const;

/** Spellings of the same place (C18). */
const PREFIXES = ["/api/v10", "/v10", "/api", ""] as const;

/** A value with everything a parser would like to change. */
const JSON_TEXT = `{ "content" : "n é",  "nonce": 12345678901234567890 }`;

const AUDIT_REASON = "spam%2C%203rd%20time";

interface Operation {
  readonly method: string;
  readonly target: string;
  readonly hasBody: boolean;
}

const OPERATIONS: readonly Operation[] = Object.entries(pathsList).flatMap(
  ([method, templates]) =>
    templates.map((template, index) => ({
      method: method.toUpperCase(),
      target: PREFIXES[index % PREFIXES.length] + targetOf(template, index),
      // Some writes have none: both transports must say so in the same way.
      hasBody: !["get", "delete"].includes(method) && index % 3 > 0,
    })),
);

function targetOf(template: string, index: number): string {
  const path = template.replaceAll(/\{([a-z_]+)\}/g, (_, name: string) => {
    if (name.includes("emoji")) return "%F0%9F%91%8D";
    if (name.endsWith("_token")) return `aW50ZXJhY3Rpb246${index}`;
    return String(900_000_000_000_000_000n + BigInt(index));
  });
  return `${path}?id=1&id=2&q='a%20b'&empty=&emoji=%F0%9F%91%8D`;
}

Deno.test("C18, C56: every operation of Discord's document is the same request over REP as over HTTP, and has the same answer", async () => {
  await using overHttp = await startCalmProxy();
  await using overRep = await startCalmProxy();
  const client = new Client(`ws://127.0.0.1:${overRep.port}/rep`, {
    headers: { authorization: KEY },
  });
  await client.opened;
  const statuses = new Set<number>();
  for (const operation of OPERATIONS) {
    const label = `${operation.method} ${operation.target}`;
    const answer = await askHttp(overHttp.port, operation);
    const reply = await askRep(client, operation);
    assert.equal(reply.status, answer.status, label);
    const value = "data" in reply ? reply.data : reply.error;
    assert.deepEqual(value, bareOf(answer), label);
    assert.deepEqual(lastOf(overRep), lastOf(overHttp), label);
    statuses.add(answer.status);
  }
  await client.end();
  assert.ok(OPERATIONS.length > 200);
  // What was compared are answers, not one refusal two hundred times.
  for (const status of [200, 201, 202, 204]) assert.ok(statuses.has(status));
});

function startCalmProxy(): Promise<TestProxy> {
  return startTestProxy({ sim: CALM, env: { REST_GLOBAL_LIMIT: "10000" } });
}

function askHttp(
  port: number,
  { method, target, hasBody }: Operation,
): Promise<RawResponse> {
  const body = hasBody ? latin1(JSON_TEXT) : "";
  const lines = [
    `${method} ${target} HTTP/1.1`,
    "Host: proxy.example",
    `Authorization: ${KEY}`,
    `X-Audit-Log-Reason: ${AUDIT_REASON}`,
    // REP always asks for this one (C47).
    "Accept-Encoding: identity",
    ...body === ""
      ? []
      : ["Content-Type: application/json", `Content-Length: ${body.length}`],
  ];
  return exchange(port, `${lines.join("\r\n")}\r\n\r\n${body}`);
}

interface ReplyData {
  readonly status: number;
  readonly data?: unknown;
  readonly error?: unknown;
}

async function askRep(
  client: Client,
  { method, target, hasBody }: Operation,
): Promise<ReplyData> {
  const [verb] = Object.entries(VERBS).find(([, same]) => same === method) ??
    [];
  const members = [
    `"target":${JSON.stringify(target)}`,
    `"method":"${verb}"`,
    ...hasBody ? [`"data":${JSON_TEXT}`] : [],
    `"headers":{"x-audit-log-reason":"${AUDIT_REASON}"}`,
    `"req":1`,
  ];
  client.socket.send(`{${members.join(",")}}`);
  const { data } = await client.next();
  return data;
}

/** The body as REP shows it: JSON and text as they are, nothing as null, a picture in base64 (C44, C47). */
function bareOf(answer: RawResponse): unknown {
  const { body } = answer;
  if (body === "") return null;
  const bytes = Uint8Array.from(body, (character) => character.charCodeAt(0));
  const contentType = headerIn(answer, "content-type") ?? "";
  const text = new TextDecoder().decode(bytes);
  if (contentType.startsWith("application/json")) return JSON.parse(text);
  if (contentType.startsWith("text/")) return text;
  return { base64: bytes.toBase64(), contentType };
}

function lastOf({ sim }: TestProxy): Record<string, unknown> {
  const request = sim.requests().at(-1);
  assert.ok(request);
  return seen(request);
}

function seen(request: ReceivedRequest): Record<string, unknown> {
  const { method, target, bodySha256, status } = request;
  const headers = request.headers
    .map(([name, value]) => [name.toLowerCase(), value])
    .filter(([name]) => name !== "host")
    .sort();
  return { method, target, bodySha256, status, headers };
}

/** One character per byte. */
function latin1(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}
