import assert from "node:assert/strict";
import { RepClient, RepClosedError } from "../../../client/mod.ts";
import { FakeSocket } from "../_fake_socket.ts";
import { failureOf, readyRigOf, replyOf, type Rig } from "../_rig.ts";

Deno.test("I2: after a resume the requests sent before are sent again, in order, and answered once", async () => {
  const rig = await readyRigOf();
  const done = [1, 2, 3].map((n) => rig.client.action(`/${n}`, { data: n }));
  const before = rig.socket.requests;
  rig.answer(rig.sent(1), "two");
  rig.socket.end();
  assert.equal(rig.client.inFlight, 0);
  await rig.reconnect();
  assert.deepEqual(rig.socket.requests, [before[0], before[2]]);
  rig.answer(rig.sent(0), "one");
  rig.answer(rig.sent(1), "three");
  assert.deepEqual(await Promise.all(done), ["one", "two", "three"]);
  await rig.client.close();
});

Deno.test("B12: a proxy that was restarted and kept the session is sent what it has not answered, as after any resume", async () => {
  const rig = await readyRigOf();
  const done = rig.client.action("/1", { data: 1 });
  const [before] = rig.socket.requests;
  rig.socket.end();
  await rig.reconnect({ resumed: true, epoch: "another", durable: true });
  assert.deepEqual(rig.socket.requests, [before]);
  rig.answer(rig.sent(), "one");
  assert.equal(await done, "one");
  await rig.client.close();
});

Deno.test("requests made while the connection is lost follow those sent before", async () => {
  const rig = await readyRigOf();
  const first = rig.client.action("/first");
  rig.socket.end();
  const second = rig.client.action("/second");
  await rig.reconnect();
  assert.deepEqual(rig.socket.requests.map(({ target }) => target), [
    "/first",
    "/second",
  ]);
  rig.answer(rig.sent(0), 1);
  rig.answer(rig.sent(1), 2);
  assert.deepEqual(await Promise.all([first, second]), [1, 2]);
  await rig.client.close();
});

Deno.test("a resume takes in redelivered replies first, and does not send their requests again", async () => {
  const rig = await readyRigOf();
  const one = rig.client.action("/1");
  const two = rig.client.action("/2");
  const [first] = rig.socket.requests;
  rig.socket.end();
  await rig.reconnect({ resumed: true, seq: 1, redeliver: 1 });
  assert.equal(rig.socket.requests.length, 0);
  assert.ok(first);
  rig.answer(first, "one", {
    seq: 1,
    meta: { redelivered: true, method: "ACTION", at: 1 },
  });
  assert.equal(await one, "one");
  assert.deepEqual(rig.socket.requests.map(({ target }) => target), ["/2"]);
  rig.answer(rig.sent(), "two", { seq: 2 });
  assert.equal(await two, "two");
  await rig.client.close();
});

Deno.test("a server that announces more replies than it sends delays requests by 30 s at most", async () => {
  const rig = await readyRigOf({}, { resumed: true, redeliver: 2 });
  const done = rig.client.get("/x");
  for (let second = 0; second < 29; second += 1) {
    await rig.clock.advance(1_000);
    rig.socket.say("PONG");
  }
  assert.equal(rig.socket.requests.length, 0);
  await rig.clock.advance(1_000);
  rig.answer(rig.sent(), 1);
  assert.equal(await done, 1);
  await rig.client.close();
});

Deno.test("a live reply ends the wait for redelivered ones", async () => {
  const rig = await readyRigOf({}, { resumed: true, redeliver: 2 });
  const done = rig.client.get("/x");
  rig.socket.say(
    replyOf({ target: "/old", req: "old" }, { status: 200, data: 1 }, {
      seq: 1,
    }),
  );
  rig.answer(rig.sent(), 1);
  assert.equal(await done, 1);
  await rig.client.close();
});

