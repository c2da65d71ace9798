import assert from "node:assert/strict";
import type { Method } from "../../rest/domain/request.ts";
import { between, failureOf, requestOf } from "./_builders.ts";
import { type Reply, replying } from "./_raw_server.ts";

const ok = replying(200, [], "{}");

const SENT: readonly (readonly [Method, string])[] = [
  ["POST", '{"content":"once"}'],
  ["POST", ""],
  ["PATCH", "{}"],
  ["PUT", ""],
  ["DELETE", ""],
  ["GET", ""],
];

/** The first request of a connection is answered; the second is read, and no more. */
function closingOnTheSecond(end: "closes" | "resets"): Reply {
  return (request, socket) => {
    if (request.ordinal === 1) ok(request, socket);
    else if (end === "closes") socket.end();
    else socket.resetAndDestroy();
  };
}

for (const over of ["TCP", "TLS"] as const) {
  for (const end of ["closes", "resets"] as const) {
    Deno.test(`what was read on a reused ${over} connection that then ${end} arrived once`, async () => {
      for (const [method, text] of SENT) {
        await between(closingOnTheSecond(end), async (upstream, server) => {
          await upstream.send(requestOf({ path: "/before" }));
          const failure = await failureOf(
            upstream.send(requestOf({ method, text })),
          );
          assert.ok(failure.mayHaveArrived && !failure.isTimeout);
          // Whatever would come again has the time of a whole exchange.
          await upstream.send(requestOf({ path: "/after" }));
          assert.deepEqual(server.requests.map(({ line }) => line), [
            "GET /api/v10/before HTTP/1.1",
            `${method} /api/v10/gateway HTTP/1.1`,
            "GET /api/v10/after HTTP/1.1",
          ]);
          assert.equal(server.opened, 2);
        }, { isTls: over === "TLS" });
      }
    });
  }
}

Deno.test("a connection closed while idle costs no request", async () => {
  await between((request, socket) => {
    ok(request, socket);
    socket.end();
  }, async (upstream, server) => {
    for (let count = 0; count < 5; count++) {
      await upstream.send(requestOf({ method: "POST", text: "{}" }));
      await server.idle();
    }
    assert.equal(server.requests.length, 5);
  });
});

Deno.test("a 5xx, a 429 and a redirect are handed back after one request", async () => {
  for (const status of [301, 302, 307, 308, 429, 500, 502, 503]) {
    const reply = replying(status, ["Location: /api/v10/other"], "x");
    await between(reply, async (upstream, server) => {
      const answer = await upstream.send(
        requestOf({ method: "POST", text: "{}" }),
      );
      assert.equal(answer.status, status);
      assert.deepEqual(answer.headers[0], ["location", "/api/v10/other"]);
      assert.equal(server.requests.length, 1);
    });
  }
});
