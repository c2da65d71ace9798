import assert from "node:assert/strict";
import { NOBODY } from "../../../rest/domain/identity.ts";
import { drainingRefusal } from "../../../rest/domain/own_refusals.ts";
import { Refusal } from "../../../rest/domain/refusal.ts";
import {
  END_HEADERS,
  END_STREAM,
  fieldBlock,
  frame,
  HEADERS,
  PREFACE,
  RST_STREAM,
} from "../../hostile/_http2.ts";
import { KEY, OWN_ID, startBench, TOKEN } from "../_bench.ts";
import { fetchHandlerOf } from "../../../rest/listener/transport/fetch_handler.ts";
import { startTlsListener } from "../../../rest/listener/transport/listen_tls.ts";
import { connectTls, PAIR } from "../../tls/_callers.ts";
import { servingOf, textAnswer } from "../_serve.ts";
import { headerIn, readResponse, writeAll } from "../_raw_http.ts";

const CALLBACK = "/interactions/1/aW50ZXJhY3Rpb246c2VjcmV0/callback";
const WEBHOOK = "/webhooks/1/webhook-secret";

Deno.test("a request is submitted with all that was asked", async () => {
  await using bench = await startBench();
  await bench.send(
    "POST /api/v10/channels/7/messages?wait=1",
    "Content-Type: application/json\r\nX-Audit-Log-Reason: caf\xe9%20\xf0\r\n" +
      "Priority: u=1\r\nPrefer: wait=5\r\nX-Rest-Order: none\r\n" +
      "X-Rest-Client: shard 3\r\nContent-Length: 2\r\n",
    "{}",
  );
  const [request] = bench.submitted;
  assert.equal(request?.identity.id, OWN_ID);
  assert.equal(request.identity.authorization?.reveal(), `Bot ${TOKEN}`);
  const { identity: _, route, ...rest } = request;
  assert.equal(route.label, "POST /channels/{channel_id}/messages");
  assert.deepEqual(rest, {
    method: "POST",
    target: { version: 10, path: "/channels/7/messages", query: "?wait=1" },
    headers: [
      ["content-type", "application/json"],
      ["x-audit-log-reason", "caf\xe9%20\xf0"],
    ],
    body: new TextEncoder().encode("{}"),
    caller: "main/shard 3",
    urgency: 1,
    isOrdered: false,
    leaveWithinMs: 5_000,
  });
});

Deno.test("a request that asks for nothing gets the defaults", async () => {
  await using bench = await startBench();
  await bench.send("GET /gateway/bot");
  const [request] = bench.submitted;
  assert.equal(request?.urgency, 3);
  assert.ok(request.isOrdered);
  assert.equal(request.leaveWithinMs, undefined);
  assert.equal(request.caller, "main@127.0.0.1");
  assert.deepEqual(request.headers, []);
});

Deno.test("an interaction callback goes urgent and without the bot's token", async () => {
  await using bench = await startBench();
  await bench.send(`POST ${CALLBACK}`, "Content-Length: 2\r\n", "{}");
  assert.equal(bench.submitted[0]?.urgency, 0);
  assert.equal(bench.submitted[0]?.identity, NOBODY);
});

Deno.test("an answer crosses", async () => {
  await using bench = await startBench();
  bench.answer = {
    status: 201,
    headers: [["content-type", "application/json"], ["via", "1.1 google"]],
    body: new TextEncoder().encode('{"id":"1"}'),
  };
  const response = await bench.send("PUT /x/1");
  assert.equal(response.status, 201);
  assert.equal(response.body, '{"id":"1"}');
  assert.equal(headerIn(response, "via"), "1.1 google");
});

Deno.test("a refusal of the dispatcher's goes out and is not told twice", async () => {
  const refusal = new Refusal("wait_too_long", "Cannot wait", {
    retryAfterMs: 1_500,
  });
  await using bench = await startBench({
    submitter: {
      submit: () => ({ answer: Promise.reject(refusal), cancel: () => "done" }),
    },
  });
  const response = await bench.send("GET /gateway");
  assert.equal(response.status, 429);
  assert.equal(headerIn(response, "x-rest-proxy"), "wait_too_long");
  assert.equal(headerIn(response, "retry-after"), "2");
  assert.deepEqual(bench.facts, []);
});

