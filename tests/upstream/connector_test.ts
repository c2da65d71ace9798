import assert from "node:assert/strict";
import { failureOf, requestOf, upstreamOf } from "./_builders.ts";
import { rawServerOf, replying } from "./_raw_server.ts";

/** The first bytes of a TLS connection to this host: what the client offers, in the clear. */
async function helloTo(hostname: string): Promise<string> {
  const hello = Promise.withResolvers<string>();
  const server = await rawServerOf(replying(200), {
    onConnection(socket) {
      socket.once("data", (data) => {
        hello.resolve(data.toString("latin1"));
        socket.destroy();
      });
      return true;
    },
  });
  const upstream = upstreamOf(`https://${hostname}:${server.port}/api`);
  await failureOf(upstream.send(requestOf()));
  await upstream.close();
  await server.close();
  return await hello.promise;
}

Deno.test("TLS offers HTTP/1.1 alone", async () => {
  const hello = await helloTo("localhost");
  assert.ok(hello.includes("\x08http/1.1"));
  assert.ok(!hello.includes("\x02h2"));
});

Deno.test("TLS asks for a host by its name, but not for an address", async () => {
  assert.ok((await helloTo("localhost")).includes("localhost"));
  assert.ok(!(await helloTo("127.0.0.1")).includes("127.0.0.1"));
});
