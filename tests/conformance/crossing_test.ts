/** What crosses to Discord and what comes back, seen from both ends of real sockets. */
import assert from "node:assert/strict";
import { KEY, startTestProxy } from "../_proxy.ts";
import {
  brotliCompressSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "../deps.ts";
import { exchange } from "../listener/_raw_http.ts";
import { Client } from "../listener/websocket/_endpoint.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Answers every request with the same bytes, and keeps the headers that arrive. */
class FixedDiscord implements AsyncDisposable {
  readonly seen: Headers[] = [];
  readonly url: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(body: Bytes, coding: string | undefined) {
    this.#server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      (request) => {
        this.seen.push(request.headers);
        const headers = new Headers({ "content-type": "application/json" });
        if (coding !== undefined) headers.set("content-encoding", coding);
        return new Response(body, { headers });
      },
    );
    this.url = `http://127.0.0.1:${this.#server.addr.port}/api`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

const VALUE = { id: "1", name: "général" };
const JSON_BYTES = new TextEncoder().encode(JSON.stringify(VALUE));

const TRACES: Readonly<Record<string, string>> = {
  "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  "tracestate": "a=b",
  "baggage": "user=alice",
  "b3": "0",
  "x-b3-traceid": "1",
  "sentry-trace": "1-1-1",
  "x-datadog-trace-id": "1",
  "x-request-id": "1",
  "x-amzn-trace-id": "Root=1",
  "x-cloud-trace-context": "1/1;o=1",
};

/** What `GET /gateway` over REP comes to. */
async function askRep(
  port: number,
  headers: Record<string, string> = {},
): Promise<unknown> {
  const client = new Client(`ws://127.0.0.1:${port}/rep`, {
    headers: { authorization: KEY },
  });
  await client.opened;
  client.socket.send(
    JSON.stringify({ target: "/gateway", method: "GET", headers, req: 1 }),
  );
  const { data } = await client.next();
  await client.end();
  return data;
}

Deno.test("no trace header crosses, over HTTP or REP", async () => {
  await using discord = new FixedDiscord(JSON_BYTES, undefined);
  await using proxy = await startTestProxy({
    env: { REST_UPSTREAM: discord.url, REST_REP_HEADERS: "x-discord-locale" },
  });
  const lines = Object.entries(TRACES).map((pair) => pair.join(": "));
  await exchange(
    proxy.port,
    `GET /gateway HTTP/1.1\r\nHost: x\r\nAuthorization: ${KEY}\r\n` +
      `X-Discord-Locale: de\r\n${lines.join("\r\n")}\r\n\r\n`,
  );
  await askRep(proxy.port, { ...TRACES, "x-discord-locale": "de" });
  assert.equal(discord.seen.length, 2);
  for (const headers of discord.seen) {
    assert.equal(headers.get("x-discord-locale"), "de");
    const crossed = Object.keys(TRACES).filter((name) => headers.has(name));
    assert.deepEqual(crossed, []);
  }
});

for (
  const [coding, body] of [
    [undefined, JSON_BYTES],
    ["identity", JSON_BYTES],
    ["gzip", gzipSync(JSON_BYTES)],
    ["deflate", deflateSync(JSON_BYTES)],
    ["br", brotliCompressSync(JSON_BYTES)],
    ["zstd", zstdCompressSync(JSON_BYTES)],
    ["gzip, br", brotliCompressSync(gzipSync(JSON_BYTES))],
  ] as const
) {
  Deno.test(`C47: JSON that comes as ${coding} unasked is the same value over REP`, async () => {
    await using discord = new FixedDiscord(new Uint8Array(body), coding);
    await using proxy = await startTestProxy({
      env: { REST_UPSTREAM: discord.url },
    });
    assert.deepEqual(await askRep(proxy.port), { status: 200, data: VALUE });
    assert.equal(discord.seen[0]?.get("accept-encoding"), "identity");
  });
}

Deno.test("C47: a body that unpacks to more than a frame may hold is refused in words", async () => {
  const bomb = new Uint8Array(gzipSync(new Uint8Array(64 * 1_048_576)));
  await using discord = new FixedDiscord(bomb, "gzip");
  await using proxy = await startTestProxy({
    env: { REST_UPSTREAM: discord.url },
  });
  assert.deepEqual(await askRep(proxy.port), {
    status: 500,
    error: {
      code: "internal",
      message:
        "Cannot show the answer: Discord answered 200 with more than 8388608 bytes, too many to be held",
      sent: true,
    },
  });
});

for (
  const [what, coding, body] of [
    ["breaks off", "br", brotliCompressSync(JSON_BYTES).subarray(0, -2)],
    ["is plain", "gzip", JSON_BYTES],
  ] as const
) {
  Deno.test(`C47: a ${coding} body that ${what} is told as such, not shown`, async () => {
    await using discord = new FixedDiscord(new Uint8Array(body), coding);
    await using proxy = await startTestProxy({
      env: { REST_UPSTREAM: discord.url },
    });
    assert.deepEqual(await askRep(proxy.port), {
      status: 408,
      error: {
        code: "outcome_unknown",
        message:
          `Cannot show the answer: Discord answered 200, and its body is not the ${coding} that it is said to be, or not all of it`,
        sent: true,
      },
    });
  });
}