Deno.test("nothing foreign leaves with a fault of our own", async () => {
  const secret = `https://discord.com/api${WEBHOOK}?key=${KEY}`;
  await using bench = await startBench({
    submitter: {
      submit() {
        throw new TypeError(secret);
      },
    },
  });
  const response = await bench.send(`POST ${WEBHOOK}`);
  assert.equal(response.status, 500);
  assert.deepEqual(JSON.parse(response.body), {
    message:
      "Cannot answer: the proxy has a fault of its own, named in its log",
    code: "internal",
    sent: false,
  });
  assert.match(
    (bench.facts[0] as { message: string }).message,
    /^Fault of our own: TypeError at rest\/listener\/http\/handler\.ts:\d+:\d+$/,
  );
  assert.deepEqual(bench.facts[1], {
    kind: "refused",
    code: "internal",
    label: "POST /webhooks/{webhook_id}/{webhook_token}",
    caller: "main@127.0.0.1",
  });
});

Deno.test("a fault after the request was queued does not claim it was not sent", async () => {
  await using bench = await startBench({
    submitter: {
      submit: () => ({ answer: Promise.reject("odd"), cancel: () => "done" }),
    },
  });
  const { body } = await bench.send("GET /gateway");
  assert.equal(JSON.parse(body).sent, null);
  assert.deepEqual(bench.facts[0], {
    kind: "warning",
    message: "Fault of our own: a thrown string",
  });
});

function unauthorizedBody(more = ""): string {
  return JSON.stringify({
    error: "Invalid authorization key.",
    message:
      `Cannot accept the request: the key is missing or wrong. Send it in Authorization, or in X-Rest-Authorization beside a token of your own${more}`,
    code: "unauthorized",
    sent: false,
  });
}

Deno.test("without the key nothing else is told, wherever the request goes", async () => {
  await using bench = await startBench();
  for (
    const start of [
      "GET /gateway",
      "GET /../x",
      "PURGE /gateway",
      "GET /",
      "GET /admin",
      "GET /key/x/gateway",
    ]
  ) {
    for (
      const line of [
        "",
        "Authorization: Bot wrong\r\n",
        "X-Rest-Order: bad\r\n",
      ]
    ) {
      const response = await bench.sendRaw(
        `${start} HTTP/1.1\r\nHost: proxy\r\n${line}\r\n`,
      );
      assert.equal(response.status, 401, start);
      assert.equal(response.body, unauthorizedBody());
    }
  }
  assert.equal(bench.submitted.length, 0);
});

const SWITCHES = {
  false:
    ". This path carries a token of its own: REST_OPEN_TOKEN_ROUTES=known opens it to addresses that have sent the key",
  known:
    ". This path carries a token of its own: with REST_OPEN_TOKEN_ROUTES=known it needs no key from an address that has sent one, until it is silent for 30 days or the proxy restarts without a journal; with REST_OPEN_TOKEN_ROUTES=true from none",
} as const;

for (const openTokenRoutes of ["false", "known"] as const) {
  Deno.test(`with REST_OPEN_TOKEN_ROUTES=${openTokenRoutes} the 401 of a path that carries a token names the switch`, async () => {
    await using bench = await startBench({ openTokenRoutes });
    const { status, body } = await bench.sendRaw(
      `POST ${WEBHOOK} HTTP/1.1\r\nHost: proxy\r\n\r\n`,
    );
    assert.equal(status, 401);
    assert.equal(body, unauthorizedBody(SWITCHES[openTokenRoutes]));
  });
}

Deno.test("another bot's token gets 403, which no library takes for the end of its token, and a sentence of what to do", async () => {
  await using bench = await startBench();
  const token = `${btoa("876543210987654321")}.another.bot`;
  for (const start of ["GET /users/@me", `POST ${WEBHOOK}`]) {
    const { status, body } = await bench.sendRaw(
      `${start} HTTP/1.1\r\nHost: proxy\r\nAuthorization: Bot ${token}\r\n\r\n`,
    );
    assert.equal(status, 403);
    assert.ok(!body.includes(token));
    assert.deepEqual(JSON.parse(body), {
      message:
        "Cannot accept the request: the bot's token in Authorization is not one of this proxy's. Set DISCORD_TOKEN (or DISCORD_TOKENS_FILE) of the proxy to it, or send the key in X-Rest-Authorization beside it",
      code: "unknown_token",
      sent: false,
    });
  }
});

