import assert from "node:assert/strict";
import { Conversation } from "../_conversation.ts";

Deno.test("C52: whoever asked on a plain connection that closes has left, and has taken nothing back", () => {
  const talk = new Conversation();
  const peer = talk.open();
  peer.say({ target: "/a", method: "GET", req: 1 });
  peer.say({ target: "/b", method: "ACTION", data: {}, req: 2 });
  peer.say({ target: "/c", method: "DELETE" });
  peer.say({ target: "/d", method: "GET" });
  peer.vanish();
  assert.deepEqual(talk.left, talk.submitted.map(({ id }) => id));
  assert.deepEqual(talk.taken, []);
});

Deno.test("C52: nobody has left what a session asked for", () => {
  const talk = new Conversation();
  const peer = talk.openSession("s");
  peer.say({ target: "/a", method: "GET", req: 1 });
  peer.vanish();
  assert.deepEqual([talk.left, talk.taken], [[], []]);
});

Deno.test("C53: a reply for a connection that is gone is dropped and counted", () => {
  const talk = new Conversation();
  const peer = talk.open();
  peer.say({ target: "/b", method: "ACTION", data: {}, req: 2 });
  peer.vanish();
  talk.answer(talk.last.id, 200, {});
  assert.equal(talk.machine.snapshot().repliesDropped, 1);
  assert.equal(talk.machine.snapshot().inFlight, 0);
  assert.deepEqual(peer.texts(), []);
});

Deno.test("C54: a request over REP is the one the queue gets over HTTP", () => {
  const talk = new Conversation();
  talk.open().say({
    target: "/channels/9/messages",
    method: "ACTION",
    data: { content: "hi" },
  });
  const { request } = talk.last;
  assert.equal(request.route.label, "POST /channels/{channel_id}/messages");
  assert.equal(request.route.major, "9");
  assert.equal(request.urgency, 3);
  assert.ok(request.isOrdered === true);
  assert.equal(request.caller, "main@test");
  assert.equal(request.identity.id, "bot:main");
});

Deno.test("C54: interactions are urgent by themselves, as over HTTP", () => {
  const talk = new Conversation();
  talk.open().say({
    target: "/interactions/1/token/callback",
    method: "ACTION",
    data: { type: 1 },
  });
  assert.equal(talk.last.request.urgency, 0);
});

Deno.test("C55: a plain connection hears nothing it did not ask for", () => {
  const talk = new Conversation();
  const peer = talk.open();
  const { machine } = talk;
  const label = "GET /a";
  talk.perform(
    machine.observe(
      { kind: "refused", code: "blocked", label, caller: "x" },
      talk.moment,
    ),
  );
  talk.perform(
    machine.observe({
      kind: "refused",
      code: "token_rejected",
      label,
      caller: "main@test",
    }, talk.moment),
  );
  talk.perform(
    machine.observe({
      kind: "rate_limited",
      bot: "main",
      label,
      scope: "global",
      retryAfterMs: 5,
    }, talk.moment),
  );
  peer.say({ target: "/a", method: "GET", req: 1 });
  talk.perform(machine.drain(talk.nowMs + 1_000, talk.moment));
  talk.pass(500);
  assert.deepEqual(peer.texts(), []);
  assert.equal(peer.closeCode(), 0);
});

Deno.test("C58: frames, closes and answers after the end are harmless", () => {
  const talk = new Conversation();
  const peer = talk.open();
  peer.say({ target: "/a", method: "ACTION", data: {}, req: 1 });
  peer.vanish();
  peer.vanish();
  peer.say({ target: "/a", method: "GET", req: 2 });
  peer.raw("PING");
  talk.answer(talk.last.id, 200, 1);
  talk.perform(talk.machine.measured(peer.id, 1e9, talk.moment));
  talk.pass(60_000);
  assert.deepEqual(peer.texts(), []);
  assert.equal(talk.submitted.length, 1);
});

Deno.test("C58: what a socket still delivers after we closed it is not heard", () => {
  const talk = new Conversation({ limits: { maxPayloadBytes: 100 } });
  const peer = talk.open();
  peer.raw("x".repeat(101));
  assert.equal(peer.closeCode(), 1009);
  peer.say({ target: "/a", method: "ACTION", req: 1 });
  peer.raw("x".repeat(101));
  assert.equal(talk.submitted.length, 0);
});
