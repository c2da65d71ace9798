import assert from "node:assert/strict";
import type { Fact } from "../../../rest/domain/fact.ts";
import type { RefusalCode } from "../../../rest/domain/refusal.ts";
import { Conversation, KEY, type Said, WALL_MS } from "../_conversation.ts";

function observe(talk: Conversation, fact: Fact): void {
  talk.perform(talk.machine.observe(fact, talk.moment));
}

function refused(code: RefusalCode, caller = "main@test"): Fact {
  return { kind: "refused", code, label: "GET /a", caller };
}

function answered(
  status: number,
  label = "GET /a",
  caller = "main@test",
): Fact {
  const times = { waitMs: 0, sendMs: 0, attempts: 1 };
  return { kind: "answered", bot: "main", label, caller, status, ...times };
}

function typesOf(frames: readonly Said[]): string[] {
  return frames.map((frame) => frame.data.type);
}

Deno.test("G1: a notice is a request without req, to those who opted in", () => {
  const talk = new Conversation();
  const plain = talk.open();
  const unauthenticated = talk.open({ keyName: null, hasOptedIn: true });
  const modern = talk.open({ hasOptedIn: true });
  const byRequest = talk.open({ keyName: null });
  byRequest.say({
    target: "/_rep/auth",
    method: "ACTION",
    data: { token: KEY, ext: true },
  });
  talk.perform(talk.machine.drain(talk.nowMs, talk.moment));
  const notice = {
    target: "/_rep/notice",
    method: "ACTION",
    data: { type: "draining", deadlineMs: 0 },
  };
  assert.deepEqual(modern.heardOne(), notice);
  assert.deepEqual(byRequest.heardOne(), notice);
  assert.deepEqual(plain.texts(), []);
  assert.deepEqual(unauthenticated.texts(), []);
});

Deno.test("G1: a REPLY to a notice is ignored like any other", () => {
  const talk = new Conversation();
  const peer = talk.open({ hasOptedIn: true });
  observe(talk, refused("blocked"));
  peer.heard();
  peer.say({ target: "/_rep/notice", method: "REPLY", data: { status: 200 } });
  assert.deepEqual(peer.texts(), []);
});

for (
  const [fact, data] of [
    [{ ...refused("blocked"), retryAfterMs: 1_500 }, {
      type: "banned",
      "retry_after": 1.5,
    }],
    [refused("invalid_budget"), { type: "banned" }],
    [refused("token_rejected"), { type: "invalid-token" }],
    [
      {
        kind: "rate_limited",
        bot: "main",
        label: "GET /a",
        scope: "global",
        retryAfterMs: 250,
      },
      { type: "global-limit", resetAfter: 0.25 },
    ],
  ] as const
) {
  Deno.test(`G2: ${JSON.stringify(data)} is told when it begins`, () => {
    const talk = new Conversation();
    const peer = talk.open({ hasOptedIn: true });
    observe(talk, fact as Fact);
    assert.deepEqual(peer.heardOne().data, data);
  });
}

Deno.test("G2: what concerns one bucket or one request is no notice", () => {
  const talk = new Conversation();
  const peer = talk.open({ hasOptedIn: true });
  observe(talk, {
    kind: "rate_limited",
    bot: "main",
    label: "GET /a",
    scope: "user",
    retryAfterMs: 250,
  });
  observe(talk, refused("overloaded"));
  observe(talk, answered(200));
  observe(talk, { kind: "warning", message: "w" });
  assert.deepEqual(peer.texts(), []);
});

Deno.test("G2: a long wait is told to the client whose request waits, with its reason, and to no other", () => {
  const talk = new Conversation();
  const peer = talk.open({ hasOptedIn: true });
  const wait = {
    kind: "long_wait",
    caller: "main@test",
    label: "POST /channels/{channel_id}/messages",
    waitedMs: 5_000.4,
    reason: "bucket",
    leavesInMs: undefined,
  } as const;
  observe(talk, { ...wait, caller: "somebody/else" });
  assert.deepEqual(peer.texts(), []);
  observe(talk, { ...wait, leavesInMs: 1_200.2 });
  assert.deepEqual(peer.heardOne().data, {
    type: "waiting",
    route: "POST /channels/{channel_id}/messages",
    reason: "bucket",
    waitedMs: 5_000,
    leavesInMs: 1_200,
  });
});

Deno.test("G2: a trouble is told once, and once more when it is over", () => {
  const talk = new Conversation();
  const peer = talk.open({ hasOptedIn: true });
  observe(talk, refused("blocked"));
  observe(talk, refused("blocked"));
  observe(talk, refused("invalid_budget"));
  assert.deepEqual(typesOf(peer.heard()), ["banned"]);
  talk.nowMs += 999;
  observe(talk, answered(200));
  assert.deepEqual(peer.texts(), []);
  talk.nowMs += 1;
  observe(talk, answered(429));
  assert.deepEqual(peer.texts(), []);
  observe(talk, answered(200));
  observe(talk, answered(200));
  assert.deepEqual(typesOf(peer.heard()), ["resumed-upstream"]);
  observe(talk, refused("blocked"));
  assert.deepEqual(typesOf(peer.heard()), ["banned"]);
});

