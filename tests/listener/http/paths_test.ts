import assert from "node:assert/strict";
import { KEY, startBench } from "../_bench.ts";
import {
  ABSOLUTE_CROSSING,
  ABSOLUTE_REFUSED,
  CROSSING,
  REFUSED,
} from "./_paths.ts";

/** Sends one target with the key; tells what was submitted, or the refusal. */
async function outcomeOf(target: string): Promise<unknown> {
  await using bench = await startBench();
  const { status, body } = await bench.send(`GET ${target}`);
  const [request] = bench.submitted;
  if (request !== undefined) return request.target;
  const { code, sent } = JSON.parse(body);
  return { status, code, sent };
}

for (
  const [target, version, path, query] of [...CROSSING, ...ABSOLUTE_CROSSING]
) {
  Deno.test(`${target} crosses as v${version} ${path}${query}`, async () => {
    assert.deepEqual(await outcomeOf(target), { version, path, query });
  });
}

for (const target of [...REFUSED, ...ABSOLUTE_REFUSED, "/gateway#fragment"]) {
  Deno.test(`${target} is refused and touches no network`, async () => {
    assert.deepEqual(await outcomeOf(target), {
      status: 400,
      code: "bad_path",
      sent: false,
    });
  });
}

Deno.test("a Host that hides a path in itself is refused", async () => {
  await using bench = await startBench();
  const response = await bench.sendRaw(
    `GET /gateway HTTP/1.1\r\nHost: a/b?c#d@e\r\nAuthorization: ${KEY}\r\n\r\n`,
  );
  assert.equal(response.status, 400);
  assert.equal(bench.submitted.length, 0);
});

Deno.test("a caller of HTTP/1.0 without Host is served", async () => {
  await using bench = await startBench();
  await bench.sendRaw(`GET /gateway HTTP/1.0\r\nAuthorization: ${KEY}\r\n\r\n`);
  assert.equal(bench.submitted[0]?.target.path, "/gateway");
});

Deno.test("a refused path is told in one sentence", async () => {
  await using bench = await startBench();
  const elsewhere = await bench.send("GET http://evil.example/gateway");
  assert.equal(
    JSON.parse(elsewhere.body).message,
    "Cannot read path: a path is wanted, or an absolute form of the host that Host names",
  );
  const dotted = await bench.send("GET /a/../b");
  assert.equal(
    JSON.parse(dotted.body).message,
    "Cannot read path: it has a dot segment (. or ..)",
  );
});
