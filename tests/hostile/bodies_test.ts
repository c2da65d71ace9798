import assert from "node:assert/strict";
import { KEY } from "../_proxy.ts";
import { say, startHostileUpstream } from "./_hostile_upstream.ts";
import { startSimStand, startStand } from "./_stand.ts";
import { bytesOf, Wire } from "./_wire.ts";

const MIB = 1024 * 1024;

function postOf(length: number, more = ""): string {
  return `POST /api/v10/channels/1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: ${KEY}\r\n` +
    `Content-Length: ${length}\r\n\r\n${more}`;
}

Deno.test("a body that trickles is not waited for longer than a silent one", async () => {
  await using stand = await startSimStand();
  using wire = await Wire.open(stand.port);
  await wire.send(postOf(100_000, "x"));
  const late = stand.clock.leapOver(60_000);
  await wire.send("xxx");
  await late;
  await wire.read(1);
  assert.equal(wire.responses[0]?.headers.get("x-rest-proxy"), "body_timeout");
  await stand.assertUnharmed();
});

/** What fits into 1 MiB where a quarter is kept for callers without a key, and one for small bodies and callbacks. */
const WHOLE = MIB / 2;

Deno.test("bodies that stop half-way give their room back: a whole one fits after a thousand of them", async () => {
  await using stand = await startSimStand({
    REST_BODY_LIMIT_MIB: "1",
    REST_HELD_LIMIT_MIB: "1",
  });
  for (let n = 0; n < 1_000; n++) {
    using wire = await Wire.open(stand.port);
    await wire.send(postOf(WHOLE, "x".repeat(100)));
  }
  using wire = await Wire.open(stand.port);
  await wire.send(postOf(WHOLE, "x".repeat(WHOLE)));
  await wire.read(1);
  assert.equal(wire.responses[0]?.status, 200);
  await stand.assertUnharmed();
});

Deno.test("a caller that does not read a large answer makes its upstream wait, not the memory grow", async () => {
  let saidBytes = 0;
  const isStuck = Promise.withResolvers<void>();
  await using upstream = startHostileUpstream(async (socket) => {
    await say(
      socket,
      `HTTP/1.1 200 OK\r\nContent-Length: ${256 * MIB}\r\n\r\n`,
    );
    for (; saidBytes < 256 * MIB; saidBytes += MIB) {
      // A mebibyte crosses loopback in a millisecond: after so long it does not.
      const stuck = setTimeout(() => isStuck.resolve(), 500);
      await say(socket, new Uint8Array(MIB)).finally(() => clearTimeout(stuck));
    }
  });
  await using stand = await startStand(upstream.url);
  const wire = await Wire.open(stand.port);
  await wire.send(postOf(2, "{}"));
  await isStuck.promise;
  wire[Symbol.dispose]();
  assert.ok(saidBytes <= 32 * MIB, `${saidBytes} bytes were taken`);
  await stand.assertUnharmed();
});

Deno.test("an answer without an end ends when its caller leaves", async () => {
  const left = Promise.withResolvers<void>();
  const chunk = bytesOf(`10000\r\n${"x".repeat(65_536)}\r\n`);
  await using upstream = startHostileUpstream(async (socket) => {
    await say(socket, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    try {
      for (;;) await say(socket, chunk);
    } finally {
      left.resolve();
    }
  });
  await using stand = await startStand(upstream.url);
  const wire = await Wire.open(stand.port);
  await wire.send(postOf(2, "{}"));
  await wire.readSome(10 * MIB);
  wire[Symbol.dispose]();
  await left.promise;
  await stand.assertUnharmed();
});
