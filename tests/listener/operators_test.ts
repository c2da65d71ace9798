import assert from "node:assert/strict";
import { VERSION } from "../../rest/domain/version.ts";
import {
  answerProbe,
  RESERVED_PATHS,
  reservedPathOf,
} from "../../rest/listener/operators.ts";
import { headerIn } from "./_raw_http.ts";
import { startBench } from "./_bench.ts";

const isDraining = (): "draining" => "draining";

Deno.test("a reserved path is reserved with all that is below it", () => {
  for (const path of Object.keys(RESERVED_PATHS)) {
    for (const target of [path, `${path}/`, `${path}/below`, `${path}?x`]) {
      assert.equal(reservedPathOf(target), path, target);
    }
  }
});

Deno.test("what only looks like a reserved path is Discord's", () => {
  for (
    const target of [
      "/",
      "/healthz2",
      "/Healthz",
      "/api/healthz",
      "/v10/rep",
      "/repl",
      "/toString",
      "/__proto__",
    ]
  ) {
    assert.equal(reservedPathOf(target), undefined, target);
  }
});

Deno.test("both probes answer without a key and say nothing else", async () => {
  await using bench = await startBench();
  for (const path of ["/healthz", "/readyz", "/readyz?x"]) {
    const response = await bench.sendRaw(`GET ${path} HTTP/1.0\r\n\r\n`);
    assert.equal(response.status, 200, path);
    assert.equal(response.body, `{"status":"ok","version":"${VERSION}"}`);
    assert.equal(headerIn(response, "cache-control"), "no-store");
  }
});

Deno.test("while draining the process is alive and not ready", async () => {
  await using bench = await startBench();
  bench.isDraining = true;
  const alive = await bench.sendRaw("GET /healthz HTTP/1.0\r\n\r\n");
  assert.equal(alive.status, 200);
  const ready = await bench.sendRaw("GET /readyz HTTP/1.0\r\n\r\n");
  assert.equal(ready.status, 503);
  assert.equal(ready.body, `{"status":"draining","version":"${VERSION}"}`);
});

Deno.test("a HEAD of a probe has its status and no body", () => {
  const response = answerProbe("/readyz", "HEAD", isDraining);
  assert.equal(response?.status, 503);
  assert.equal(response?.body, undefined);
});

Deno.test("a probe is a read of exactly its path", () => {
  assert.equal(answerProbe("/healthz", "POST", isDraining), undefined);
  assert.equal(answerProbe("/healthz/x", "GET", isDraining), undefined);
  assert.equal(answerProbe("/api/healthz", "GET", isDraining), undefined);
});

for (
  const path of [
    "/metrics",
    "/admin",
    "/rep",
    "/update-bearer-token",
    "/healthz/x",
  ]
) {
  Deno.test(`${path} without a key is a 401, with it a 404 of ours`, async () => {
    await using bench = await startBench();
    const stranger = await bench.sendRaw(
      `GET ${path} HTTP/1.1\r\nHost: proxy\r\n\r\n`,
    );
    assert.equal(stranger.status, 401);
    const friend = await bench.send(`GET ${path}`);
    assert.equal(friend.status, 404);
    const { code, message } = JSON.parse(friend.body);
    assert.equal(code, "no_such_target");
    assert.match(
      message,
      /^Cannot answer here: nothing is served at this place below \/[a-z_-]+$/,
    );
    assert.equal(bench.submitted.length, 0);
  });
}

Deno.test("whoever asks for an unknown path below /_rep is told which there are", async () => {
  await using bench = await startBench();
  for (const path of ["/_rep", "/_rep/session", "/_rep/request?x=1"]) {
    const { status, body } = await bench.send(`GET ${path}`);
    assert.equal(status, 404);
    assert.equal(
      JSON.parse(body).message,
      "Cannot answer here: below /_rep there are GET /_rep/requests, GET /_rep/limits?target=<path>&method=<method>, and GET or DELETE /_rep/requests/<id>; a WebSocket to /rep has its own",
    );
  }
});
