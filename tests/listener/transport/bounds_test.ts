import assert from "node:assert/strict";
import { startListener } from "../../../rest/listener/transport/listen.ts";
import { startTlsListener } from "../../../rest/listener/transport/listen_tls.ts";
import { connectTls, PAIR } from "../../tls/_callers.ts";
import { exchange, headerIn, readResponse, writeAll } from "../_raw_http.ts";
import { servingOf, textAnswer } from "../_serve.ts";

const HOST = "127.0.0.1";
const GET = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

type Change = NonNullable<Parameters<typeof servingOf>[1]>;

/** Real time passes here: the server's own clock cannot be turned. */
const SOON = { headTimeoutMs: 150, idleTimeoutMs: 150 };

async function open(change: Change = {}) {
  const options = {
    ...servingOf((request) => {
      return Promise.resolve(textAnswer(request.remoteAddress));
    }, change),
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
