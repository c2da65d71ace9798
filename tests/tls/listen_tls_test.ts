import assert from "node:assert/strict";
import { startListener } from "../../rest/listener/transport/listen.ts";
import {
  startTlsListener,
  type TlsListener,
} from "../../rest/listener/transport/listen_tls.ts";
import type { TlsPair } from "../../rest/domain/tls_pair.ts";
import { exchangeOver, readResponse, writeAll } from "../listener/_raw_http.ts";
import {
  callFromNode,
  certificateOn,
  connectTls,
  OTHER_PAIR,
  PAIR,
} from "./_callers.ts";

const HOST = "127.0.0.1";
const facts = () => {};
const ok = () => Promise.resolve(new Response("ok"));
const REQUEST = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

type Handler = Parameters<typeof startTlsListener>[1];

function start(handler: Handler = ok, pair: TlsPair = PAIR): TlsListener {
  return startTlsListener({ host: HOST, port: 0, facts, pair }, handler);
}

/** A handler whose answers wait until they are let go. */
function heldHandler() {
  const { promise: answer, resolve } = Promise.withResolvers<void>();
  const { promise: isIn, resolve: enter } = Promise.withResolvers<void>();
  return {
    isIn,
    letGo: resolve,
    async handler() {
      enter();
      await answer;
      return new Response("late");
    },
  };
}

/** A listener whose certificate was renewed while a request on this connection was under way. */
async function renewedUnderWay() {
  const { handler, isIn, letGo } = heldHandler();
  const listener = start(handler);
  const connection = await connectTls(listener.address.port);
  await writeAll(connection, REQUEST);
  await isIn;
  listener.renew(OTHER_PAIR);
  return { listener, connection, letGo };
}

Deno.test("startTlsListener() tells its address with https", async () => {
  const listener = start();
  const { port } = listener.address;
  assert.equal(listener.url, `https://127.0.0.1:${port}`);
  const { body } = await exchangeOver(await connectTls(port), REQUEST);
  assert.equal(body, "ok");
  await listener.shutdown();
  await listener.finished;
});

Deno.test("after renew() new connections see the new certificate", async () => {
  const listener = start();
  const { port } = listener.address;
  assert.equal(await certificateOn(port), "localhost");
  assert.ok(listener.renew(OTHER_PAIR));
  for (let count = 0; count < 20; count++) {
    assert.equal(await certificateOn(port), "elsewhere.example");
  }
  assert.equal(listener.address.port, port);
  await listener.shutdown();
});

Deno.test("renew() with the pair in use changes nothing", async () => {
  const listener = start();
  const connection = await connectTls(listener.address.port);
  assert.ok(!listener.renew({ ...PAIR }));
  assert.equal((await exchangeOver(connection, REQUEST)).body, "ok");
  await listener.shutdown();
});

Deno.test("a request under way while the certificate is renewed is answered", async () => {
  const { listener, connection, letGo } = await renewedUnderWay();
  letGo();
  assert.equal((await readResponse(connection)).body, "late");
  connection.close();
  await listener.shutdown();
});

Deno.test("a request of HTTP/2 under way while the certificate is renewed is answered", async () => {
  const { handler, isIn, letGo } = heldHandler();
  const listener = start(handler);
  const calling = callFromNode(listener.address.port, "h2", [{ path: "/" }]);
  await isIn;
  listener.renew(OTHER_PAIR);
  letGo();
  const [result] = await calling;
  assert.equal(result?.text, "late");
  await listener.shutdown();
});

Deno.test("the runtime closes WebSockets with 1001 when the certificate is renewed", async () => {
  const listener = start((request) => {
    return Promise.resolve(Deno.upgradeWebSocket(request).response);
  });
  const connection = await connectTls(listener.address.port);
  const nonce = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
  await writeAll(
    connection,
    `GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n${nonce}Sec-WebSocket-Version: 13\r\n\r\n`,
  );
  assert.equal((await readResponse(connection)).status, 101);
  listener.renew(OTHER_PAIR);
  const buffer = new Uint8Array(64);
  await connection.read(buffer);
  // A close frame, its length, and the code.
  assert.equal(buffer[0], 0x88);
  assert.equal((buffer[2] ?? 0) * 256 + (buffer[3] ?? 0), 1001);
  await writeAll(connection, "\x88\x80\0\0\0\0");
  connection.close();
  await listener.shutdown();
});

