import assert from "node:assert/strict";
import { Secret } from "../../rest/domain/secret.ts";
import { startConnectProxy } from "./_connect_proxy.ts";
import {
  aboutOf,
  failureOf,
  identityOf,
  requestOf,
  textOf,
  upstreamOf,
} from "./_builders.ts";
import { rawServerOf, replying } from "./_raw_server.ts";

const HELLO = replying(200, [], "hello");

for (const isProxyTls of [false, true]) {
  for (const isTls of [false, true]) {
    const over = `${isTls ? "https" : "http"} through an ${
      isProxyTls ? "https" : "http"
    } proxy`;
    Deno.test(`requests go through one tunnel and come back whole, ${over}`, async () => {
      await using way = await startConnectProxy({ isTls: isProxyTls });
      const server = await rawServerOf(HELLO, { isTls });
      const upstream = upstreamOf(server.url, { outboundProxy: way.proxy });
      try {
        for (const path of ["/users/@me", "/gateway"]) {
          const answer = await upstream.send(requestOf({ path }));
          assert.equal(answer.status, 200);
          assert.equal(await textOf(answer), "hello");
        }
        const { host } = new URL(server.url);
        assert.equal(way.heads.length, 1);
        assert.match(
          way.heads[0] ?? "",
          RegExp(`^CONNECT ${host} HTTP/1.1\r\n`),
        );
        assert.match(way.heads[0] ?? "", RegExp(`\r\nhost: ${host}\r\n`, "i"));
        assert.equal(server.opened, 1);
        assert.deepEqual(
          server.requests.map(({ line }) => line),
          [
            "GET /api/v10/users/@me HTTP/1.1",
            "GET /api/v10/gateway HTTP/1.1",
          ],
        );
      } finally {
        await upstream.close();
        await server.close();
      }
    });
  }
}

Deno.test("over TLS the proxy sees host and port, and nothing of a request", async () => {
  await using way = await startConnectProxy();
  const server = await rawServerOf(HELLO, { isTls: true });
  const upstream = upstreamOf(server.url, { outboundProxy: way.proxy });
  try {
    const answer = await upstream.send(requestOf({
      method: "POST",
      path: "/channels/1/messages",
      text: "a message",
      identity: identityOf("Bot a-token"),
    }));
    assert.equal(answer.status, 200);
    const seen = way.heads.join("") + way.passed();
    for (const secret of ["a-token", "a message", "/channels", "DiscordBot"]) {
      assert.ok(!seen.includes(secret), secret);
    }
  } finally {
    await upstream.close();
    await server.close();
  }
});

Deno.test("credentials go to the proxy and not through it", async () => {
  await using way = await startConnectProxy({ credentials: "ann:secret" });
  const server = await rawServerOf(HELLO);
  const upstream = upstreamOf(server.url, { outboundProxy: way.proxy });
  try {
    await upstream.send(requestOf());
    assert.match(
      way.heads[0] ?? "",
      /\r\nproxy-authorization: Basic YW5uOnNlY3JldA==(\r\n|$)/i,
    );
    assert.ok(!server.requests[0]?.head.includes("YW5uOnNlY3JldA"));
  } finally {
    await upstream.close();
    await server.close();
  }
});

/** A proxy's answers that open no tunnel, and the code each is told as. */
const REFUSALS: ReadonlyArray<readonly [string, readonly string[], RegExp]> = [
  [
    "407",
    ["HTTP/1.0 407 Proxy Authentication Req", "uired\r\n\r\n<html>"],
    /^OUTBOUND_PROXY_407$/,
  ],
  ["503", ["HTTP/1.1 503 No\r\n", "x: y\r\n\r\n"], /^OUTBOUND_PROXY_503$/],
  ["nonsense", ["220 mail.example ESMTP\r\n\r\n"], /^HTTPParserError$/],
  [
    "an endless head",
    ["HTTP/1.1 200 OK\r\n", "x: ".padEnd(70_000, "y")],
    /^(HPE|UND_ERR)_/,
  ],
];

