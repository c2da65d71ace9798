import assert from "node:assert/strict";
import { authorizerOf } from "../_bench.ts";
import {
  AUTHORIZER,
  KEY,
  maskedText,
  rawPeer,
  TestEndpoint,
} from "./_endpoint.ts";

const BASE64_KEY = new TextEncoder().encode(KEY)
  .toBase64({ alphabet: "base64url", omitPadding: true });

Deno.test("C1: an upgrade without subprotocol is accepted on / and /rep, and none is named", async () => {
  await using door = await TestEndpoint.open();
  for (const path of ["/", "/rep"]) {
    const response = await door.shake({ authorization: KEY }, path);
    assert.equal(response.status, 101);
    assert.equal(response.headers.get("sec-websocket-protocol"), null);
  }
});

for (
  const list of [
    "rep.v1",
    "a,rep.v1",
    "a, rep.v1,b",
    " rep.v1 ,x",
    "x,  rep.v1",
  ]
) {
  Deno.test(`C2: of the offered list "${list}" exactly rep.v1 is returned`, async () => {
    await using door = await TestEndpoint.open();
    const response = await door.shake({
      authorization: KEY,
      "sec-websocket-protocol": list,
    });
    assert.equal(response.status, 101);
    assert.equal(response.headers.get("sec-websocket-protocol"), "rep.v1");
  });
}

for (const list of ["graphql-ws", "rep.v2", "REP.V1", "rep.v1.1,rep", ""]) {
  Deno.test(`C3: the offered list "${list}" has no known name: the upgrade succeeds without one`, async () => {
    await using door = await TestEndpoint.open();
    const response = await door.shake({
      authorization: KEY,
      "sec-websocket-protocol": list,
    });
    assert.equal(response.status, 101);
    assert.equal(response.headers.get("sec-websocket-protocol"), null);
  });
}

Deno.test("C4: what is no upgrade gets 426 and is told to upgrade", async () => {
  await using door = await TestEndpoint.open();
  const response = await fetch(`http://${door.url}/rep`, {
    headers: { authorization: KEY },
  });
  assert.equal(response.status, 426);
  assert.equal(response.headers.get("upgrade"), "websocket");
  assert.equal((await response.json()).code, "upgrade_required");
});

Deno.test("A1: the key is taken from the header, else from a subprotocol, which is never echoed", async () => {
  await using door = await TestEndpoint.open();
  const shown = [
    [{ authorization: KEY }, []],
    [{ authorization: `Bot ${KEY}` }, []],
    [{ "x-rest-authorization": KEY }, []],
    [{}, ["rep.v1", `rep.auth.${BASE64_KEY}`]],
    [{ authorization: KEY }, ["rep.v1", "rep.auth.d3Jvbmc"]],
  ] as const;
  for (const [headers, protocols] of shown) {
    const client = await door.dial({ headers, protocols: [...protocols] });
    assert.equal(client.socket.protocol, protocols.length > 0 ? "rep.v1" : "");
    const reply = await client.ask({
      target: "/_rep/ping",
      method: "GET",
      req: 1,
    });
    assert.equal(reply.data.status, 200);
  }
  assert.ok(!JSON.stringify(door.facts).includes(BASE64_KEY));
});

Deno.test("A1: a token brought beside the key is whose request it is", async () => {
  await using door = await TestEndpoint.open();
  const client = await door.dial({
    headers: { "x-rest-authorization": KEY, authorization: "Bot theirs" },
  });
  client.say({ target: "/a", method: "GET" });
  const { request } = await door.submitter.job(1);
  assert.equal(request.identity.id, "brought:Bot theirs");
});

Deno.test("A1: the caller is named by its key and by what it calls itself", async () => {
  await using door = await TestEndpoint.open();
  const named = await door.dial({
    headers: { authorization: KEY, "x-rest-client": "shard-0" },
  });
  named.say({ target: "/a", method: "GET" });
  assert.equal((await door.submitter.job(1)).request.caller, "main/shard-0");
  const plain = await door.dial({ headers: {} });
  await plain.ask({
    target: "/_rep/auth",
    method: "ACTION",
    data: { token: KEY, client: "shard-1" },
    req: 1,
  });
  plain.say({ target: "/a", method: "GET" });
  assert.equal((await door.submitter.job(2)).request.caller, "main/shard-1");
  const unnamed = await door.dial({ headers: {} });
  await unnamed.ask({
    target: "/_rep/auth",
    method: "ACTION",
    data: { token: KEY },
    req: 1,
  });
  unnamed.say({ target: "/a", method: "GET" });
  assert.equal((await door.submitter.job(3)).request.caller, "main@127.0.0.1");
});

for (
  const [what, headers] of [
    ["header", { authorization: "wrong" }],
    ["second header", { "x-rest-authorization": "wrong" }],
    ["subprotocol", { "sec-websocket-protocol": "rep.v1, rep.auth.d3Jvbmc" }],
    ["unreadable subprotocol", {
      "sec-websocket-protocol": "rep.v1, rep.auth.!!!",
    }],
    ["empty subprotocol", { "sec-websocket-protocol": "rep.v1, rep.auth." }],
  ] as const
) {
  Deno.test(`A2: a wrong key in the ${what} is refused with 401 and no socket is made`, async () => {
    await using door = await TestEndpoint.open();
    const response = await door.shake(headers);
    assert.equal(response.status, 401);
    assert.equal((await response.json()).code, "unauthorized");
    assert.equal(door.door.snapshot().sockets, 0);
    assert.ok(!JSON.stringify(door.facts).includes("d3Jvbmc"));
  });
}

