/**
 * Every operation of Discord's OpenAPI document, sent through the running
 * proxy and directly to a simulated Discord of the same seed, on raw sockets:
 * what arrives there and what comes back must be the same to the byte.
 */
import assert from "node:assert/strict";
import { startSim } from "../../sim/server.ts";
import type { ReceivedRequest } from "../../sim/server.ts";
import { KEY, startTestProxy, TOKEN } from "../_proxy.ts";
import { pathsList } from "../deps.ts";
import { exchange, type RawResponse } from "../listener/_raw_http.ts";

interface Operation {
  readonly method: string;
  readonly template: string;
}

const OPERATIONS: readonly Operation[] = Object.entries(pathsList).flatMap((
  [method, templates],
) => templates.map((template) => ({ method: method.toUpperCase(), template })));

/** Answers that carry a moment or a serial number of their own. */
const CHANGING = new Set([
  "date",
  "cf-ray",
  "x-ratelimit-reset",
  "x-ratelimit-reset-after",
  "x-ratelimit-remaining",
]);

/** Fact sheet 7.2: what the proxy keeps to itself, framing that is each hop's own. */
const NOT_CROSSING = new Set([
  "set-cookie",
  "alt-svc",
  "strict-transport-security",
  "nel",
  "report-to",
  "content-security-policy",
  "connection",
  // The proxy's own word on where the time went.
  "server-timing",
  "keep-alive",
  "transfer-encoding",
  "vary",
]);

const CALM = {
  rules: [{ match: "* *", headerless: true }],
  globalLimit: { limit: 10_000 },
  ipPool: { isOn: false },
  answers: { ids: "counter", searchesNotReady: 1 },
} as const;

Deno.test("every operation of Discord's document crosses as it would arrive without the proxy", async () => {
  await using through = await startTestProxy({
    sim: CALM,
    env: { REST_GLOBAL_LIMIT: "10000" },
  });
  await using direct = await startSim(CALM);

  const statuses = new Map<number, number>();
  for (const [index, operation] of OPERATIONS.entries()) {
    const label = `${operation.method} ${operation.template}`;
    const target = targetOf(operation, index);
    const body = bodyOf(operation.method, index);
    const own = through.sim.requests().length;
    const answer = await exchange(
      through.port,
      requestText(
        operation.method,
        `/api/v10${target}`,
        `Authorization: ${KEY}`,
        body,
      ),
    );
    const expected = await exchange(
      direct.port,
      requestText(
        operation.method,
        `/api/v10${target}`,
        authorizationOf(operation),
        body,
      ),
    );
    assert.equal(through.sim.requests().length, own + 1, label);
    const arrived = through.sim.requests()[own];
    const wanted = direct.requests().at(-1);
    assert.ok(arrived !== undefined && wanted !== undefined, label);
    assert.deepEqual(seen(arrived), seen(wanted), label);
    assert.deepEqual(comparable(answer), comparable(expected), label);
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
  }
  assert.ok(OPERATIONS.length > 200);
  // What was compared are answers, not one refusal two hundred times.
  for (const status of [200, 201, 202, 204]) {
    assert.ok((statuses.get(status) ?? 0) > 0, `no ${status} was seen`);
  }
  assert.ok((statuses.get(200) ?? 0) > 100);
});

/** Paths with ids, emoji, tokens; queries with everything a parser would like to change. */
function targetOf({ template }: Operation, index: number): string {
  let place = 0;
  const path = template.replaceAll(/\{([a-z_]+)\}/g, (_, name: string) => {
    place++;
    const id = String(900_000_000_000_000_000n + BigInt(index * 100 + place));
    if (name.includes("emoji")) {
      return index % 2 === 0 ? "%F0%9F%91%8D" : "name%3A123";
    }
    if (name.endsWith("_token")) {
      return template.startsWith("/interactions/") || index % 2 === 0
        ? `aW50ZXJhY3Rpb246${index}-${place}`
        : `hook_token-${index}`;
    }
    return id;
  });
  return `${path}?id=1&id=2&q='a%20b'&empty=&emoji=%F0%9F%91%8D&${index}`;
}

function bodyOf(
  method: string,
  index: number,
): { type: string; text: string } | undefined {
  if (method === "GET" || method === "DELETE") return undefined;
  if (index % 3 === 2) {
    const boundary = `----b${index}`;
    const text =
      `--${boundary}\r\nContent-Disposition: form-data; name="payload_json"\r\n\r\n{"content":"x"}\r\n` +
      `--${boundary}\r\nContent-Disposition: form-data; name="files[0]"; filename="a.bin"\r\n\r\n\x00\xff\xfe\r\n--${boundary}--\r\n`;
    return { type: `multipart/form-data; boundary=${boundary}`, text };
  }
  return {
    type: "application/json",
    text: `{ "content" : "n ${index}",  "nonce": 12345678901234567890 }`,
  };
}

function requestText(
  method: string,
  target: string,
  authorization: string,
  body: { type: string; text: string } | undefined,
): string {
  const lines = [
    `${method} ${target} HTTP/1.1`,
    "Host: proxy.example",
    "User-Agent: DiscordBot (https://example.com, 1.0)",
    "Accept-Language: de",
    "X-Discord-Locale: en-GB",
    "X-Audit-Log-Reason: spam%2C%203rd%20time",
  ];
  if (authorization !== "") lines.push(authorization);
  if (body !== undefined) {
    lines.push(
      `Content-Type: ${body.type}`,
      `Content-Length: ${body.text.length}`,
    );
  }
  return `${lines.join("\r\n")}\r\n\r\n${body?.text ?? ""}`;
}

/** What a client of Discord itself would send there: the bot's token, but not where a path has its own. */
function authorizationOf({ template }: Operation): string {
  const takesNone = template.includes("_token}") ||
    template.startsWith("/partner-sdk/");
  return takesNone ? "" : `Authorization: Bot ${TOKEN}`;
}

function seen(request: ReceivedRequest): Record<string, unknown> {
  const headers = request.headers
    .map(([name, value]) => [name.toLowerCase(), value])
    .filter(([name]) =>
      !["host", "connection", "content-length"].includes(name ?? "")
    )
    .sort();
  const { method, target, bodySha256, bodyBytes, status } = request;
  return { method, target, bodySha256, bodyBytes, status, headers };
}

function comparable(response: RawResponse): Record<string, unknown> {
  const headers = response.headers
    .filter(([name]) => !NOT_CROSSING.has(name))
    .map(([name, value]) => [name, CHANGING.has(name) ? "*" : value])
    .sort();
  return { status: response.status, headers, body: response.body };
}
