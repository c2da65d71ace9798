import assert from "node:assert/strict";
import { createTcpServer, type Socket } from "../../../deps.ts";
import { openRedisLink } from "../../../rest/cluster/redis/link.ts";
import { Secret } from "../../../rest/domain/secret.ts";
import { SYSTEM_CLOCK } from "../../../rest/clock/system_clock.ts";

/** As much of Redis as a greeting and a PING want: +OK to the rest. */
function answer(socket: Socket): void {
  socket.on("data", (bytes) => {
    const words = bytes.toString().match(/^\*\d+/gm) ?? [];
    for (const _command of words) socket.write("+OK\r\n");
  });
}

Deno.test("a connection that is accepted and then says nothing is given up for another one", async () => {
  const sockets: Socket[] = [];
  const server = createTcpServer((socket) => {
    socket.on("error", () => {});
    sockets.push(socket);
    // The first one is accepted by a balancer with nobody behind it.
    if (sockets.length > 1) answer(socket);
  });
  await new Promise<void>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve())
  );
  const { port } = server.address() as { port: number };
  const url = new Secret(`redis://127.0.0.1:${port}`);
  const link = await openRedisLink(url, SYSTEM_CLOCK);
  await assert.rejects(link.call(["PING"]), {
    message: "no answer in 3000 ms",
  });
  while (await link.call(["PING"]).catch(() => undefined) !== "OK") {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  link.close();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});