for (const method of ["BREW", "get", "PROPPATCHPROPPATCHPROPPATCH"]) {
  Deno.test(`${method} is no method of anybody's: the request cannot be read`, async () => {
    await using bench = await startBench();
    const { status, body } = await bench.send(`${method} /gateway`);
    assert.equal(status, 400);
    assert.equal(JSON.parse(body).code, "bad_request");
    assert.equal(bench.submitted.length, 0);
  });
}

Deno.test("a refused path is told with what is wrong about it, and not as it was", async () => {
  await using bench = await startBench();
  await bench.send("GET /webhooks/1/a.secret/../x");
  assert.deepEqual(bench.facts, [{
    kind: "refused",
    code: "bad_path",
    label: "(no route)",
    caller: "127.0.0.1",
    detail: "Cannot read path: it has a dot segment (. or ..)",
  }]);
});

Deno.test("a refusal without a key is told with the address it came from", async () => {
  await using bench = await startBench();
  await bench.sendRaw(`POST ${WEBHOOK} HTTP/1.1\r\nHost: proxy\r\n\r\n`);
  assert.deepEqual(bench.facts, [{
    kind: "refused",
    code: "unauthorized",
    label: "POST /webhooks/{webhook_id}/{webhook_token}",
    caller: "127.0.0.1",
  }]);
});

for (
  const method of [
    "HEAD",
    "OPTIONS",
    "TRACE",
    "PROPPATCH",
    "QUERY",
  ]
) {
  Deno.test(`${method} is no method of Discord's`, async () => {
    await using bench = await startBench();
    const connection = await Deno.connect({
      hostname: "127.0.0.1",
      port: bench.port,
    });
    await writeAll(
      connection,
      `${method} /gateway HTTP/1.1\r\nHost: proxy\r\nAuthorization: ${KEY}\r\nConnection: close\r\n\r\n`,
    );
    let received = "";
    for await (
      const chunk of connection.readable.pipeThrough(new TextDecoderStream())
    ) {
      received += chunk;
    }
    assert.match(received, /^HTTP\/1\.1 405 /);
    assert.match(received, /\r\nallow: GET, POST, PUT, PATCH, DELETE\r\n/);
    if (method !== "HEAD") {
      const { message } = JSON.parse(
        received.slice(received.indexOf("\r\n\r\n")),
      );
      assert.equal(
        message,
        `Cannot send ${
          method.slice(0, 20)
        }: Discord takes GET, POST, PUT, PATCH, DELETE`,
      );
    }
    assert.equal(bench.submitted.length, 0);
  });
}

Deno.test("a refused HEAD is answered by headers alone, whoever carries them", async () => {
  await using bench = await startBench();
  const { handle } = bench.endpoint;
  const request = new Request("http://proxy/gateway", { method: "HEAD" });
  const response = await fetchHandlerOf(handle)(request);
  assert.equal(response.status, 401);
  assert.equal(response.headers.get("x-rest-proxy"), "unauthorized");
  assert.equal(response.body, null);
});

Deno.test("malformed wishes are refused, each in a sentence, before the body is read", async () => {
  await using bench = await startBench();
  for (
    const [line, message] of [
      [
        "Prefer: wait=soon",
        "Cannot read Prefer: wait takes whole seconds, as in wait=10",
      ],
      [
        "X-Rest-Order: strict",
        "Cannot read X-Rest-Order: none is the only value it takes",
      ],
      [
        "X-Rest-Client: caf\xe9",
        "Cannot read X-Rest-Client: 1 to 64 printable ASCII characters are wanted, not 4",
      ],
    ]
  ) {
    const response = await bench.send(
      "POST /x",
      `${line}\r\nContent-Length: 9\r\n`,
    );
    assert.equal(response.status, 400);
    const { code, message: told } = JSON.parse(response.body);
    assert.deepEqual([code, told], ["bad_request", message]);
  }
});

Deno.test("without DISCORD_TOKEN a caller without one is told what to bring", async () => {
  await using bench = await startBench({ token: null });
  const response = await bench.send("GET /gateway/bot");
  assert.equal(response.status, 503);
  assert.equal(headerIn(response, "retry-after"), "5");
  const { code, message } = JSON.parse(response.body);
  assert.equal(code, "no_token");
  assert.equal(
    message,
    "Cannot send the request: no bot's token is configured. Bring a token in Authorization and the key in X-Rest-Authorization",
  );
});

