/** The client on real sockets, against a small server of the tests' own. */
import assert from "node:assert/strict";
import { RepClient, RepClosedError, RepError } from "../../client/mod.ts";
import { pretendDiscord, startRepServer } from "./_rep_server.ts";
import { startRelay } from "./_relay.ts";
import { failureOf } from "./_rig.ts";

/** Back-off is pinned elsewhere; here it would only take time. */
const AT_ONCE = { retryWaitMs: () => 1 };

Deno.test("requests, errors and files go over a real socket", async () => {
  await using server = startRepServer();
  await using client = new RepClient(server.url, { token: "key" });
  assert.deepEqual(await client.get("/users/@me"), {
    id: "1",
    username: "sluice",
  });
  assert.equal(await client.delete("/channels/9/messages/5"), null);
  const failure = await failureOf(
    client.action("/channels/9/messages", { data: { content: "" } }),
    RepError,
  );
  assert.equal(failure.code, 50006);
  const bytes = new Uint8Array(300_000).fill(7);
  const sent = await client.action<{ files: number[] }>(
    "/channels/9/messages",
    { data: { content: "log" }, files: [{ name: "a.bin", bytes }] },
  );
  assert.deepEqual(sent.files, [300_000]);
});

Deno.test("a refused key rejects ready with what the server said", async () => {
  await using server = startRepServer();
  await using client = new RepClient(server.url, { token: "wrong" });
  const failure = await failureOf(client.ready, RepClosedError);
  assert.equal(failure.closeCode, 4403);
  assert.match(failure.message, /Invalid authorization key\./);
});

Deno.test("the client tries again until the server is there", async () => {
  let port: number;
  {
    await using gone = startRepServer();
    port = Number(new URL(gone.url).port);
  }
  const causes: string[] = [];
  let url = `ws://127.0.0.1:${port}/rep`;
  await using client = new RepClient(() => url, { token: "key", ...AT_ONCE });
  const lost = Promise.withResolvers<void>();
  client.on("close", (_code, reason) => {
    causes.push(reason);
    lost.resolve();
  });
  const user = client.get("/users/@me");
  await lost.promise;
  await using server = startRepServer();
  url = server.url;
  assert.deepEqual(await user, { id: "1", username: "sluice" });
  assert.match(causes[0] ?? "", /connect/i);
});

Deno.test("a hundred requests cut off in the middle are executed once and answered once", async () => {
  let answered = 0;
  await using server = startRepServer(async (frame) => {
    await undefined;
    answered += 1;
    if (answered === 30 || answered === 60) relay.cut();
    return pretendDiscord(frame);
  });
  await using relay = startRelay(server.url);
  await using client = new RepClient(relay.url, {
    token: "key",
    session: "shard-0",
    ...AT_ONCE,
  });
  const contents = Array.from({ length: 100 }, (_, n) => `message ${n}`);
  const replies = await Promise.all(
    contents.map((content) =>
      client.action<{ content: string }>("/channels/9/messages", {
        data: { content },
      })
    ),
  );
  assert.deepEqual(replies.map(({ content }) => content), contents);
  const executed = server.executed.map(({ data }) =>
    (data as { content: string }).content
  );
  assert.deepEqual(executed, contents);
  assert.ok(server.connections >= 2);
});

Deno.test("a reply to an old process reaches the new one as missed, once", async () => {
  await using server = startRepServer();
  {
    // A process that dies: it never acknowledges and never says goodbye.
    const socket = new WebSocket(server.url, "rep.v1");
    await new Promise((resolve) => socket.onopen = resolve);
    const authRequest = { token: "key", ext: true, session: "shard-0" };
    socket.send(
      JSON.stringify({
        target: "/_rep/auth",
        method: "ACTION",
        data: authRequest,
      }),
    );
    const answered = new Promise<void>((resolve) => {
      socket.onmessage = ({ data }) => {
        if (String(data).includes('"seq"')) resolve();
      };
    });
    socket.send(JSON.stringify({
      target: "/channels/9/messages",
      method: "ACTION",
      data: { content: "from the old process" },
      req: "old-1",
    }));
    await answered;
    const closed = new Promise((resolve) => socket.onclose = resolve);
    socket.close();
    await closed;
  }
  await using client = new RepClient(server.url, {
    token: "key",
    session: "shard-0",
  });
  const info = await client.ready;
  assert.deepEqual([info.resumed, info.redeliver], [true, 1]);
  for await (const { req, data } of client.missed) {
    assert.equal(req, "old-1");
    assert.equal((data as { content: string }).content, "from the old process");
    break;
  }
});

Deno.test("of two clients in one session the first is closed and stays away", async () => {
  await using server = startRepServer();
  const options = { token: "key", session: "shard-0", ...AT_ONCE };
  await using first = new RepClient(server.url, options);
  await first.ready;
  const away = new Promise<unknown[]>((resolve) => {
    first.on("close", (...args) => resolve(args));
  });
  await using second = new RepClient(server.url, options);
  await second.ready;
  assert.deepEqual(await away, [4409, "taken over", false]);
  assert.equal(first.state, "closed");
  assert.deepEqual(await second.get("/users/@me"), {
    id: "1",
    username: "sluice",
  });
  assert.equal(server.connections, 2);
});

Deno.test("after a restart of the server a write sent before is of unknown outcome, not repeated", async () => {
  const stuck = Promise.withResolvers<void>();
  await using server = startRepServer(async (frame) => {
    if (frame.method === "ACTION") {
      server.restart();
      await stuck.promise;
    }
    return pretendDiscord(frame);
  });
  await using client = new RepClient(server.url, {
    token: "key",
    session: "shard-0",
    ...AT_ONCE,
  });
  const failure = await failureOf(
    client.action("/channels/9/messages", { data: { content: "x" } }),
    RepClosedError,
  );
  assert.equal(failure.sent, null);
  stuck.resolve();
  assert.deepEqual(await client.get("/users/@me"), {
    id: "1",
    username: "sluice",
  });
  const written = server.executed.filter(({ method }) => method === "ACTION");
  assert.equal(written.length, 1);
});
