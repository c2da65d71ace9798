import assert from "node:assert/strict";
import { readyRigOf, replyOf, type Rig } from "../_rig.ts";

Deno.test("a reply to a request of an earlier process is emitted as missed, with everything known about it", async () => {
  const rig = await readyRigOf({}, { resumed: true, redeliver: 1 });
  const missed: unknown[] = [];
  rig.client.on("missed", (reply) => void missed.push(reply));
  rig.socket.say(
    replyOf(
      { target: "/channels/9/messages", req: "a-1" },
      { status: 200, data: { id: "77" } },
      { seq: 42, meta: { redelivered: true, method: "ACTION", at: 1_790 } },
    ),
  );
  assert.deepEqual(missed, [{
    req: "a-1",
    target: "/channels/9/messages",
    status: 200,
    data: { id: "77" },
    method: "ACTION",
    answeredAtMs: 1_790,
    isTruncated: false,
  }]);
  await rig.client.close();
});

Deno.test("a live reply to a request of an earlier process is missed, too, and a truncated one says so", async () => {
  const rig = await readyRigOf({}, { resumed: true });
  const missed: Record<string, unknown>[] = [];
  rig.client.on("missed", (reply) => void missed.push({ ...reply }));
  rig.socket.say(
    replyOf({ target: "/x", req: 5 }, { status: 404, error: null }, {
      seq: 1,
      meta: { truncated: true },
    }),
  );
  assert.deepEqual(missed, [{
    req: 5,
    target: "/x",
    status: 404,
    error: null,
    method: undefined,
    answeredAtMs: undefined,
    isTruncated: true,
  }]);
  await rig.client.close();
});

Deno.test("a missed reply is acknowledged after its handler has returned, not before", async () => {
  const rig = await readyRigOf({}, { resumed: true, redeliver: 1 });
  const handler = Promise.withResolvers<void>();
  rig.client.on("missed", () => handler.promise);
  redeliver(rig, 1);
  await rig.clock.advance(10_000);
  assert.deepEqual(acksOf(rig), []);
  handler.resolve();
  await rig.clock.advance(200);
  assert.deepEqual(acksOf(rig), [{ seq: 1 }]);
  await rig.client.close();
});

Deno.test("replies to this process do not move the ack past a missed reply that is being handled", async () => {
  const rig = await readyRigOf({}, { resumed: true, redeliver: 1 });
  const handler = Promise.withResolvers<void>();
  rig.client.on("missed", () => handler.promise);
  redeliver(rig, 1);
  const done = rig.client.get("/x");
  rig.answer(rig.sent(), 1, { seq: 2 });
  await done;
  await rig.clock.advance(1_000);
  assert.deepEqual(acksOf(rig), []);
  assert.equal(rig.client.lastSeq, 0);
  handler.resolve();
  await rig.clock.advance(200);
  assert.deepEqual(acksOf(rig), [{ seq: 2 }]);
  await rig.client.close();
});

Deno.test("a missed reply that is being handled when the connection breaks is not handled twice", async () => {
  const rig = await readyRigOf({}, { resumed: true, redeliver: 1 });
  const handler = Promise.withResolvers<void>();
  let calls = 0;
  rig.client.on("missed", () => {
    calls += 1;
    return handler.promise;
  });
  redeliver(rig, 1);
  rig.socket.end();
  await rig.reconnect({ resumed: true, redeliver: 1, seq: 1 });
  redeliver(rig, 1);
  handler.resolve();
  await rig.clock.advance(200);
  assert.equal(calls, 1);
  assert.deepEqual(acksOf(rig), [{ seq: 1 }]);
  await rig.client.close();
});

