import assert from "node:assert/strict";
import { CHANNEL, get, post } from "./_calls.ts";
import { startCluster } from "./_cluster.ts";

const MIB = 1024 * 1024;

/** A Discord that says what it got, or answers with as much as is asked for. */
function startEcho(): { readonly url: string; close(): Promise<void> } {
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      if (request.method === "GET") {
        return new Response(new Uint8Array(8 * MIB).fill(7));
      }
      const { byteLength } = await request.arrayBuffer();
      return Response.json({ byteLength });
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/api`,
    close: () => server.shutdown(),
  };
}

Deno.test("an upload and a long answer pass a door whole", async () => {
  const discord = startEcho();
  {
    await using cluster = await startCluster({
      upstream: discord.url,
      count: 2,
    });
    const [, door] = cluster.proxies;
    assert.ok(door);
    const upload = await fetch(door.url + CHANNEL, {
      ...post(""),
      body: new Uint8Array(20 * MIB),
    });
    assert.deepEqual(await upload.json(), { byteLength: 20 * MIB });
    const long = await fetch(door.url + "/api/v10/guilds/1/members", get());
    const bytes = new Uint8Array(await long.arrayBuffer());
    assert.equal(bytes.length, 8 * MIB);
    assert.ok(bytes.every((byte) => byte === 7));
  }
  await discord.close();
});

Deno.test("a body that is too large for the owner is refused by it, with its own sentence", async () => {
  const discord = startEcho();
  {
    await using cluster = await startCluster({
      upstream: discord.url,
      count: 2,
      env: { REST_BODY_LIMIT_MIB: "1" },
    });
    const [, door] = cluster.proxies;
    assert.ok(door);
    const response = await fetch(door.url + CHANNEL, {
      ...post(""),
      body: new Uint8Array(2 * MIB),
    });
    assert.equal(response.status, 413);
    await response.body?.cancel();
  }
  await discord.close();
});