Deno.test("B1: the authentication of a reconnect names the highest seq handled, the first one none", async () => {
  const rig = await readyRigOf();
  assert.ok(!("lastSeq" in authRequestOf(rig)));
  const done = rig.client.get("/x");
  rig.answer(rig.sent(), 1, { seq: 1 });
  await done;
  assert.equal(rig.client.lastSeq, 1);
  rig.socket.end();
  await rig.reconnect();
  assert.equal(authRequestOf(rig)["lastSeq"], 1);
  await rig.client.close();
});

Deno.test("B11: a seq that was received before is dropped", async () => {
  const rig = await readyRigOf();
  const missed: unknown[] = [];
  rig.client.on("missed", (reply) => void missed.push(reply));
  const done = rig.client.get("/x");
  const frame = rig.sent();
  rig.answer(frame, "first", { seq: 1 });
  rig.answer(frame, "again", { seq: 1, meta: { redelivered: true } });
  assert.equal(await done, "first");
  await rig.clock.settle();
  assert.deepEqual(missed, []);
  await rig.client.close();
});

Deno.test("I3: a req used again in this process gets its old reply although the seq is an old one", async () => {
  const rig = await readyRigOf();
  const once = rig.client.action("/x", { req: "m-1" });
  rig.answer(rig.sent(), "done", { seq: 1 });
  await once;
  const again = rig.client.action("/x", { req: "m-1" });
  rig.answer(rig.sent(), "done", { seq: 1, meta: { redelivered: true } });
  assert.equal(await again, "done");
  await rig.client.close();
});

Deno.test("I7: without a name the session gets a random one, unlike any other", async () => {
  const [one, other] = [1, 2].map(() =>
    new RepClient("ws://proxy/rep", {
      lazy: true,
      webSocket: (url, request) => new FakeSocket(url, request),
    })
  );
  assert.match(one?.session ?? "", /^auto-[0-9a-f]{16}$/);
  assert.notEqual(one?.session, other?.session);
  await one?.close();
  await other?.close();
});

/** Requests sent before the proxy forgot them: verb, policy, and whether the client sends them again. */
const UNKNOWN: [
  policy: "never" | "idempotent" | "all",
  repeated: string[],
][] = [
  ["never", ["GET"]],
  ["idempotent", ["GET", "CREATE", "DELETE"]],
  ["all", ["GET", "CREATE", "UPDATE", "DELETE", "ACTION"]],
];

for (const [repeatUnknown, repeated] of UNKNOWN) {
  for (
    const [change, authReply] of [
      ["the proxy was restarted", { resumed: true, epoch: "e2" }],
      ["the session had expired", { resumed: false, epoch: "e1" }],
    ] as const
  ) {
    Deno.test(`${change}: with "${repeatUnknown}" the client repeats ${repeated.join(", ")} and calls the rest unknown`, async () => {
      const rig = await readyRigOf({ repeatUnknown });
      const verbs = ["GET", "CREATE", "UPDATE", "DELETE", "ACTION"] as const;
      const done = verbs.map((verb) => rig.client.request(verb, `/${verb}`));
      rig.socket.end();
      const outcomes = Promise.allSettled(done);
      await rig.reconnect(authReply);
      assert.deepEqual(
        rig.socket.requests.map(({ method }) => method),
        repeated,
      );
      for (const frame of rig.socket.requests) rig.answer(frame, "ok");
      const unknown = (await outcomes)
        .flatMap((outcome, at) =>
          outcome.status === "rejected"
            ? [[verbs[at], outcome.reason.sent]]
            : []
        );
      assert.deepEqual(
        unknown,
        verbs
          .filter((verb) => !repeated.includes(verb))
          .map((verb) => [verb, null]),
      );
      await rig.client.close();
    });
  }
}

Deno.test("after a restart of the proxy its kept replies are taken in before any outcome is called unknown (B12)", async () => {
  const rig = await readyRigOf();
  const kept = rig.client.action("/kept");
  const lost = rig.client.action("/lost");
  const [first] = rig.socket.requests;
  assert.ok(first);
  rig.socket.end(1012);
  const failure = failureOf(lost, RepClosedError);
  await rig.reconnect({ resumed: true, epoch: "e2", seq: 1, redeliver: 1 });
  rig.answer(first, "kept", { seq: 1, meta: { redelivered: true } });
  assert.equal(await kept, "kept");
  assert.equal((await failure).sent, null);
  await rig.client.close();
});