Deno.test("at no moment of 50 renewals is a connection refused", async () => {
  const listener = start();
  const { port } = listener.address;
  let isOver = false;
  let tries = 0;
  let refused = 0;
  const knocking = (async () => {
    while (!isOver) {
      try {
        (await Deno.connect({ hostname: HOST, port })).close();
      } catch (error) {
        // Reset: it stood in the former server's line, which the kernel empties.
        if (error instanceof Deno.errors.ConnectionRefused) refused++;
      }
      tries++;
    }
  })();
  for (let count = 0; count < 50; count++) {
    const before = tries;
    listener.renew(count % 2 === 0 ? OTHER_PAIR : PAIR);
    while (tries < before + 3) await new Promise((on) => setTimeout(on));
  }
  isOver = true;
  await knocking;
  assert.equal(refused, 0);
  await listener.shutdown();
});

Deno.test("a connection that waits for a request while the certificate is renewed is closed", async () => {
  const listener = start();
  using connection = await connectTls(listener.address.port);
  listener.renew(OTHER_PAIR);
  assert.equal(await connection.read(new Uint8Array(1)), null);
  await listener.shutdown();
});

Deno.test("shutdown() waits for what is under way on the former certificate too", async () => {
  const { listener, connection, letGo } = await renewedUnderWay();
  let isShut = false;
  const shutting = listener.shutdown().then(() => isShut = true);
  await new Promise((on) => setTimeout(on));
  assert.ok(!isShut);
  letGo();
  await readResponse(connection);
  connection.close();
  await shutting;
});

const FOREIGN_KEY =
  "Cannot speak TLS: the key in REST_TLS_KEY is not that of the certificate in REST_TLS_CERT";
const UNREADABLE =
  "Cannot speak TLS: REST_TLS_CERT or REST_TLS_KEY cannot be read; want PEM, no passphrase, no SHA-1";

const BAD_PAIRS: ReadonlyArray<readonly [TlsPair, string]> = [
  [{ cert: PAIR.cert, key: OTHER_PAIR.key }, FOREIGN_KEY],
  [{ cert: PAIR.cert, key: "no key" }, UNREADABLE],
  [{ cert: "no certificate", key: PAIR.key }, UNREADABLE],
  [{ cert: PAIR.key, key: PAIR.cert }, UNREADABLE],
  [{
    cert: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    key: PAIR.key,
  }, UNREADABLE],
];

for (const [at, [pair, message]] of BAD_PAIRS.entries()) {
  Deno.test(`bad pair ${at + 1} is told in one sentence at the start`, () => {
    assert.throws(() => start(ok, pair), { message });
  });

  Deno.test(`bad pair ${at + 1} leaves the certificate in use where it is`, async () => {
    const listener = start();
    const { port } = listener.address;
    using connection = await connectTls(port);
    assert.throws(() => listener.renew(pair), { message });
    await writeAll(connection, REQUEST);
    assert.equal((await readResponse(connection)).body, "ok");
    assert.equal(await certificateOn(port), "localhost");
    await listener.shutdown();
  });
}

Deno.test("a second proxy cannot share the port, with TLS or without", async () => {
  const first = start();
  const { port } = first.address;
  const message =
    `Cannot listen on ${HOST}:${port}: something else listens there already; stop it or set REST_PORT`;
  const options = { host: HOST, port, facts };
  assert.throws(() => startTlsListener({ ...options, pair: PAIR }, ok), {
    message,
  });
  assert.throws(() => startListener(options, ok), { message });
  await first.shutdown();
});

Deno.test("a port that a plain listener has is not taken by one with TLS", async () => {
  const first = startListener({ host: HOST, port: 0, facts }, ok);
  const { port } = first.address;
  assert.throws(
    () => startTlsListener({ host: HOST, port, facts, pair: PAIR }, ok),
    /something else listens there already/,
  );
  await first.shutdown();
});
