import assert from "node:assert/strict";
import { KEY, startBench } from "../_bench.ts";

/** Sends one target with the key; tells what was submitted, or the refusal. */
async function outcomeOf(target: string): Promise<unknown> {
  await using bench = startBench();
  const { status, body } = await bench.send(`GET ${target}`);
  const [request] = bench.submitted;
  if (request !== undefined) return request.target;
  const { code, sent } = JSON.parse(body);
  return { status, code, sent };
}

const CROSSING: ReadonlyArray<
  readonly [target: string, version: number, path: string, query: string]
> = [
  ["/api/v9/gateway", 9, "/gateway", ""],
  ["/api/gateway", 10, "/gateway", ""],
  ["/v9/gateway", 9, "/gateway", ""],
  ["/gateway", 10, "/gateway", ""],
  ["/api/v10/users/@me?a=1&a=2", 10, "/users/@me", "?a=1&a=2"],
  [
    "/api/v10/channels/1/messages/2/reactions/%F0%9F%91%8D/@me",
    10,
    "/channels/1/messages/2/reactions/%F0%9F%91%8D/@me",
    "",
  ],
  ["/x/name%3Aid", 10, "/x/name%3Aid", ""],
  [
    "/guilds/1/members/search?query='o'b%27",
    10,
    "/guilds/1/members/search",
    "?query='o'b%27",
  ],
  ["/x?next=/../y", 10, "/x", "?next=/../y"],
  ["http://proxy/api/v10/gateway?x", 10, "/gateway", "?x"],
  ["http://PROXY/gateway", 10, "/gateway", ""],
];

for (const [target, version, path, query] of CROSSING) {
  Deno.test(`${target} crosses as v${version} ${path}${query}`, async () => {
    assert.deepEqual(await outcomeOf(target), { version, path, query });
  });
}

const REFUSED = [
  "/api/v10/../gateway",
  "/api/v10/./gateway",
  "/..",
  "/a/%2e%2e/b",
  "/a/%2E%2e/b",
  "/a/.%2e/b",
  "/a/%2e/b",
  "/a/%252e%252e/b",
  "/a/..;/b/..",
  "/a\\..\\b",
  "/a/%5c../b",
  "/a/%2f/b",
  "//evil.example/gateway",
  "/api//evil.example",
  "/api/v10//gateway",
  "http://evil.example/api/v10/gateway",
  "http://proxy:80/api/v10/gateway",
  "http://proxy@evil.example/gateway",
  "http://evil.example@proxy/gateway",
  "ftp://proxy/gateway",
  "http://proxy?x",
  "/api/v6/gateway",
  "/api/v7/gateway",
  "/api/v10",
  "/",
  "/gateway#fragment",
];

for (const target of REFUSED) {
  Deno.test(`${target} is refused and touches no network`, async () => {
    assert.deepEqual(await outcomeOf(target), {
      status: 400,
      code: "bad_path",
      sent: false,
    });
  });
}

Deno.test("a Host that hides a path in itself changes no target", async () => {
  await using bench = startBench();
  const response = await bench.sendRaw(
    `GET /gateway HTTP/1.1\r\nHost: a/b?c#d@e\r\nAuthorization: ${KEY}\r\n\r\n`,
  );
  assert.equal(response.status, 400);
  assert.equal(bench.submitted.length, 0);
});

Deno.test("a caller of HTTP/1.0 without Host is served", async () => {
  await using bench = startBench();
  await bench.sendRaw(`GET /gateway HTTP/1.0\r\nAuthorization: ${KEY}\r\n\r\n`);
  assert.equal(bench.submitted[0]?.target.path, "/gateway");
});

Deno.test("a refused path is told in one sentence", async () => {
  await using bench = startBench();
  const elsewhere = await bench.send("GET http://evil.example/gateway");
  assert.equal(
    JSON.parse(elsewhere.body).message,
    "Cannot read path: it is an absolute one, and not of the host that Host names",
  );
  const dotted = await bench.send("GET /a/../b");
  assert.equal(
    JSON.parse(dotted.body).message,
    "Cannot read path: it has a dot segment (. or ..)",
  );
});