Deno.test("while draining requests are submitted as ever", async () => {
  await using bench = await startBench();
  bench.isDraining = true;
  const response = await bench.send("GET /gateway");
  assert.equal(response.status, 200);
  assert.equal(bench.submitted.length, 1);
});

Deno.test("whoever is refused for the end of the proxy is told to come back on another connection", async () => {
  await using bench = await startBench({
    submitter: {
      submit: () => ({
        answer: Promise.reject(drainingRefusal()),
        cancel: () => "done",
      }),
    },
  });
  const response = await bench.send("GET /gateway");
  assert.equal(response.status, 503);
  assert.equal(headerIn(response, "x-rest-proxy"), "draining");
  assert.equal(headerIn(response, "retry-after"), "5");
  assert.equal(headerIn(response, "connection"), "close");
  assert.deepEqual(JSON.parse(response.body), {
    message: "Cannot take the request: the proxy is shutting down; ask again",
    code: "draining",
    sent: false,
    retry_after: 5,
  });
});

Deno.test("a key in the path opens, where that is switched on", async () => {
  await using bench = await startBench({
    settings: { isKeyInPathAllowed: true },
  });
  const get = (target: string, lines = "") =>
    bench.sendRaw(`GET ${target} HTTP/1.1\r\nHost: proxy\r\n${lines}\r\n`);
  const encoded = KEY.replaceAll("-", "%2D");
  await get(`/key/${KEY}/api/v10/gateway?x`);
  await get(`/key/${encoded}/gateway`);
  await get(`/key/${KEY}/gateway`, "Authorization: Bearer b\r\n");
  assert.deepEqual(
    bench.submitted.map((
      { target, identity },
    ) => [target.path + target.query, identity.kind]),
    [["/gateway?x", "bot"], ["/gateway", "bot"], ["/gateway", "bearer"]],
  );
  for (
    const target of [
      "/key/wrong/gateway",
      "/key//gateway",
      "/key/%ff/gateway",
      "/key",
    ]
  ) {
    assert.equal((await get(target)).status, 401, target);
  }
  assert.equal((await get(`/key/${KEY}`)).status, 400);
  assert.equal((await get(`/key/${KEY}/key/${KEY}/gateway`)).status, 404);
  assert.equal((await get("/key/wrong/healthz")).status, 200);
  assert.equal(bench.submitted.length, 3);
  assert.ok(!JSON.stringify(bench.facts).includes(KEY));
});

Deno.test("a key in the path opens nothing and reaches nobody where that is off", async () => {
  await using bench = await startBench();
  const target = `/key/${KEY}/gateway`;
  const stranger = await bench.sendRaw(
    `GET ${target} HTTP/1.1\r\nHost: proxy\r\n\r\n`,
  );
  assert.equal(stranger.status, 401);
  const friend = await bench.send(`GET ${target}`);
  assert.equal(friend.status, 404);
  assert.equal(
    JSON.parse(friend.body).message,
    "Cannot take the key from the path: REST_KEY_IN_PATH is not true, or the key is there twice",
  );
  assert.equal(bench.submitted.length, 0);
  assert.ok(!JSON.stringify(bench.facts).includes(KEY));
});

Deno.test("paths that carry a token need no key, where that is switched on", async () => {
  await using bench = await startBench({ openTokenRoutes: "true" });
  const post = (target: string, lines = "") =>
    bench.sendRaw(`POST ${target} HTTP/1.1\r\nHost: proxy\r\n${lines}\r\n`);
  await post(WEBHOOK);
  await post(CALLBACK, "Authorization: Bot made.up.token\r\n");
  assert.deepEqual(
    bench.submitted.map(({ identity, caller }) => [identity, caller]),
    [[NOBODY, "keyless@127.0.0.1"], [NOBODY, "keyless@127.0.0.1"]],
  );
  for (
    const target of ["/webhooks/1", "/channels/1/messages", "/../webhooks/1/x"]
  ) {
    assert.equal((await post(target)).status, 401, target);
  }
  assert.equal(bench.submitted.length, 2);
});

