import assert from "node:assert/strict";
import { Conversation } from "../_conversation.ts";

Deno.test("sessions() tells of each its key, since when its client is here or away, and what it has to fetch, most first", () => {
  const talk = new Conversation();
  const quiet = talk.openSession("quiet", { keyName: "other" });
  const busy = talk.openSession("busy");
  talk.pass(1_000);
  for (const req of ["a", "b", "c"]) {
    busy.say({ target: `/a/${req}`, method: "ACTION", data: {}, req });
  }
  talk.answer(talk.last.id, 200, { secret: "content" });
  quiet.vanish();
  talk.pass(2_000);
  const rows = talk.machine.sessions(10, talk.moment);
  const { bytes = 0, identityId, ...first } = rows[0] ?? {};
  assert.deepEqual(first, {
    name: "busy",
    key: "main",
    isConnected: true,
    sinceMs: 3_000,
    unacked: 1,
    inFlight: 2,
  });
  assert.ok(bytes > 0 && identityId !== undefined);
  assert.deepEqual(
    rows.slice(1).map(({ name, key, isConnected, sinceMs }) => ({
      name,
      key,
      isConnected,
      sinceMs,
    })),
    [{ name: "quiet", key: "other", isConnected: false, sinceMs: 2_000 }],
  );
  assert.ok(!JSON.stringify(rows).includes("content"));
  assert.deepEqual(
    talk.machine.sessions(1, talk.moment).map(({ name }) => name),
    ["busy"],
  );
});
