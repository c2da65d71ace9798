import assert from "node:assert/strict";
import { guildsTold } from "../../../rest/dispatcher/sending/guilds_told.ts";

const READ = "GET /channels/{channel_id}";

Deno.test("guildsTold() tells the guild of a channel that was read", () => {
  assert.deepEqual(told(READ, { id: "11", guild_id: "1", name: "x" }), [
    ["11", "1"],
  ]);
});

Deno.test("guildsTold() tells those of a guild's channels and of its active threads", () => {
  const channels = [{ id: "11", guild_id: "1" }, { id: "12", guild_id: "1" }];
  const pairs = [["11", "1"], ["12", "1"]];
  assert.deepEqual(told("GET /guilds/{guild_id}/channels", channels), pairs);
  const active = { threads: channels, members: [] };
  assert.deepEqual(
    told("GET /guilds/{guild_id}/threads/active", active),
    pairs,
  );
});

for (
  const [what, label, body, status] of [
    ["a channel of no guild", READ, { id: "11", recipients: [] }, 200],
    ["an error", READ, { id: "11", guild_id: "1" }, 404],
    ["another route", "GET /users/@me", { id: "11", guild_id: "1" }, 200],
    ["ids that are no text", READ, { id: 11, guild_id: 1 }, 200],
    ["no object", READ, null, 200],
  ] as [string, string, unknown, number][]
) {
  Deno.test(`guildsTold() tells nothing of ${what}`, () => {
    assert.equal(told(label, body, status), undefined);
  });
}

Deno.test("guildsTold() tells nothing of a body that is no JSON", () => {
  const body = new Uint8Array([0x1f, 0x8b, 8]);
  const answer = { status: 200, headers: [], body };
  assert.equal(guildsTold(READ, answer), undefined);
});

function told(label: string, value: unknown, status = 200): unknown {
  const body = new TextEncoder().encode(JSON.stringify(value));
  return guildsTold(label, { status, headers: [], body });
}
