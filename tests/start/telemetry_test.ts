/** What the runtime's own OpenTelemetry exports: seen by a collector on loopback. */
import assert from "node:assert/strict";
import { gunzipSync } from "../../deps.ts";
import { startSim } from "../../sim/server.ts";
import { KEY } from "./_held_upstream.ts";
import { startChild } from "./child.ts";

const WEBHOOK_TOKEN =
  "wEbHoOkToKeN-wEbHoOkToKeN-wEbHoOkToKeN-wEbHoOkToKeN-0123";

Deno.test("OTEL_DENO alone, which would export webhook tokens and keys, is refused at the start", async () => {
  await using child = await startChild({
    env: { REST_AUTHORIZATION: KEY, REST_PORT: "0", OTEL_DENO: "true" },
  });
  const { code, err } = await child.ended();
  assert.equal(code, 1);
  assert.match(
    err,
    /set OTEL_DENO_TRACING=false, which leaves its metrics on\n/,
  );
});

Deno.test("with the line that the refusal names, metrics are exported and no webhook token and no key among them", async () => {
  await using collector = startCollector();
  const sim = await startSim({});
  await using child = await startChild({
    env: {
      REST_AUTHORIZATION: KEY,
      REST_PORT: "0",
      REST_KEY_IN_PATH: "true",
      REST_UPSTREAM: sim.url,
      OTEL_DENO: "true",
      OTEL_DENO_TRACING: "false",
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_METRIC_EXPORT_INTERVAL: "200",
    },
  });
  const [, address] = await child.seen(/Listening on (http:\/\/[0-9.:]+)/);
  const paths = [
    `/webhooks/123456789012345678/${WEBHOOK_TOKEN}?wait=true`,
    `/key/${KEY}/users/@me?query=${KEY}`,
  ];
  for (const path of paths) {
    const headers = { "x-rest-authorization": KEY };
    const response = await fetch(`${address}${path}`, { headers });
    await response.body?.cancel();
  }
  await collector.seen(/http\.server/);
  child.signal("SIGTERM");
  await child.ended();
  await sim.close();
  const exported = collector.text();
  assert.match(exported, /http\.server/);
  for (const secret of [WEBHOOK_TOKEN, KEY]) {
    assert.ok(!exported.includes(secret), "a secret was exported");
  }
});

/** Takes in everything that is exported, in JSON. */
function startCollector() {
  let text = "";
  let news = Promise.withResolvers<void>();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const bytes = new Uint8Array(await request.arrayBuffer());
      const isGzip = request.headers.get("content-encoding") === "gzip";
      text += new TextDecoder().decode(isGzip ? gunzipSync(bytes) : bytes);
      news.resolve();
      news = Promise.withResolvers();
      return Response.json({});
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    text: () => text,
    async seen(pattern: RegExp): Promise<void> {
      while (!pattern.test(text)) await news.promise;
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
