import assert from "node:assert/strict";
import { startTlsListener } from "../../rest/listener/transport/listen_tls.ts";
import { type Bench, KEY, startBench } from "../listener/_bench.ts";
import { exchangeOver } from "../listener/_raw_http.ts";
import { servingOf } from "../listener/_serve.ts";
import {
  ABSOLUTE_CROSSING,
  ABSOLUTE_REFUSED,
  CROSSING,
  REFUSED,
} from "../listener/http/_paths.ts";
import {
  callFromNode,
  connectTls,
  type NodeRequest,
  PAIR,
} from "./_callers.ts";

const WITH_KEY = { authorization: KEY };

/** The handler of a bench behind TLS. */
async function withTls(
  claim: (port: number, bench: Bench) => Promise<void>,
): Promise<void> {
  await using bench = await startBench();
  const listener = startTlsListener({
    ...servingOf(bench.endpoint),
    host: "127.0.0.1",
    port: 0,
    pair: PAIR,
  });
  try {
    await claim(listener.address.port, bench);
  } finally {
    await listener.shutdown();
  }
}

const ON_EVERY_TRANSPORT = [...CROSSING.map(([target]) => target), ...REFUSED];

/** What a raw path comes to: the target that crossed, or the refusal's code. */
const OUTCOMES = [
  ...CROSSING.map(([, version, path, query]) => ({ version, path, query })),
  ...REFUSED.map(() => "bad_path"),
];

for (const way of ["h2", "https"] as const) {
  Deno.test(`over ${way} every target crosses or is refused as over plain HTTP`, async () => {
    await withTls(async (port, { submitted }) => {
      const requests: NodeRequest[] = ON_EVERY_TRANSPORT
        .map((path) => ({ path, headers: WITH_KEY }));
      const results = await callFromNode(port, way, requests);
      const crossed = [...submitted];
      const outcomes = results.map(({ status, text = "" }) =>
        status === 200 ? crossed.shift()?.target : JSON.parse(text).code
      );
      assert.deepEqual(outcomes, OUTCOMES);
    });
  });
}

Deno.test("over TLS an absolute form crosses or is refused as over plain HTTP", async () => {
  const crossing = ABSOLUTE_CROSSING.map(([target]) => target);
  const own = ["https://proxy/api/v10/gateway?x"];
  await withTls(async (port, { submitted }) => {
    for (const target of [...crossing, ...own]) {
      const { status } = await overTls(port, target);
      assert.equal(status, 200, target);
    }
    assert.deepEqual(submitted.map(({ target }) => target.path), [
      "/gateway",
      "/gateway",
      "/gateway",
    ]);
    for (const target of [...ABSOLUTE_REFUSED, "https://evil.example/x"]) {
      const { status } = await overTls(port, target);
      assert.equal(status, 400, target);
    }
    assert.equal(submitted.length, 3);
  });
});

async function overTls(port: number, target: string) {
  return await exchangeOver(
    await connectTls(port),
    `GET ${target} HTTP/1.1\r\nHost: proxy\r\nAuthorization: ${KEY}\r\n\r\n`,
  );
}

Deno.test("TLS offers HTTP/2 before HTTP/1.1, and serves who offers neither", async () => {
  await withTls(async (port) => {
    const chosen = async (...offered: string[]) => {
      using connection = await connectTls(port, offered);
      return (await connection.handshake()).alpnProtocol;
    };
    assert.equal(await chosen("http/1.1", "h2"), "h2");
    assert.equal(await chosen("http/1.1"), "http/1.1");
    assert.equal(await chosen(), null);
  });
});

for (const way of ["h2", "https"] as const) {
  Deno.test(`over ${way} a body crosses byte for byte, and so does the answer`, async () => {
    await withTls(async (port, bench) => {
      const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
      bench.answer = {
        status: 201,
        headers: [["content-type", "image/png"], ["x-ratelimit-limit", "5"]],
        body: bytes,
      };
      const [result] = await callFromNode(port, way, [{
        method: "POST",
        path: "/api/v10/channels/1/messages",
        headers: { ...WITH_KEY, "content-type": "application/json" },
        body: '{"content":"ü"}',
      }]);
      assert.equal(result?.status, 201);
      assert.equal(result?.headers?.["content-type"], "image/png");
      assert.equal(result?.headers?.["x-ratelimit-limit"], "5");
      assert.equal(result?.text, String.fromCharCode(...bytes));
      const [request] = bench.submitted;
      assert.equal(
        new TextDecoder().decode(request?.body),
        '{"content":"ü"}',
      );
    });
  });

  Deno.test(`over ${way} a caller without a key is refused as over plain HTTP`, async () => {
    await withTls(async (port) => {
      const [result] = await callFromNode(port, way, [{ path: "/users/@me" }]);
      assert.equal(result?.status, 401);
      assert.equal(result?.headers?.["x-rest-proxy"], "unauthorized");
    });
  });
}

Deno.test("500 requests at once over one HTTP/2 connection are all answered", async () => {
  await withTls(async (port, { submitted }) => {
    const requests = Array.from({ length: 500 }, (_, n) => ({
      path: `/users/${n}`,
      headers: WITH_KEY,
    }));
    const results = await callFromNode(port, "h2", requests, {
      isAtOnce: true,
    });
    assert.ok(results.every(({ status }) => status === 200));
    assert.equal(new Set(submitted.map(({ target }) => target.path)).size, 500);
  });
});

Deno.test("over HTTP/2 an authority that is not the Host is refused", async () => {
  await withTls(async (port, { submitted }) => {
    const [result] = await callFromNode(port, "h2", [{
      path: "/users/@me",
      headers: { ...WITH_KEY, ":authority": "evil.example", host: "proxy" },
    }]);
    assert.equal(JSON.parse(result?.text ?? "").code, "bad_path");
    assert.equal(submitted.length, 0);
  });
});

Deno.test("over HTTP/2 a fragment is refused as over plain HTTP", async () => {
  await withTls(async (port, { submitted }) => {
    const request = { path: "/users/@me#fragment", headers: WITH_KEY };
    const [result] = await callFromNode(port, "h2", [request]);
    assert.equal(JSON.parse(result?.text ?? "").code, "bad_path");
    assert.equal(submitted.length, 0);
  });
});