Deno.test("G2: a rejected token is told to its own caller alone", () => {
  const talk = new Conversation();
  const mine = talk.open({ hasOptedIn: true });
  const theirs = talk.open({ hasOptedIn: true, keyName: "other" });
  observe(talk, refused("token_rejected", "other@test"));
  assert.deepEqual(mine.texts(), []);
  assert.deepEqual(typesOf(theirs.heard()), ["invalid-token"]);
  talk.nowMs += 1_000;
  observe(talk, answered(200, "GET /a", "main@test"));
  observe(
    talk,
    answered(204, "POST /webhooks/{webhook_id}/{webhook_token}", "other@test"),
  );
  assert.deepEqual(theirs.texts(), []);
  observe(talk, answered(200, "GET /a", "other@test"));
  assert.deepEqual(typesOf(theirs.heard()), ["resumed-upstream"]);
});

Deno.test("G3: after the notice requests are accepted as ever, until the end of the drain", () => {
  const talk = new Conversation();
  const peer = talk.openSession("s");
  peer.heard();
  talk.perform(talk.machine.announceDrain(talk.nowMs + 25_000, talk.moment));
  assert.deepEqual(peer.heardOne().data, {
    type: "draining",
    deadlineMs: 25_000,
  });
  peer.say({ target: "/a", method: "ACTION", req: "new" });
  talk.answer(talk.last.id, 200, 1);
  assert.equal(peer.heardOne().data.status, 200);
  assert.equal(peer.closeCode(), 0);
  // The end is no second notice.
  talk.perform(talk.machine.drain(talk.nowMs + 5_000, talk.moment));
  assert.deepEqual(peer.texts(), []);
  assert.equal(peer.closeCode(), 1012);
});

Deno.test("G3: at the end of the drain new requests get 503, known ones their replies", () => {
  const talk = new Conversation();
  const peer = talk.openSession("s");
  peer.say({ target: "/a", method: "ACTION", req: "done" });
  talk.answer(talk.last.id, 200, 1);
  peer.say({ target: "/a", method: "ACTION", req: "running" });
  const { id } = talk.last;
  peer.heard();
  talk.perform(talk.machine.drain(talk.nowMs + 25_000, talk.moment));
  assert.deepEqual(peer.heardOne().data, {
    type: "draining",
    deadlineMs: 25_000,
  });
  peer.say({ target: "/a", method: "ACTION", req: "new" });
  const { data } = peer.heardOne();
  assert.deepEqual([data.status, data.error.code, data.error.sent], [
    503,
    "draining",
    false,
  ]);
  peer.say({ target: "/a", method: "ACTION", req: "done" });
  assert.ok(peer.heardOne().meta.redelivered === true);
  assert.equal(peer.closeCode(), 0);
  talk.answer(id, 200, "late");
  assert.equal(peer.heardOne().data.data, "late");
  assert.equal(peer.closeCode(), 1012);
});

Deno.test("G3: at the deadline the drain closes with 1012, whatever still runs", () => {
  const talk = new Conversation();
  const peer = talk.open();
  peer.say({ target: "/a", method: "ACTION", req: 1 });
  talk.perform(talk.machine.drain(talk.nowMs + 25_000, talk.moment));
  assert.equal(talk.machine.wakeAtMs, talk.nowMs + 25_250);
  talk.pass(25_249);
  assert.equal(peer.closeCode(), 0);
  talk.pass(1);
  assert.equal(peer.closeCode(), 1012);
  assert.equal(talk.machine.wakeAtMs, undefined);
});

Deno.test("G3: a drain with nothing to wait for closes at once", () => {
  const talk = new Conversation();
  const peer = talk.open();
  talk.perform(talk.machine.drain(talk.nowMs + 25_000, talk.moment));
  assert.equal(peer.closeCode(), 1012);
});

Deno.test("G3: a request taken back during the drain is waited for no more", () => {
  const talk = new Conversation();
  const peer = talk.open();
  peer.say({ target: "/a", method: "ACTION", req: 1 });
  talk.perform(talk.machine.drain(talk.nowMs + 25_000, talk.moment));
  peer.say({ target: "/_rep/cancel", method: "ACTION", data: { req: 1 } });
  assert.equal(peer.heardOne().data.status, 499);
  assert.equal(peer.closeCode(), 1012);
});

Deno.test("H2: a client that sends PING hears from the server, whatever else is going on", () => {
  const talk = new Conversation();
  for (const peer of [talk.open(), talk.openSession("s")]) {
    peer.heard();
    peer.say({ target: "/a", method: "ACTION", req: 1 });
    peer.raw("PING");
    assert.deepEqual(peer.texts(), ["PONG"]);
  }
});

Deno.test("H4: GET /_rep/ping tells the server's time", () => {
  const talk = new Conversation();
  const peer = talk.open();
  peer.say({ target: "/_rep/ping", method: "GET", req: 1 });
  const now = WALL_MS + talk.nowMs;
  assert.deepEqual(peer.heardOne().data, { status: 200, data: { now } });
  peer.say({ target: "/_rep/ping", method: "GET" });
  assert.deepEqual(peer.texts(), []);
});

for (
  const [method, target] of [
    ["GET", "/_rep/auth"],
    ["ACTION", "/_rep/ping"],
    ["GET", "/_rep/"],
    ["GET", "/_rep"],
    ["GET", "/_rep?x=1"],
    ["ACTION", "/_rep/auth/x"],
    ["ACTION", "/_rep/__proto__"],
    ["GET", "/_rep/../users/1"],
    ["GET", "_rep/nothing"],
  ] as const
) {
  Deno.test(`J1: ${method} ${target} is unknown and gets 404`, () => {
    const talk = new Conversation();
    const peer = talk.open({ hasOptedIn: true });
    peer.say({ target, method, req: 1 });
    const { data } = peer.heardOne();
    assert.deepEqual([data.status, data.error.code], [404, "no_such_target"]);
    assert.equal(talk.submitted.length, 0);
  });
}
