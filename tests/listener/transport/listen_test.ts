import assert from "node:assert/strict";
import type { HttpAnswer } from "../../../rest/listener/http/incoming_request.ts";
import { startListener } from "../../../rest/listener/transport/listen.ts";
import { exchange, headerIn, readResponse, writeAll } from "../_raw_http.ts";
import { servingOf, textAnswer } from "../_serve.ts";

const HOST = "127.0.0.1";
const OK = servingOf(() => Promise.resolve(textAnswer("ok")));

Deno.test("startListener() tells the address it got and serves there", async () => {
  const listener = await startListener({ ...OK, host: HOST, port: 0 });
  assert.equal(listener.address.hostname, HOST);
  const { body } = await exchange(
    listener.address.port,
    "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
  );
  assert.equal(body, "ok");
  await listener.shutdown();
});

Deno.test("a port that is taken is told in one sentence", async () => {
  const first = await startListener({ ...OK, host: HOST, port: 0 });
  const { port } = first.address;
  await assert.rejects(startListener({ ...OK, host: HOST, port }), {
    message:
      `Cannot listen on ${HOST}:${port}: something else listens there already; stop it or set REST_PORT`,
  });
  await first.shutdown();
});

Deno.test("an address that is not this machine's is told in one sentence", async () => {
  await assert.rejects(
    startListener({ ...OK, host: "192.0.2.1", port: 0 }),
    {
      message:
        "Cannot listen on 192.0.2.1:0: this machine has no such address; set REST_HOST",
    },
  );
});

Deno.test("shutdown() lets an answer under way finish", async () => {
  const { promise: answer, resolve } = Promise.withResolvers<HttpAnswer>();
  const { promise: isIn, resolve: enter } = Promise.withResolvers<void>();
  const serving = servingOf(() => {
    enter();
    return answer;
  });
  const listener = await startListener({ ...serving, host: HOST, port: 0 });
  const exchanged = exchange(
    listener.address.port,
    "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
  );
  await isIn;
  const shut = listener.shutdown();
  resolve(textAnswer("late"));
  assert.equal((await exchanged).body, "late");
  await shut;
});

Deno.test("after endKeepAlive() the next answer of every connection is its last, of those to come as well", async () => {
  const listener = await startListener({ ...OK, host: HOST, port: 0 });
  const at = { hostname: HOST, port: listener.address.port };
  const connection = await Deno.connect(at);
  const asked = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  await writeAll(connection, asked);
  const before = await readResponse(connection);
  assert.equal(headerIn(before, "connection"), "keep-alive");
  listener.endKeepAlive();
  const later = await Deno.connect(at);
  for (const open of [connection, later]) {
    await writeAll(open, asked);
    const response = await readResponse(open);
    assert.equal(response.body, "ok");
    assert.equal(headerIn(response, "connection"), "close");
    assert.equal(await open.read(new Uint8Array(1)), null);
    open.close();
  }
  await listener.shutdown();
});

Deno.test("after endKeepAlive() every request that was sent ahead is still answered", async () => {
  const listener = await startListener({ ...OK, host: HOST, port: 0 });
  const connection = await Deno.connect({
    hostname: HOST,
    port: listener.address.port,
  });
  listener.endKeepAlive();
  await writeAll(connection, "GET / HTTP/1.1\r\nHost: h\r\n\r\n".repeat(3));
  let text = "";
  for await (const bytes of connection.readable) {
    text += new TextDecoder().decode(bytes);
  }
  assert.equal(text.match(/HTTP\/1.1 200/g)?.length, 3);
  await listener.shutdown();
});
