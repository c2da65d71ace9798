import assert from "node:assert/strict";
import { createTcpServer } from "../../deps.ts";
import { GatedDiscord } from "../conformance/_gated_discord.ts";
import { BOT, CHANNEL, get, post, until } from "./_calls.ts";
import { PEER_KEY, startCluster } from "./_cluster.ts";

/** A proxy that takes a request and dies over it, as often as it is asked. */
async function startDying(): Promise<
  AsyncDisposable & { readonly url: string; readonly heads: string[] }
> {
  const heads: string[] = [];
  const server = createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (bytes) => {
      heads.push(bytes.toString().split("\r\n\r\n")[0] ?? "");
      socket.destroy();
    });
  });
  await new Promise<void>((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve())
  );
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    heads,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

Deno.test("a message that an owner took with it is told as unknown, and is not sent by the next one", async () => {
  await using discord = new GatedDiscord();
  discord.open();
  await using dying = await startDying();
  await using cluster = await startCluster({ upstream: discord.url, count: 3 });
  const { table, proxies: [, door] } = cluster;
  assert.ok(door);
  table.urls[0] = dying.url;
  const response = await fetch(door.url + CHANNEL, post("lost?"));
  assert.equal(response.status, 408);
  assert.equal(response.headers.get("x-rest-proxy"), "outcome_unknown");
  assert.equal((await response.json()).sent, null);
  table.give(BOT, 2);
  assert.deepEqual(discord.calls, []);
});

Deno.test("what may be done twice is handed to the next owner when one dies over it", async () => {
  await using discord = new GatedDiscord();
  discord.open();
  await using dying = await startDying();
  await using cluster = await startCluster({ upstream: discord.url, count: 3 });
  const { table, proxies: [, door] } = cluster;
  assert.ok(door);
  table.urls[0] = dying.url;
  const answers = [
    fetch(door.url + "/api/v10/users/@me", get()),
    fetch(door.url + "/api/v10/channels/1/pins/2", {
      ...get(),
      method: "PUT",
    }),
    fetch(door.url + "/api/v10/channels/1/messages/9", {
      ...get(),
      method: "DELETE",
    }),
  ];
  await until(() => dying.heads.length >= 3);
  table.give(BOT, 2);
  for (const response of await Promise.all(answers)) {
    assert.equal(response.status, 200);
    await response.body?.cancel();
  }
  assert.equal(discord.calls.length, 3);
});

Deno.test("a message that no byte of has left goes to the next owner", async () => {
  await using discord = new GatedDiscord();
  discord.open();
  await using cluster = await startCluster({ upstream: discord.url, count: 3 });
  const { table, proxies: [, door] } = cluster;
  assert.ok(door);
  // Nobody listens there.
  table.urls[0] = "http://127.0.0.1:1";
  const answer = fetch(door.url + CHANNEL, post("kept"));
  table.give(BOT, 2);
  const response = await answer;
  assert.equal(response.status, 200);
  await response.body?.cancel();
  assert.equal(discord.calls.length, 1);
});

Deno.test("the port for peers answers nothing without the key of all peers", async () => {
  await using discord = new GatedDiscord();
  discord.open();
  await using cluster = await startCluster({ upstream: discord.url, count: 1 });
  const [owner] = cluster.proxies;
  assert.ok(owner);
  const shown: Record<string, string>[] = [
    {},
    { "x-rest-peer-key": "wrong" },
    { "x-rest-peer-key": PEER_KEY.slice(1) },
    { "x-rest-peer-key": `${PEER_KEY}, ${PEER_KEY}` },
  ];
  const paths = [CHANNEL, "/healthz", "/metrics", "/_peer/question", "/rep"];
  for (const headers of shown) {
    for (const path of paths) {
      const url = owner.peerUrl + path;
      const response: Response = await fetch(url, post("x", headers));
      assert.equal(response.status, 401, path);
      assert.equal((await response.json()).code, "unauthorized");
    }
  }
  assert.deepEqual(discord.calls, []);
});

Deno.test("what only a peer may say changes nothing on the port for callers", async () => {
  await using discord = new GatedDiscord();
  discord.open();
  await using cluster = await startCluster({ upstream: discord.url, count: 2 });
  const [owner, door] = cluster.proxies;
  assert.ok(owner && door);
  const said = {
    "x-rest-peer-key": PEER_KEY,
    "x-rest-peer-call": JSON.stringify({ caller: "somebody else", scope: "x" }),
  };
  const refused = await fetch(owner.url + CHANNEL, {
    ...post("x", said),
    headers: { ...said },
  });
  assert.equal(refused.status, 401);
  await refused.body?.cancel();
  for (const { url } of [owner, door]) {
    const response = await fetch(url + CHANNEL, post("x", said));
    assert.equal(response.status, 200);
    await response.body?.cancel();
  }
  const callers = owner.facts.flatMap((fact) =>
    fact.kind === "queued" ? [fact.caller] : []
  );
  assert.deepEqual(callers, ["default@127.0.0.1", "default@127.0.0.1"]);
});

Deno.test("a proxy whose peers' address leads back to itself says so", async () => {
  await using discord = new GatedDiscord();
  await using cluster = await startCluster({ upstream: discord.url, count: 2 });
  const { table, proxies: [, door] } = cluster;
  assert.ok(door);
  table.urls[0] = door.peerUrl;
  const response = await fetch(door.url + CHANNEL, post("mirror"));
  assert.equal(response.status, 502);
  assert.match((await response.json()).message, /leads back to this one/);
});

for (const isJournalShared of [true, false]) {
  const end = isJournalShared
    ? "is asked of the next one under the same key, where both share a journal"
    : "is told as unknown where the next one cannot know it";
  Deno.test(`a message with an Idempotency-Key that an owner took with it ${end}`, async () => {
    await using discord = new GatedDiscord();
    discord.open();
    await using dying = await startDying();
    await using cluster = await startCluster({
      upstream: discord.url,
      count: 3,
      isJournalShared,
    });
    const { table, proxies: [, door] } = cluster;
    assert.ok(door);
    table.urls[0] = dying.url;
    const key = { "idempotency-key": "the-same" };
    const answer = fetch(door.url + CHANNEL, post("named", key));
    await until(() => dying.heads.length >= 1);
    table.give(BOT, 2);
    const response = await answer;
    await response.body?.cancel();
    assert.equal(response.status, isJournalShared ? 200 : 408);
    assert.equal(discord.calls.length, isJournalShared ? 1 : 0);
  });
}
