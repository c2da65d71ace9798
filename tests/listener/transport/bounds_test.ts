import assert from "node:assert/strict";
import { startListener } from "../../../rest/listener/transport/listen.ts";
import { startTlsListener } from "../../../rest/listener/transport/listen_tls.ts";
import type {
  HttpAnswer,
  HttpHandler,
} from "../../../rest/listener/http/incoming_request.ts";
import { createManualClock } from "../../_manual_clock.ts";
import { connectTls, PAIR } from "../../tls/_callers.ts";
import { exchange, headerIn, readResponse, writeAll } from "../_raw_http.ts";
import { servingOf, textAnswer } from "../_serve.ts";

const HOST = "127.0.0.1";
const GET = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

type Change = NonNullable<Parameters<typeof servingOf>[1]>;

/** Real time passes here: the server's own clock cannot be turned. */
const SOON = { headTimeoutMs: 500, idleTimeoutMs: 500 };

async function open(
  change: Change = {},
  handle: HttpHandler = ({ remoteAddress }) =>
    Promise.resolve(textAnswer(remoteAddress)),
) {
  const options = {
    ...servingOf(handle, change),
    host: HOST,
    port: 0,
  };
  const plain = await startListener(options);
  const secure = startTlsListener({ ...options, pair: PAIR });
  return {
    port: plain.address.port,
    securePort: secure.address.port,
    tcp: () => Deno.connect({ hostname: HOST, port: plain.address.port }),
    tls: () => connectTls(secure.address.port),
    beforeTls: () =>
      Deno.connect({ hostname: HOST, port: secure.address.port }),
    async [Symbol.asyncDispose]() {
      await plain.shutdown();
      await secure.shutdown();
    },
  };
}

async function isClosedByUs(connection: Deno.Conn): Promise<boolean> {
  const buffer = new Uint8Array(1_000);
  try {
    while (await connection.read(buffer) !== null);
  } catch {
    // Reset, or without TLS's goodbye: closed all the same.
  }
  return true;
}

const MIB = 1024 * 1024;

