import assert from "node:assert/strict";
import type { HeaderList } from "../../rest/domain/headers.ts";
import type { Method } from "../../rest/domain/request.ts";
import { between, identityOf, OUR_AGENT, requestOf } from "./_builders.ts";
import { type RawServer, replying } from "./_raw_server.ts";

const ok = replying(200, [], "{}");

function fieldsOf(server: RawServer, at = 0): string[] {
  const head = server.requests[at]?.head ?? "";
  return head.split("\r\n").slice(1).sort();
}

Deno.test("path and query cross byte for byte", async () => {
  const targets = [
    ["/channels/1/messages/2/reactions/%F0%9F%91%8D/@me", ""],
    ["/channels/1/messages/2/reactions/name%3Aid/@me", "?type=0"],
    ["/channels/1/messages/2/reactions/name:id/@me", ""],
    ["/guilds/1/members/search", "?query=O'Neil&limit=1"],
    ["/guilds/1/prune", "?roles=1&roles=2&roles=1"],
    ["/a", '?q="<>`{}|^\\[]'],
    ["/a", "?q=%22%3c%3E+%20&"],
    ["/a", "?"],
    ["/a", "??a=?&=&&"],
    ["/a", "?q=\u00e9"],
    ["/a/../b/./c//d", ""],
    ["/a;b=c,d!$&'()*+=:@~", "?x"],
  ] as const;
  await between(ok, async (upstream, server) => {
    for (const [path, query] of targets) {
      await upstream.send(requestOf({ path, query }));
    }
    assert.deepEqual(
      server.requests.map(({ line }) => line),
      targets.map(([path, query]) => `GET /api/v10${path}${query} HTTP/1.1`),
    );
  });
});

Deno.test("the version of the request goes between base path and path", async () => {
  await between(ok, async (upstream, server) => {
    await upstream.send(requestOf({ version: 9, path: "/users/@me" }));
    assert.equal(server.requests[0]?.line, "GET /api/v9/users/@me HTTP/1.1");
  });
});

Deno.test("a request has its own headers, user agent, host, and nothing else", async () => {
  const headers: HeaderList = [
    ["x-audit-log-reason", "caf%C3%A9 \u00e9"],
    ["content-type", "application/json"],
    ["x-twice", "1"],
    ["x-twice", "2"],
    ["accept-language", "de"],
  ];
  await between(ok, async (upstream, server) => {
    await upstream.send(requestOf({ method: "POST", headers, text: "{}" }));
    assert.deepEqual(
      fieldsOf(server),
      [
        "x-audit-log-reason: caf%C3%A9 \u00e9",
        "content-type: application/json",
        "x-twice: 1",
        "x-twice: 2",
        "accept-language: de",
        `user-agent: ${OUR_AGENT}`,
        `host: 127.0.0.1:${server.port}`,
        "connection: keep-alive",
        "content-length: 2",
      ].sort(),
    );
  });
});

Deno.test("the identity's authorization goes upstream, and nobody's is none", async () => {
  await between(ok, async (upstream, server) => {
    await upstream.send(requestOf({ identity: identityOf("Bot T.O.K") }));
    await upstream.send(requestOf());
    assert.ok(fieldsOf(server, 0).includes("authorization: Bot T.O.K"));
    assert.doesNotMatch(server.requests[1]?.head ?? "", /authorization/i);
  });
});

Deno.test("a body has its length, and without one POST, PUT and PATCH say 0", async () => {
  const bodies: [Method, string | undefined, string | undefined][] = [
    ["GET", undefined, undefined],
    ["DELETE", undefined, undefined],
    ["POST", undefined, "0"],
    ["PUT", undefined, "0"],
    ["PATCH", undefined, "0"],
    ["POST", "", "0"],
    ["DELETE", "", undefined],
    ["POST", "abc", "3"],
    ["PUT", "abc", "3"],
    ["PATCH", "abc", "3"],
    ["DELETE", "abc", "3"],
    ["GET", "abc", "3"],
  ];
  await between(ok, async (upstream, server) => {
    for (const [method, text] of bodies) {
      await upstream.send(
        requestOf({ method, ...(text !== undefined && { text }) }),
      );
    }
    const seen = server.requests.map(({ line, head, body }) => [
      line.split(" ")[0],
      body,
      /\r\ncontent-length: (.*)/.exec(head)?.[1],
    ]);
    assert.deepEqual(
      seen,
      bodies.map(([method, text, length]) => [method, text ?? "", length]),
    );
    for (const { head } of server.requests) {
      assert.doesNotMatch(head, /transfer-encoding|expect/i);
    }
  });
});

Deno.test("body bytes cross as they are", async () => {
  const body = Uint8Array.from({ length: 1024 }, (_, at) => at % 256);
  await between(ok, async (upstream, server) => {
    await upstream.send(requestOf({ method: "POST", body }));
    const seen = server.requests[0]?.body ?? "";
    assert.deepEqual(
      Uint8Array.from(seen, (char) => char.charCodeAt(0)),
      body,
    );
  });
});

Deno.test("a body that is a window on a larger buffer crosses alone", async () => {
  const body = new TextEncoder().encode("xxabcxx").subarray(2, 5);
  await between(ok, async (upstream, server) => {
    await upstream.send(requestOf({ method: "POST", body }));
    assert.equal(server.requests[0]?.body, "abc");
  });
});

Deno.test("connections are kept: ten requests in turn need one", async () => {
  await between(ok, async (upstream, server) => {
    for (let count = 0; count < 10; count++) await upstream.send(requestOf());
    assert.equal(server.opened, 1);
  });
});

Deno.test("no more connections are opened than allowed, and every request gets its turn", async () => {
  const parked: (() => void)[] = [];
  await between((_request, socket) => {
    parked.push(() => ok(_request, socket));
  }, async (upstream, server) => {
    const sending = Array.from(
      { length: 10 },
      () => upstream.send(requestOf()),
    );
    for (let answered = 0; answered < 10; answered++) {
      await server.arrived(answered + 1);
      parked[answered]?.();
    }
    const answers = await Promise.all(sending);
    assert.equal(answers.length, 10);
    assert.ok(server.peak <= 3, `${server.peak} connections at once`);
  }, { connectionsMax: 3 });
});