Deno.test("an upgrade on / and /rep goes to whoever takes them, with no key asked", async () => {
  let upgrades = 0;
  await using bench = await startBench({
    upgrade: () => {
      upgrades++;
      return textAnswer("upgraded");
    },
  });
  const upgrade = (target: string) =>
    bench.sendRaw(
      `GET ${target} HTTP/1.1\r\nHost: proxy\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n`,
    );
  for (const target of ["/", "/rep", "/?x", "/rep?x"]) {
    assert.equal((await upgrade(target)).body, "upgraded", target);
  }
  assert.equal((await upgrade("/gateway")).status, 401);
  assert.equal(upgrades, 4);

  const plain = await bench.send("GET /rep");
  assert.equal(plain.status, 426);
  assert.equal(headerIn(plain, "upgrade"), "websocket");
  assert.equal(
    JSON.parse(plain.body).message,
    "Cannot answer here: /rep takes WebSocket upgrades only",
  );
});

/** A proxy that answers its one request only when told to, and a connection to it. */
async function startUnanswered() {
  const { promise: left, resolve } = Promise.withResolvers<void>();
  const { promise: isIn, resolve: enter } = Promise.withResolvers<void>();
  const { promise: answer, reject } = Promise.withResolvers<never>();
  const bench = await startBench({
    submitter: {
      submit(_request, callerGone) {
        callerGone?.addEventListener("abort", { handleEvent: resolve });
        enter();
        return { answer, cancel: () => "done" };
      },
    },
  });
  const connection = await Deno.connect({
    hostname: "127.0.0.1",
    port: bench.port,
  });
  const end = () =>
    reject(new Refusal("cancelled", "Cannot go on: the caller left"));
  return { bench, connection, isIn, left, end };
}

Deno.test("a caller that leaves is told to the submitter", async () => {
  const call = await startUnanswered();
  await using _bench = call.bench;
  const { connection, isIn, left } = call;
  await writeAll(
    connection,
    `POST /x HTTP/1.1\r\nHost: proxy\r\nAuthorization: ${KEY}\r\nContent-Length: 2\r\n\r\n{}`,
  );
  await isIn;
  connection.close();
  await left;
  call.end();
});

Deno.test("a caller that resets its stream of HTTP/2 is told of at once", async () => {
  const call = await startUnanswered();
  await using bench = call.bench;
  const { isIn, left } = call;
  call.connection.close();
  const listener = startTlsListener({
    ...servingOf(bench.endpoint),
    host: "127.0.0.1",
    port: 0,
    pair: PAIR,
  });
  const connection = await connectTls(listener.address.port, ["h2"]);
  const fields = fieldBlock([
    [":method", "GET"],
    [":scheme", "https"],
    [":authority", "proxy"],
    [":path", "/x"],
    ["authorization", KEY],
  ]);
  await writeAll(
    connection,
    PREFACE + frame(HEADERS, END_HEADERS | END_STREAM, 1, fields),
  );
  await isIn;
  await writeAll(connection, frame(RST_STREAM, 0, 1, "\0\0\0\x08"));
  await left;
  call.end();
  connection.close();
  await listener.shutdown();
});

Deno.test("requests on one connection are answered one after the other", async () => {
  await using bench = await startBench();
  const connection = await Deno.connect({
    hostname: "127.0.0.1",
    port: bench.port,
  });
  for (let turn = 0; turn < 3; turn++) {
    await writeAll(
      connection,
      `POST /x HTTP/1.1\r\nHost: proxy\r\nAuthorization: ${KEY}\r\nContent-Length: 2\r\n\r\n{}`,
    );
    assert.equal((await readResponse(connection)).status, 200);
  }
  connection.close();
  assert.equal(bench.submitted.length, 3);
});

Deno.test("neither key nor token shows in any fact", async () => {
  await using bench = await startBench({
    settings: { isKeyInPathAllowed: true },
  });
  await bench.send(`POST ${WEBHOOK}/../x`);
  await bench.send(`BREW ${WEBHOOK}`);
  await bench.sendRaw(
    `GET /key/${KEY}x${WEBHOOK} HTTP/1.1\r\nHost: proxy\r\nAuthorization: Bot ${TOKEN}x\r\n\r\n`,
  );
  await bench.send("GET /x", "X-Rest-Order: bad\r\n");
  const told = JSON.stringify(bench.facts);
  for (const secret of [KEY, TOKEN, "webhook-secret"]) {
    assert.ok(!told.includes(secret), told);
  }
  assert.equal(bench.facts.length, 4);
});