Deno.test("a request that was not sent when the proxy was restarted is simply sent", async () => {
  const rig = await readyRigOf({}, { limits: { maxInFlight: 1 } });
  const left = rig.client.action("/left");
  const waiting = rig.client.action("/waiting");
  rig.socket.end();
  const failure = failureOf(left, RepClosedError);
  await rig.reconnect({ epoch: "e2" });
  await failure;
  rig.answer(rig.sent(), 1);
  assert.equal(await waiting, 1);
  await rig.client.close();
});

Deno.test("B10: a session that begins anew numbers its replies from one again", async () => {
  const rig = await readyRigOf();
  const before = rig.client.get("/x");
  rig.answer(rig.sent(), 1, { seq: 41 });
  await before;
  rig.socket.end();
  await rig.reconnect({ resumed: false, epoch: "e2" });
  assert.equal(rig.client.lastSeq, 0);
  const after = rig.client.get("/y");
  rig.answer(rig.sent(), 2, { seq: 1 });
  assert.equal(await after, 2);
  assert.equal(rig.client.lastSeq, 1);
  await rig.client.close();
});

Deno.test("a resumed session whose seq is below what was handled is an old copy: its replies are new", async () => {
  const rig = await readyRigOf();
  const before = rig.client.get("/x");
  rig.answer(rig.sent(), 1, { seq: 41 });
  await before;
  rig.socket.end();
  await rig.reconnect({ resumed: true, epoch: "e2", seq: 40 });
  assert.equal(rig.client.lastSeq, 0);
  assert.deepEqual(rig.socket.control("ack"), []);
  await rig.client.close();
});

Deno.test("without a session, a sent request is of unknown outcome at once, and an unsent one is sent later", async () => {
  const rig = await readyRigOf({ session: false }, {
    limits: { maxInFlight: 2 },
  });
  const left = rig.client.action("/left");
  const read = rig.client.get("/read");
  const waiting = rig.client.action("/waiting");
  rig.socket.end();
  assert.equal((await failureOf(left, RepClosedError)).sent, null);
  await rig.reconnect({ session: undefined });
  assert.deepEqual(rig.socket.requests.map(({ target }) => target), [
    "/read",
    "/waiting",
  ]);
  for (const frame of rig.socket.requests) rig.answer(frame, frame.target);
  assert.deepEqual(await Promise.all([read, waiting]), ["/read", "/waiting"]);
  await rig.client.close();
});

Deno.test("B8: taken over by another connection, the client rejects its requests and stays away", async () => {
  const rig = await readyRigOf();
  const left = rig.client.action("/left");
  rig.socket.end(4409, "session taken over");
  const error = await failureOf(left, RepClosedError);
  assert.equal(error.sent, null);
  assert.equal(
    error.message,
    "Could not finish ACTION /left: closed with 4409 session taken over",
  );
  await rig.clock.advance(600_000);
  assert.equal(rig.sockets.length, 1);
  await rig.client.close();
});

Deno.test("1009: the frame that was too big is not sent again, the others are", async () => {
  const rig = await readyRigOf();
  const small = rig.client.action("/small", { data: "x" });
  const big = rig.client.action("/big", { data: "x".repeat(1_000) });
  const late = rig.client.action("/late", { data: "x" });
  rig.socket.end(1009);
  await assert.rejects(big, /its frame is above the proxy's maxPayload/);
  await rig.reconnect();
  assert.deepEqual(rig.socket.requests.map(({ target }) => target), [
    "/small",
    "/late",
  ]);
  for (const frame of rig.socket.requests) rig.answer(frame);
  await Promise.all([small, late]);
  await rig.client.close();
});

function authRequestOf(rig: Rig): Record<string, unknown> {
  return rig.socket.control("auth")[0]?.data as Record<string, unknown>;
}
