/** A request that waited for its connection until it was not to be sent any more. */
import assert from "node:assert/strict";
import type { Socket } from "../../deps.ts";
import { aboutOf, between, failureOf, requestOf, textOf } from "./_builders.ts";
import { startConnectProxy } from "./_connect_proxy.ts";
import { replying } from "./_raw_server.ts";

const ok = replying(200, [], "{}");
const HELD = { code: "HELD_BACK", isTimeout: false, mayHaveArrived: false };

for (const isTls of [false, true]) {
  const kind = isTls ? "TLS" : "plain";
  Deno.test(`a slow way to a ${kind} connection that outlives the right to send sends nothing, and the connection serves the next one`, async () => {
    const asked = Promise.withResolvers<void>();
    const opened = Promise.withResolvers<void>();
    await using slow = await startConnectProxy({
      onConnect: () => {
        asked.resolve();
        return opened.promise;
      },
    });
    await between(ok, async (upstream, server) => {
      let mayLeave = true;
      const sending = failureOf(
        upstream.send(requestOf({ method: "POST" }), () => mayLeave),
      );
      // The socket is open, and whoever is in between takes its time.
      await asked.promise;
      mayLeave = false;
      opened.resolve();
      assert.deepEqual(aboutOf(await sending), HELD);
      assert.equal(await textOf(await upstream.send(requestOf())), "{}");
      const lines = server.requests.map(({ line }) => line);
      assert.deepEqual(lines, ["GET /api/v10/gateway HTTP/1.1"]);
      assert.equal(server.opened, 1);
    }, { isTls, outboundProxy: slow.proxy });
  });
}

Deno.test("a request that waited behind another one until it was not to be sent any more sends nothing", async () => {
  const held: Socket[] = [];
  await between(
    (_request, socket) => void held.push(socket),
    async (upstream, server) => {
      const first = upstream.send(requestOf());
      await server.arrived(1);
      let mayLeave = true;
      const second = failureOf(
        upstream.send(requestOf({ method: "POST" }), () => mayLeave),
      );
      mayLeave = false;
      for (const socket of held) {
        ok({ head: "", line: "", body: "", ordinal: 1 }, socket);
      }
      await first;
      assert.deepEqual(aboutOf(await second), HELD);
      assert.equal(server.requests.length, 1);
    },
    { connectionsMax: 1 },
  );
});
