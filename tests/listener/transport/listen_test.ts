import assert from "node:assert/strict";
import { startListener } from "../../../rest/listener/transport/listen.ts";
import { exchange } from "../_raw_http.ts";

const HOST = "127.0.0.1";
const facts = () => {};
const ok = () => Promise.resolve(new Response("ok"));

Deno.test("startListener() tells the address it got and serves there", async () => {
  const listener = startListener({ host: HOST, port: 0, facts }, ok);
  assert.equal(listener.address.hostname, HOST);
  const { body } = await exchange(
    listener.address.port,
    "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
  );
  assert.equal(body, "ok");
  await listener.shutdown();
  await listener.finished;
});

Deno.test("a port that is taken is told in one sentence", async () => {
  const first = startListener({ host: HOST, port: 0, facts }, ok);
  const { port } = first.address;
  assert.throws(() => startListener({ host: HOST, port, facts }, ok), {
    message:
      `Cannot listen on ${HOST}:${port}: something else listens there already; stop it or set REST_PORT`,
  });
  await first.shutdown();
});

Deno.test("an address that is not this machine's is told in one sentence", () => {
  assert.throws(
    () => startListener({ host: "192.0.2.1", port: 0, facts }, ok),
    {
      message:
        "Cannot listen on 192.0.2.1:0: this machine has no such address; set REST_HOST",
    },
  );
});

Deno.test("shutdown() lets an answer under way finish", async () => {
  const { promise: answer, resolve } = Promise.withResolvers<Response>();
  const { promise: isIn, resolve: enter } = Promise.withResolvers<void>();
  const listener = startListener({ host: HOST, port: 0, facts }, () => {
    enter();
    return answer;
  });
  const exchanged = exchange(
    listener.address.port,
    "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
  );
  await isIn;
  const shut = listener.shutdown();
  resolve(new Response("late"));
  assert.equal((await exchanged).body, "late");
  await shut;
});
