import assert from "node:assert/strict";
import {
  type NotedReply,
  readReplies,
  ReplyLog,
} from "../../tools/chaos/reply_log.ts";

async function withPath(act: (path: string) => void): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    act(path);
  } finally {
    await Deno.remove(path);
  }
}

const FIRST: NotedReply = {
  number: 7,
  status: 200,
  id: "1",
  wasMissed: false,
};
const SECOND: NotedReply = {
  number: 8,
  status: 404,
  id: null,
  wasMissed: true,
};

Deno.test("ReplyLog knows in a later life what an earlier one noted", async () => {
  await withPath((path) => {
    {
      using log = ReplyLog.open(path);
      log.note(FIRST);
    }
    using log = ReplyLog.open(path);
    assert.ok(log.has(7));
    assert.ok(!log.has(8));
    log.note(SECOND);
    assert.ok(log.has(8));
    assert.deepEqual(readReplies(path), [FIRST, SECOND]);
  });
});

Deno.test("ReplyLog.note() is on disk before it returns", async () => {
  await withPath((path) => {
    using log = ReplyLog.open(path);
    log.note(FIRST);
    assert.deepEqual(readReplies(path), [FIRST]);
  });
});