Deno.test("missed replies are handled one after the other, in their order", async () => {
  const rig = await readyRigOf({}, { resumed: true, redeliver: 3 });
  const order: string[] = [];
  rig.client.on("missed", async ({ req }) => {
    order.push(`begin ${req}`);
    await undefined;
    order.push(`end ${req}`);
  });
  for (const seq of [1, 2, 3]) redeliver(rig, seq);
  await rig.clock.settle();
  assert.deepEqual(
    order,
    [1, 2, 3].flatMap((seq) => [`begin old-${seq}`, `end old-${seq}`]),
  );
  await rig.client.close();
});

Deno.test("a handler that fails becomes an error event, and its reply counts as handled", async () => {
  const rig = await readyRigOf({}, { resumed: true, redeliver: 1 });
  rig.client.on("missed", () => Promise.reject(new Error("database is away")));
  redeliver(rig, 1);
  await rig.clock.advance(200);
  assert.equal(String(rig.told("error")[0]?.[1]), "Error: database is away");
  assert.deepEqual(acksOf(rig), [{ seq: 1 }]);
  await rig.client.close();
});

Deno.test("a loop over missed acknowledges a reply when it asks for the next", async () => {
  const rig = await readyRigOf({}, { resumed: true, redeliver: 2 });
  const replies = rig.client.missed[Symbol.asyncIterator]();
  const first = replies.next();
  redeliver(rig, 1);
  redeliver(rig, 2);
  assert.equal((await first).value?.req, "old-1");
  await rig.clock.advance(1_000);
  assert.deepEqual(acksOf(rig), []);
  assert.equal((await replies.next()).value?.req, "old-2");
  await rig.clock.advance(200);
  assert.deepEqual(acksOf(rig), [{ seq: 1 }]);
  await rig.client.close();
  assert.ok((await replies.next()).done);
});

Deno.test("a loop that ends in the middle of a reply leaves the reply to the next loop", async () => {
  const rig = await readyRigOf({}, { resumed: true, redeliver: 1 });
  redeliver(rig, 1);
  for await (const { req } of rig.client.missed) {
    assert.equal(req, "old-1");
    break;
  }
  await rig.clock.advance(200);
  assert.deepEqual(acksOf(rig), []);
  const taken: unknown[] = [];
  rig.client.on("missed", ({ req }) => void taken.push(req));
  await rig.clock.advance(200);
  assert.deepEqual(taken, ["old-1"]);
  assert.deepEqual(acksOf(rig), [{ seq: 1 }]);
  await rig.client.close();
});

Deno.test("missed replies without a handler for 30 s are dropped with an error event, so that acks go on", async () => {
  const rig = await readyRigOf({}, { resumed: true, redeliver: 2 });
  redeliver(rig, 1);
  redeliver(rig, 2);
  await rig.clock.advance(19_000);
  rig.socket.say("PONG");
  await rig.clock.advance(10_999);
  assert.deepEqual(rig.told("error"), []);
  await rig.clock.advance(1);
  assert.equal(
    String(rig.told("error")[0]?.[1]),
    "Error: Dropped 2 missed replies: nothing listens to `missed`",
  );
  await rig.clock.advance(200);
  assert.deepEqual(acksOf(rig), [{ seq: 2 }]);
  await rig.client.close();
});

Deno.test("missed replies of a session that ended are not acknowledged in the next one", async () => {
  const rig = await readyRigOf({}, { resumed: true, redeliver: 1 });
  const handler = Promise.withResolvers<void>();
  rig.client.on("missed", () => handler.promise);
  redeliver(rig, 1);
  rig.socket.end();
  await rig.reconnect({ resumed: false, epoch: "e2" });
  handler.resolve();
  await rig.clock.advance(1_000);
  assert.deepEqual(acksOf(rig), []);
  await rig.client.close();
});

function redeliver(rig: Rig, seq: number): void {
  rig.socket.say(
    replyOf({ target: "/old", req: `old-${seq}` }, { status: 200, data: seq }, {
      seq,
      meta: { redelivered: true },
    }),
  );
}

function acksOf(rig: Rig): unknown[] {
  return rig.socket.control("ack").map(({ data }) => data);
}
