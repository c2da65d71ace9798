import assert from "node:assert/strict";
import { startListener } from "../../rest/listener/transport/listen.ts";
import {
  startTlsListener,
  type TlsListener,
} from "../../rest/listener/transport/listen_tls.ts";
import type { TlsPair } from "../../rest/domain/tls_pair.ts";
import type {
  HttpHandler,
  OpenSocket,
  UpgradeHandler,
} from "../../rest/listener/http/incoming_request.ts";
import { exchangeOver, readResponse, writeAll } from "../listener/_raw_http.ts";
import {
  DATA,
  END_HEADERS,
  END_STREAM,
  fieldBlock,
  frame,
  GOAWAY,
  HEADERS,
  PREFACE,
} from "../hostile/_http2.ts";
import { endpointOf, servingOf, textAnswer } from "../listener/_serve.ts";
import {
  callFromNode,
  certificateOn,
  connectTls,
  OTHER_PAIR,
  PAIR,
} from "./_callers.ts";

const HOST = "127.0.0.1";
const ok: HttpHandler = () => Promise.resolve(textAnswer("ok"));
const REQUEST = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

function start(handler: HttpHandler = ok, pair: TlsPair = PAIR): TlsListener {
  return startTlsListener({
    ...servingOf(handler),
    host: HOST,
    port: 0,
    pair,
  });
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
      return textAnswer("late");
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

Deno.test("a WebSocket stays open when the certificate is renewed", async () => {
  const messages: unknown[] = [];
  const upgrade: UpgradeHandler = () => ({
    protocol: undefined,
    listener: {
      opened: (socket) => void (messages.push(socket), socket.trust()),
      received(message) {
        (messages[0] as OpenSocket).send(`heard ${message}`);
      },
      closed: () => {},
    },
  });
  const listener = startTlsListener({
    ...servingOf(endpointOf(ok, upgrade)),
    host: HOST,
    port: 0,
    pair: PAIR,
  });
  const connection = await connectTls(listener.address.port);
  const nonce = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
  await writeAll(
    connection,
    `GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n${nonce}Sec-WebSocket-Version: 13\r\n\r\n`,
  );
  assert.equal((await readResponse(connection)).status, 101);
  listener.renew(OTHER_PAIR);
  assert.equal(await certificateOn(listener.address.port), "elsewhere.example");
  // A text frame of two letters, masked with zeros.
  await writeAll(connection, "\x81\x82\0\0\0\0hi");
  const buffer = new Uint8Array(64);
  const count = await connection.read(buffer) ?? 0;
  assert.equal(new TextDecoder().decode(buffer.subarray(2, count)), "heard hi");
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

Deno.test("a connection that waits for a request while the certificate is renewed is answered when it asks", async () => {
  const listener = start();
  const connection = await connectTls(listener.address.port);
  listener.renew(OTHER_PAIR);
  assert.equal((await exchangeOver(connection, REQUEST)).body, "ok");
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
  const options = { ...servingOf(ok), host: HOST, port };
  assert.throws(() => startTlsListener({ ...options, pair: PAIR }), {
    message,
  });
  await assert.rejects(startListener(options), { message });
  await first.shutdown();
});

Deno.test("a port that a plain listener has is not taken by one with TLS", async () => {
  const first = await startListener({ ...servingOf(ok), host: HOST, port: 0 });
  const { port } = first.address;
  assert.throws(
    () => startTlsListener({ ...servingOf(ok), host: HOST, port, pair: PAIR }),
    /something else listens there already/,
  );
  await first.shutdown();
});

Deno.test("after endKeepAlive() a connection of HTTP/2 is told GOAWAY, and what was asked is answered", async () => {
  const { handler, isIn, letGo } = heldHandler();
  const listener = start(handler);
  const connection = await connectTls(listener.address.port, ["h2"]);
  const fields = fieldBlock([
    [":method", "GET"],
    [":scheme", "https"],
    [":authority", "proxy"],
    [":path", "/x"],
  ]);
  await writeAll(
    connection,
    PREFACE + frame(HEADERS, END_HEADERS | END_STREAM, 1, fields),
  );
  await isIn;
  listener.endKeepAlive();
  letGo();
  const types = frameTypesIn(await readToEnd(connection));
  const [goaway, data] = [types.indexOf(GOAWAY), types.indexOf(DATA)];
  assert.ok(goaway >= 0 && goaway < data, `types of frames: ${types}`);
  await listener.shutdown();
});

async function readToEnd(connection: Deno.Conn): Promise<Uint8Array> {
  return new Uint8Array(await new Response(connection.readable).arrayBuffer());
}

/** RFC 9113, 4.1: three bytes of length, one of type, five more, and the payload. */
function frameTypesIn(bytes: Uint8Array): number[] {
  const types: number[] = [];
  for (let at = 0; at + 9 <= bytes.length;) {
    const [high = 0, middle = 0, low = 0, type = 0] = bytes.subarray(at);
    types.push(type);
    at += 9 + high * 65_536 + middle * 256 + low;
  }
  return types;
}
