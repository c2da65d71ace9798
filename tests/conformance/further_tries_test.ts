/** What further tries under one key take of the room for bodies, over real sockets. */
import assert from "node:assert/strict";
import { KEY, startTestProxy } from "../_proxy.ts";
import { GatedDiscord } from "./_gated_discord.ts";

const MIB = 1_048_576;

Deno.test("a large body that is sent again and again under its key takes no room from others", async () => {
  await using discord = new GatedDiscord();
  await using proxy = await startTestProxy({
    env: {
      REST_UPSTREAM: discord.url,
      REST_HELD_LIMIT_MIB: "8",
      REST_BODY_LIMIT_MIB: "3",
      REST_BODY_TIMEOUT_MS: "2000",
    },
  });
  const post = async (channel: number, headers: Record<string, string>) => {
    const response = await fetch(`${proxy.url}/channels/${channel}/messages`, {
      method: "POST",
      headers: { authorization: KEY, ...headers },
      body: new Uint8Array(2 * MIB),
    });
    await response.body?.cancel();
    return response.status;
  };
  const tries = [...Array(8).keys()].map(() =>
    post(1, { "idempotency-key": "upload" })
  );
  await discord.arrived(1);
  const other = post(2, {});
  await discord.arrived(2);
  discord.open();
  assert.deepEqual(await Promise.all(tries), Array(8).fill(200));
  assert.equal(await other, 200);
  assert.equal(discord.calls.length, 2);
});