Deno.test("A2: where a key must be shown, an upgrade without one gets 401", async () => {
  await using door = await TestEndpoint.open({
    settings: { isHeaderRequired: true },
  });
  assert.equal((await door.shake({})).status, 401);
  assert.equal((await door.shake({ authorization: KEY })).status, 101);
});

Deno.test("A3: a token of the caller's own may ride along with the authentication request", async () => {
  await using door = await TestEndpoint.open();
  const client = await door.dial({ headers: {} });
  const reply = await client.ask({
    target: "/_rep/auth",
    method: "ACTION",
    data: { token: KEY, authorization: "Bearer theirs" },
    req: 1,
  });
  assert.equal(reply.data.status, 200);
  client.say({ target: "/a", method: "GET" });
  const { request } = await door.submitter.job(1);
  assert.equal(request.identity.id, "brought:Bearer theirs");
});

Deno.test("A8: a key in the query opens nothing", async () => {
  await using door = await TestEndpoint.open({
    settings: { isHeaderRequired: true },
  });
  for (
    const query of [`?token=${KEY}`, `?authorization=${KEY}`, `?key=${KEY}`]
  ) {
    assert.equal((await door.shake({}, `/rep${query}`)).status, 401);
  }
});

Deno.test("A1: a key in front of the path is taken where that is switched on, and only there", async () => {
  const path = `/key/${KEY}/rep`;
  await using open = await TestEndpoint.open({
    settings: { isKeyInPathAllowed: true, isHeaderRequired: true },
  });
  assert.equal((await open.shake({}, path)).status, 101);
  assert.equal((await open.shake({}, "/key/wrong/rep")).status, 401);
  await using shut = await TestEndpoint.open({
    settings: { isHeaderRequired: true },
  });
  assert.equal((await shut.shake({}, path)).status, 401);
});

Deno.test("A9: pages of listed origins and of the proxy's own host and clients without an origin come in; others get 403", async () => {
  await using door = await TestEndpoint.open({
    settings: { origins: new Set(["https://good.test"]) },
  });
  const statusFor = async (origin: Record<string, string>) =>
    (await door.shake({ authorization: KEY, ...origin })).status;
  assert.equal(await statusFor({ origin: "https://good.test" }), 101);
  assert.equal(await statusFor({ origin: `http://${door.url}` }), 101);
  assert.equal(await statusFor({}), 101);
  for (
    const origin of [
      "https://evil.test",
      "https://good.test.evil.test",
      "http://good.test",
      "null",
    ]
  ) {
    assert.equal(await statusFor({ origin }), 403, origin);
  }
});

Deno.test("A9: without a list pages of other hosts get 403, with the right key too", async () => {
  await using door = await TestEndpoint.open();
  const response = await door.shake({
    authorization: KEY,
    origin: "https://any.test",
  });
  assert.equal(response.status, 403);
  const { code, message } = await response.json();
  assert.equal(code, "forbidden");
  assert.match(message, /List it in REST_ORIGINS/);
});

Deno.test("A2: an upgrade with another bot's token gets 403 and is told what to do", async () => {
  await using door = await TestEndpoint.open({
    deps: { authorizer: authorizerOf() },
  });
  const authorization = `Bot ${btoa("876543210987654321")}.another.bot`;
  const response = await door.shake({ authorization });
  assert.equal(response.status, 403);
  const { code, message } = await response.json();
  assert.equal(code, "unknown_token");
  assert.match(message, /Set DISCORD_TOKEN .* of the proxy to it/);
});

Deno.test("C57: where no key opens, neither the upgrade nor the authentication request does", async () => {
  const prove = () => undefined;
  await using door = await TestEndpoint.open({
    deps: {
      authorizer: {
        ...AUTHORIZER,
        prove,
        identityFor: () => assert.fail("nobody came in"),
      },
    },
  });
  assert.equal((await door.shake({ authorization: KEY })).status, 401);
  const client = await door.dial({ headers: {} });
  const reply = await client.ask({
    target: "/_rep/auth",
    method: "ACTION",
    data: { token: KEY },
    req: 1,
  });
  assert.equal(reply.data.status, 401);
  assert.equal((await client.closed).code, 4403);
});

Deno.test("C16: the address the client dialled may stand in front of a target", async () => {
  await using door = await TestEndpoint.open();
  const client = await door.dial();
  client.say({ target: `http://${door.url}/users/1`, method: "GET" });
  const { request } = await door.submitter.job(1);
  assert.equal(request.target.path, "/users/1");
});

Deno.test("what comes in the same segment as the upgrade is heard, though RFC 6455 has a client wait for its answer", async () => {
  await using door = await TestEndpoint.open();
  const frame = maskedText(JSON.stringify({
    target: "/_rep/auth",
    method: "ACTION",
    data: { token: KEY },
    req: 1,
  }));
  const peer = await rawPeer(door, [], frame);
  const buffer = new Uint8Array(4_096);
  const read = await peer.read(buffer);
  const said = new TextDecoder().decode(buffer.subarray(0, read ?? 0));
  assert.match(said, /"target":"\/_rep\/auth".*"status":200/);
  peer.close();
});