for (const [what, reply, code] of REFUSALS) {
  Deno.test(`a proxy that answers ${what} is told by its code, and nothing was sent`, async () => {
    await using way = await startConnectProxy({ reply });
    const server = await rawServerOf(HELLO, { isTls: true });
    const upstream = upstreamOf(server.url, { outboundProxy: way.proxy });
    try {
      const failure = await failureOf(upstream.send(requestOf()));
      assert.match(failure.code, code);
      assert.ok(!failure.mayHaveArrived);
      assert.equal(server.opened, 0);
    } finally {
      await upstream.close();
      await server.close();
    }
  });
}

Deno.test("a proxy that never answers is given up after the connection's time", async () => {
  await using way = await startConnectProxy({ reply: [] });
  const upstream = upstreamOf("https://localhost:1/api", {
    outboundProxy: way.proxy,
    connectTimeoutMs: 50,
  });
  try {
    const failure = await failureOf(upstream.send(requestOf()));
    assert.deepEqual(aboutOf(failure), {
      code: "CONNECT_TIMEOUT",
      isTimeout: true,
      mayHaveArrived: false,
    });
  } finally {
    await upstream.close();
  }
});

Deno.test("a tunnel whose far end speaks no TLS is given up in the same time", async () => {
  await using way = await startConnectProxy();
  // It takes the connection and says nothing.
  const server = await rawServerOf(() => {}, { onConnection: () => true });
  const upstream = upstreamOf(`https://localhost:${server.port}/api`, {
    outboundProxy: way.proxy,
    connectTimeoutMs: 50,
  });
  try {
    const failure = await failureOf(upstream.send(requestOf()));
    assert.ok(failure.isTimeout);
    assert.ok(!failure.mayHaveArrived);
  } finally {
    await upstream.close();
    await server.close();
  }
});

Deno.test("no request goes past a proxy that cannot be reached", async () => {
  const server = await rawServerOf(HELLO);
  const upstream = upstreamOf(server.url, {
    outboundProxy: {
      isTls: false,
      hostname: "127.0.0.1",
      // Nothing listens on it.
      port: 1,
      authorization: new Secret("Basic eDp5"),
    },
  });
  try {
    const failure = await failureOf(upstream.send(requestOf()));
    assert.equal(failure.code, "ECONNREFUSED");
    assert.equal(server.opened, 0);
    assert.equal(upstream.host, `127.0.0.1:${server.port} through 127.0.0.1:1`);
  } finally {
    await upstream.close();
    await server.close();
  }
});

Deno.test("a certificate of another host is refused inside a tunnel, too", async () => {
  await using way = await startConnectProxy();
  const server = await rawServerOf(HELLO, { isTls: true, isElsewhere: true });
  const upstream = upstreamOf(server.url, { outboundProxy: way.proxy });
  try {
    const failure = await failureOf(upstream.send(requestOf()));
    assert.ok(!failure.mayHaveArrived);
    assert.equal(server.requests.length, 0);
  } finally {
    await upstream.close();
    await server.close();
  }
});

for (const isTls of [false, true]) {
  Deno.test(`connections come from the address they are told to (${isTls ? "TLS" : "TCP"})`, async () => {
    const callers: Array<string | undefined> = [];
    const server = await rawServerOf(HELLO, {
      isTls,
      onConnection(socket) {
        callers.push(socket.remoteAddress);
        return false;
      },
    });
    const upstream = upstreamOf(server.url, { outboundAddress: "127.0.0.2" });
    try {
      assert.equal((await upstream.send(requestOf())).status, 200);
      assert.deepEqual(callers, ["127.0.0.2"]);
    } finally {
      await upstream.close();
      await server.close();
    }
  });
}

Deno.test("with both settings the connection to the proxy comes from that address", async () => {
  await using way = await startConnectProxy();
  const server = await rawServerOf(HELLO);
  const upstream = upstreamOf(server.url, {
    outboundProxy: way.proxy,
    outboundAddress: "127.0.0.2",
  });
  try {
    await upstream.send(requestOf());
    assert.deepEqual(way.callers, ["127.0.0.2"]);
  } finally {
    await upstream.close();
    await server.close();
  }
});
