import assert from "node:assert/strict";
import { createHttpServer, type HttpServer } from "../../../deps.ts";
import { tidyNotesOf } from "../../../rest/listener/transport/notes_on_heads.ts";
import { readResponse, writeAll } from "../_raw_http.ts";

const GET = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

/** What this runtime's server notes of its connections, where it keeps it. */
function notesOf(server: HttpServer): ReadonlyMap<object, { req: unknown }> {
  const place = Object.getOwnPropertySymbols(server)
    .find(({ description }) => description === "http.server.connections");
  assert.ok(place !== undefined);
  return Reflect.get(Reflect.get(server, place), "_active");
}

async function open() {
  let finished = Promise.withResolvers<void>();
  const server = createHttpServer((_request, response) => {
    response.on("finish", () => finished.resolve());
    response.end("ok");
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", () => listening.resolve());
  await listening.promise;
  const forget = tidyNotesOf(server);
  const closed = Promise.withResolvers<void>();
  server.on("connection", (socket) => {
    socket.on("close", () => {
      forget(socket);
      closed.resolve();
    });
  });
  const { port } = server.address() as { port: number };
  return {
    notes: notesOf(server),
    closed: closed.promise,
    async finished() {
      await finished.promise;
      finished = Promise.withResolvers<void>();
    },
    connect: () => Deno.connect({ hostname: "127.0.0.1", port }),
    async [Symbol.asyncDispose]() {
      const ended = Promise.withResolvers<void>();
      server.close(() => ended.resolve());
      await ended.promise;
    },
  };
}

Deno.test("a server's note of a request that is answered holds nothing of it, and stands in the same place for the next", async () => {
  await using server = await open();
  const connection = await server.connect();
  const seen: unknown[] = [];
  for (let turn = 0; turn < 3; turn++) {
    await writeAll(connection, GET);
    assert.equal((await readResponse(connection)).status, 200);
    await server.finished();
    const [note] = server.notes.values();
    assert.equal(note?.req, null);
    seen.push(note);
  }
  assert.equal(server.notes.size, 1);
  assert.ok(seen.every((note) => note === seen[0]));
  connection.close();
  await server.closed;
  assert.equal(server.notes.size, 0);
});