/** Sends until nothing has been taken for a while, or 64 MiB have; returns how many bytes were. */
async function sendUntilHeldUp(connection: Deno.Conn): Promise<number> {
  const piece = new Uint8Array(64 * 1024);
  let sentBytes = 0;
  while (sentBytes < 64 * MIB) {
    const { promise: heldUp, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(resolve, 500, undefined);
    const writing = connection.write(piece).catch(() => undefined);
    const count = await Promise.race([writing, heldUp]);
    clearTimeout(timer);
    if (count === undefined) break;
    sentBytes += count;
  }
  return sentBytes;
}

for (const way of ["tcp", "tls"] as const) {
  Deno.test(`over ${way} half a head is answered 408 in time, and the connection closed`, async () => {
    await using server = await open(SOON);
    const connection = await server[way]();
    await writeAll(connection, "GET / HTTP/1.1\r\nHost: h\r\nX-A: ");
    const answer = await readResponse(connection);
    assert.equal(answer.status, 408);
    assert.equal(headerIn(answer, "x-rest-proxy"), "head_timeout");
    assert.ok(await isClosedByUs(connection));
    connection.close();
  });

  Deno.test(`over ${way} a connection that says nothing is closed`, async () => {
    await using server = await open(SOON);
    const connection = await server[way]();
    assert.ok(await isClosedByUs(connection));
    connection.close();
  });

  Deno.test(`over ${way} a caller whose body nobody reads is held up`, async () => {
    const { promise: answer, resolve } = Promise.withResolvers<HttpAnswer>();
    await using server = await open({}, () => answer);
    const connection = await server[way]();
    await writeAll(
      connection,
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n",
    );
    const sentBytes = await sendUntilHeldUp(connection);
    assert.ok(sentBytes < 24 * MIB, `${sentBytes} bytes were taken`);
    resolve(textAnswer("not read"));
    connection.close();
  });

  Deno.test(`over ${way} half a head behind an answered request is answered 408, too`, async () => {
    await using server = await open({ ...SOON, idleTimeoutMs: 60_000 });
    const connection = await server[way]();
    await writeAll(connection, GET);
    assert.equal((await readResponse(connection)).status, 200);
    await writeAll(connection, "GET / HT");
    const answer = await readResponse(connection);
    assert.equal(headerIn(answer, "x-rest-proxy"), "head_timeout");
    connection.close();
  });
}

/** What stands for a handshake that does not come. */
const UNFINISHED = {
  "nothing at all": "",
  // A record of 512 bytes that begins a ClientHello, and ends there.
  "the beginning of one": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
  "no TLS": GET,
};

for (const [what, bytes] of Object.entries(UNFINISHED)) {
  Deno.test(`where a TLS handshake is wanted and ${what} comes, the connection is ended`, async () => {
    await using server = await open(SOON);
    const connection = await server.beforeTls();
    await writeAll(connection, bytes);
    assert.ok(await isClosedByUs(connection));
    connection.close();
  });
}

Deno.test("connections that have not shaken hands count, until they are ended", async () => {
  await using server = await open({
    headTimeoutMs: 1_000,
    connectionLimit: 20,
  });
  const silent = [];
  for (let count = 0; count < 20; count++) {
    silent.push(await server.beforeTls());
  }
  const more = await server.beforeTls();
  assert.ok(await isClosedByUs(more), "one more than there may be");
  for (const connection of silent) assert.ok(await isClosedByUs(connection));
  const connection = await server.tls();
  await writeAll(connection, GET);
  assert.equal((await readResponse(connection)).status, 200);
  for (const each of [...silent, more, connection]) each.close();
});

Deno.test("who says no more amid a TLS handshake is let go of at once, not at the end of its time", async () => {
  for (const bytes of Object.values(UNFINISHED)) {
    await using server = await open({ headTimeoutMs: 60_000 });
    const connection = await server.beforeTls();
    await writeAll(connection, bytes);
    await connection.closeWrite();
    assert.ok(await isClosedByUs(connection), JSON.stringify(bytes));
    connection.close();
  }
});

Deno.test("shutdown() does not wait for handshakes that do not come", async () => {
  const server = await open();
  const connection = await server.beforeTls();
  await server[Symbol.asyncDispose]();
  assert.ok(await isClosedByUs(connection));
  connection.close();
});

for (const way of ["tcp", "tls"] as const) {
  Deno.test(`over ${way} a connection is ended when nobody has asked anything on it for the idle time, and not before`, async () => {
    const clock = createManualClock();
    const answer = Promise.withResolvers<HttpAnswer>();
    await using server = await open(
      { clock, idleTimeoutMs: 5_000 },
      ({ target }) =>
        target === "/slow" ? answer.promise : Promise.resolve(textAnswer("ok")),
    );
    const connection = await server[way]();
    await writeAll(connection, GET);
    const first = await readResponse(connection);
    assert.equal(headerIn(first, "keep-alive"), "timeout=5");
    await clock.advance(4_999);
    await writeAll(connection, "GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
    await new Promise((resolve) => setTimeout(resolve, 20));
    await clock.advance(60_000);
    answer.resolve(textAnswer("slow"));
    assert.equal((await readResponse(connection)).body, "slow");
    await new Promise((resolve) => setTimeout(resolve, 20));
    await clock.advance(4_999);
    await writeAll(connection, GET);
    assert.equal((await readResponse(connection)).body, "ok");
    await new Promise((resolve) => setTimeout(resolve, 20));
    await clock.advance(5_000);
    assert.ok(await isClosedByUs(connection));
    connection.close();
  });
}

Deno.test("an HTTP/2 connection on which nothing is asked is ended", async () => {
  await using server = await open(SOON);
  const connection = await connectTls(server.securePort, ["h2"]);
  await writeAll(
    connection,
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
  );
  assert.ok(await isClosedByUs(connection));
  connection.close();
});

for (const bound of ["connectionLimit", "addressConnectionLimit"] as const) {
  Deno.test(`one connection more than ${bound} gets a signed 503, and there is room again when one has gone`, async () => {
    await using server = await open({ [bound]: 2 });
    const first = await server.tcp();
    const second = await server.tcp();
    for (const connection of [first, second]) {
      await writeAll(connection, GET);
      assert.equal((await readResponse(connection)).status, 200);
    }
    const refused = await exchange(server.port, "");
    assert.equal(refused.status, 503);
    assert.equal(headerIn(refused, "x-rest-proxy"), "too_many");
    first.close();
    let answer = await exchange(server.port, GET).catch(() => refused);
    // The server hears of the end in a turn of its own.
    for (let turn = 0; turn < 100 && answer.status === 503; turn++) {
      answer = await exchange(server.port, GET).catch(() => refused);
    }
    assert.equal(answer.status, 200);
    second.close();
  });
}

Deno.test("a trusted proxy is not bound by its address, and says where a caller is", async () => {
  await using server = await open({
    addressConnectionLimit: 1,
    trustedProxies: ["127.0.0.0/8", "10.0.0.0/8"],
  });
  const all = [];
  for (let count = 0; count < 3; count++) all.push(await server.tcp());
  const [connection] = all;
  assert.ok(connection);
  await writeAll(
    connection,
    "GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 6.6.6.6, 203.0.113.7, 10.1.2.3\r\n\r\n",
  );
  // The last that none of ours stands for: what is before it anybody may have written.
  assert.equal((await readResponse(connection)).body, "203.0.113.7");
  for (const each of all) each.close();
});

Deno.test("nobody else is believed in X-Forwarded-For", async () => {
  await using server = await open();
  const { body } = await exchange(
    server.port,
    "GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n",
  );
  assert.equal(body, "127.0.0.1");
});
