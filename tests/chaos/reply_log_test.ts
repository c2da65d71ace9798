import assert from "node:assert/strict";
import {
  type NotedReply,
  readFrames,
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

Deno.test("what goes out and what is refused is noted between replies, and answers nothing", async () => {
  await withPath((path) => {
    const sent = { frame: "sent", number: 7 } as const;
    const refused = { frame: "refused", number: 7 } as const;
    {
      using log = ReplyLog.open(path);
      log.noteFrame(sent);
      log.note(SECOND);
      log.noteFrame(refused);
    }
    using log = ReplyLog.open(path);
    assert.ok(!log.has(7));
    assert.deepEqual(readReplies(path), [SECOND]);
    assert.deepEqual(readFrames(path), [sent, refused]);
  });
});
