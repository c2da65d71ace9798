import assert from "node:assert/strict";
import { fixedHost } from "../../rest/upstream/fixed_host.ts";
import { aboutOf, between, failureOf, requestOf } from "./_builders.ts";
import { rawServerOf, replying } from "./_raw_server.ts";

Deno.test("a base URL gives host and port, and its path stands before the version", () => {
  const target = { version: 10, path: "/users/@me", query: "?a=1" };
  const cases = [
    ["https://discord.com/api", "discord.com", 443, "/api/v10/users/@me?a=1"],
    ["https://discord.com", "discord.com", 443, "/v10/users/@me?a=1"],
    ["http://127.0.0.1:8080/a/b", "127.0.0.1", 8080, "/a/b/v10/users/@me?a=1"],
    ["http://[::1]/", "::1", 80, "/v10/users/@me?a=1"],
  ] as const;
  for (const [baseUrl, hostname, port, path] of cases) {
    const host = fixedHost(baseUrl);
    assert.deepEqual(
      [host.hostname, host.port, host.pathOf(target)],
      [hostname, port, path],
      baseUrl,
    );
  }
});

Deno.test("no path, however hostile, reaches another host", async () => {
  const elsewhere = await rawServerOf(replying(200));
  const evil = `127.0.0.1:${elsewhere.port}`;
  const paths = [
    `//${evil}/`,
    `///${evil}/`,
    `/\\${evil}/`,
    `\\\\${evil}\\`,
    `@${evil}/`,
    `:80@${evil}/`,
    `.${evil}/`,
    `http://${evil}/`,
    `/http://${evil}/`,
    `/../../..//${evil}/`,
    `/%2e%2e//${evil}`,
    `?@${evil}/`,
    `#@${evil}/`,
  ];
  try {
    await between(replying(200), async (upstream, server) => {
      for (const path of paths) await upstream.send(requestOf({ path }));
      assert.deepEqual(
        server.requests.map(({ line }) => line),
        paths.map((path) => `GET /api/v10${path} HTTP/1.1`),
      );
      assert.equal(elsewhere.opened, 0);
    });
  } finally {
    await elsewhere.close();
  }
});

Deno.test("no header moves a request to another host", async () => {
  const elsewhere = await rawServerOf(replying(200));
  try {
    await between(replying(200), async (upstream, server) => {
      const host = `127.0.0.1:${elsewhere.port}`;
      await upstream.send(requestOf({ headers: [["host", host]] }));
      assert.equal(server.requests.length, 1);
      assert.equal(elsewhere.opened, 0);
    });
  } finally {
    await elsewhere.close();
  }
});

Deno.test("what would break the request line or a header leaves nothing on the wire", async () => {
  await between(replying(200), async (upstream, server) => {
    const breaking = [
      requestOf({ path: "/a HTTP/1.1\r\nhost: evil\r\n\r\n" }),
      requestOf({ path: "/a b" }),
      requestOf({ path: "/\u{1f44d}" }),
      requestOf({ query: "?a\nb" }),
      requestOf({ headers: [["x-a", "1\r\nx-b: 2"]] }),
      requestOf({ headers: [["x-a\r\nx-b", "1"]] }),
      requestOf({ headers: [["x-a", "\u{1f44d}"]] }),
      requestOf({ headers: [["transfer-encoding", "chunked"]] }),
    ];
    for (const request of breaking) {
      const failure = await failureOf(upstream.send(request));
      assert.deepEqual(aboutOf(failure), {
        code: "UND_ERR_INVALID_ARG",
        isTimeout: false,
        mayHaveArrived: false,
      });
    }
    assert.equal(server.opened, 0);
  });
});
