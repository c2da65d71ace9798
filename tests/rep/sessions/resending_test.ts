import assert from "node:assert/strict";
import { withNonce } from "../../../rest/idempotency/nonces/body_nonce.ts";
import { movedRefusal } from "../../../rest/domain/own_refusals.ts";
import { Refusal } from "../../../rest/domain/refusal.ts";
import type { ProxyRequest } from "../../../rest/domain/request.ts";
import { noncesOf } from "../../dispatcher/_builders.ts";
import { Conversation, type Peer } from "../_conversation.ts";

const MESSAGE = {
  target: "/channels/9/messages",
  method: "ACTION",
  data: { content: "hi" },
  req: "m-1",
};

function session(talk: Conversation, name = "s"): Peer {
  const peer = talk.openSession(name);
  peer.heard();
  return peer;
}

Deno.test("I1: in a session a req is executed once, on whatever connection it comes", () => {
  const talk = new Conversation();
  const peer = session(talk);
  for (const req of ["a", 1, "1", 1.5]) {
    peer.say({ ...MESSAGE, req });
    peer.say({ ...MESSAGE, req });
  }
  const again = session(talk);
  for (const req of ["a", 1, "1", 1.5]) again.say({ ...MESSAGE, req });
  assert.equal(talk.submitted.length, 4);
});

Deno.test("I1: another session has requests of its own", () => {
  const talk = new Conversation();
  session(talk, "one").say(MESSAGE);
  session(talk, "two").say(MESSAGE);
  assert.equal(talk.submitted.length, 2);
});

Deno.test("I1: numbers are told apart digit for digit, and equal ones are one", () => {
  const talk = new Conversation();
  const peer = session(talk);
  const frame = (req: string) =>
    peer.raw(`{"target":"/a","method":"ACTION","req":${req}}`);
  frame("9007199254740993");
  frame("9007199254740992");
  frame("1");
  frame("1.0");
  frame("1e0");
  assert.equal(talk.submitted.length, 3);
});

for (const req of [true, [1], { a: 1 }]) {
  Deno.test(`I1: the req ${JSON.stringify(req)} names nothing and is executed each time`, () => {
    const talk = new Conversation();
    const peer = session(talk);
    peer.say({ ...MESSAGE, req });
    peer.say({ ...MESSAGE, req });
    assert.equal(talk.submitted.length, 2);
    for (const { id } of talk.submitted) talk.answer(id, 200, 1);
    assert.deepEqual(peer.heard().map((frame) => frame.seq), [1, 2]);
  });
}

for (const req of ["__proto__", "constructor", "hasOwnProperty"]) {
  Deno.test(`I1: the req ${req} is a name like any other`, () => {
    const talk = new Conversation();
    const peer = session(talk);
    peer.say({ ...MESSAGE, req });
    peer.say({ ...MESSAGE, req });
    assert.equal(talk.submitted.length, 1);
  });
}

Deno.test("I2: re-sent while it runs, a request is attached and answered once", () => {
  const talk = new Conversation();
  const peer = session(talk);
  peer.say(MESSAGE);
  peer.say(MESSAGE);
  const again = session(talk);
  again.say(MESSAGE);
  assert.deepEqual(again.texts(), []);
  talk.answer(talk.last.id, 200, { id: "78" });
  assert.equal(again.heardOne().seq, 1);
  assert.equal(talk.submitted.length, 1);
});

Deno.test("I3: re-sent after its end, a request gets the stored reply once more", () => {
  const talk = new Conversation();
  const peer = session(talk);
  peer.say(MESSAGE);
  talk.answer(talk.last.id, 200, { id: "78" });
  const first = peer.heardOne();
  peer.say(MESSAGE);
  const { meta, ...second } = peer.heardOne();
  assert.deepEqual(second, first);
  assert.ok(meta.redelivered === true);
  assert.equal(meta.method, "ACTION");
  assert.equal(typeof meta.at, "number");
  assert.equal(talk.submitted.length, 1);
});

for (
  const [what, change] of [
    ["method", { method: "UPDATE" }],
    ["target", { target: "/channels/8/messages" }],
    ["data", { data: { content: "bye" } }],
    ["no data", { data: null }],
    ["files", { files: [{ name: "a", base64: "aGk=" }] }],
  ] as const
) {
  Deno.test(`I4: a req with other ${what} is refused with 422, and the first goes on`, () => {
    const talk = new Conversation();
    const peer = session(talk);
    peer.say(MESSAGE);
    const { id } = talk.last;
    peer.say({ ...MESSAGE, ...change });
    const frame = peer.heardOne();
    assert.deepEqual(frame.data, {
      status: 422,
      error: {
        message: "req already used for a different request",
        code: "req_reused",
        sent: false,
      },
    });
    assert.ok(!("seq" in frame));
    talk.answer(id, 200, 1);
    assert.equal(peer.heardOne().data.status, 200);
    peer.say({ ...MESSAGE, ...change });
    assert.equal(peer.heardOne().data.status, 422);
    assert.equal(talk.submitted.length, 1);
  });
}

Deno.test("I4: the same request in another spelling of its target or verb is the same", () => {
  const talk = new Conversation();
  const peer = session(talk);
  peer.say(MESSAGE);
  peer.say({ ...MESSAGE, target: "channels/9/messages", method: "post" });
  assert.equal(talk.submitted.length, 1);
  assert.deepEqual(peer.texts(), []);
});

Deno.test("I5: a request is forgotten 60 s after its acknowledgement and not before", () => {
  const talk = new Conversation();
  const peer = session(talk);
  peer.say(MESSAGE);
  talk.answer(talk.last.id, 200, { id: "78" });
  talk.pass(1e6);
  peer.say({ ...MESSAGE, ack: 1 });
  talk.pass(59_999);
  peer.say(MESSAGE);
  assert.deepEqual(peer.heard().map(({ seq, data }) => [seq, data.data.id]), [
    [1, "78"],
    [1, "78"],
    [1, "78"],
  ]);
  assert.equal(talk.submitted.length, 1);
  talk.pass(1_001);
  assert.equal(talk.machine.snapshot().mailboxBytes, 0);
  peer.say(MESSAGE);
  assert.equal(talk.submitted.length, 2);
});

Deno.test("I5: without an acknowledgement nothing is forgotten", () => {
  const talk = new Conversation();
  const peer = session(talk);
  peer.say(MESSAGE);
  talk.answer(talk.last.id, 200, 1);
  talk.pass(1e9);
  peer.say(MESSAGE);
  assert.equal(talk.submitted.length, 1);
});

Deno.test("I5: with the session its requests are forgotten", () => {
  const talk = new Conversation();
  const peer = session(talk);
  peer.say(MESSAGE);
  talk.answer(talk.last.id, 200, 1);
  peer.say({ target: "/_rep/session", method: "DELETE" });
  session(talk).say(MESSAGE);
  assert.equal(talk.submitted.length, 2);
});

Deno.test("I5: acknowledged bodies make room for new ones, their requests stay known", () => {
  const talk = new Conversation({ limits: { mailboxBytes: 5_000 } });
  const peer = session(talk);
  for (let n = 1; n <= 5; n++) {
    peer.say({ ...MESSAGE, req: n, ack: n - 1 });
    talk.answer(talk.last.id, 200, "x".repeat(2_000));
  }
  assert.ok(talk.machine.snapshot().mailboxBytes <= 5_000);
  peer.heard();
  peer.say({ ...MESSAGE, req: 1 });
  const { data, meta } = peer.heardOne();
  assert.deepEqual(data, { status: 200, data: null });
  assert.ok(meta.truncated === true);
  assert.equal(talk.submitted.length, 5);
  assert.equal(talk.store.find("main", "s")?.mailbox.lost, 0);
});

/** The body a frame sends upstream with `opts.dedupe`. */
function bodyOf(change: object, name = "s"): string {
  const talk = new Conversation();
  session(talk, name).say({ ...MESSAGE, opts: { dedupe: true }, ...change });
  return sentOf(talk.last.request);
}

/** What is sent of a request by a proxy that adds no nonce unasked. */
function sentOf(request: ProxyRequest): string {
  const nonce = noncesOf().nonceFor({ request, guarantee: undefined }, 0)
    ?.added;
  const sent = nonce === undefined ? request : withNonce(request, nonce);
  return new TextDecoder().decode(sent.body);
}

Deno.test("I6: opts.dedupe adds Discord's nonce, the same in every life of the proxy", () => {
  const body = JSON.parse(bodyOf({}));
  assert.equal(body.content, "hi");
  assert.ok(body.enforce_nonce === true);
  assert.match(body.nonce, /^[A-Za-z0-9_-]{25}$/);
  assert.equal(JSON.parse(bodyOf({})).nonce, body.nonce);
  assert.notEqual(JSON.parse(bodyOf({ req: "m-2" })).nonce, body.nonce);
  assert.notEqual(JSON.parse(bodyOf({}, "t")).nonce, body.nonce);
});

Deno.test("I6: the rest of the body stays as it was spelt", () => {
  const talk = new Conversation();
  session(talk).raw(
    '{"target":"/channels/9/messages","method":"ACTION","data":{ "a" : 123456789012345678 },"req":"x","opts":{"dedupe":true}}',
  );
  assert.match(
    sentOf(talk.last.request),
    /^\{"nonce":"[^"]+","enforce_nonce":true, "a" : 123456789012345678 \}$/,
  );
});

Deno.test("I6: an empty message gets a nonce without a comma too many", () => {
  assert.ok(JSON.parse(bodyOf({ data: {} })).enforce_nonce === true);
});

Deno.test("I6: a message with files carries the nonce in its payload_json", () => {
  const body = bodyOf({ files: [{ name: "a", base64: "aGk=" }] });
  assert.match(body, /\{"nonce":"[^"]+","enforce_nonce":true,"content":"hi"\}/);
});

for (
  const [what, change] of [
    ["that has a nonce of its own", { data: { nonce: "mine" } }],
    ["that is no message", { target: "/channels/9/webhooks" }],
    ["that asks for no dedupe", { opts: {} }],
    ["without req", { req: null }],
    ["whose data is no object", { data: ["hi"] }],
  ] as const
) {
  Deno.test(`I6: no nonce is added to a request ${what}`, () => {
    assert.doesNotMatch(bodyOf(change), /enforce_nonce/);
  });
}

Deno.test("I7: a client that counts from 1 again gets old answers or 422, never a second execution", () => {
  const talk = new Conversation();
  session(talk).say({ ...MESSAGE, req: 1 });
  talk.answer(talk.last.id, 200, "old");
  const again = session(talk);
  again.say({ ...MESSAGE, req: 1 });
  assert.equal(again.heardOne().data.data, "old");
  again.say({ ...MESSAGE, data: { content: "new" }, req: 1 });
  assert.equal(again.heardOne().data.status, 422);
  assert.equal(talk.submitted.length, 1);
});

Deno.test("I2: a request refused at the queue's door may be sent again under its name", () => {
  const talk = new Conversation();
  const peer = session(talk);
  peer.say(MESSAGE);
  talk.refuse(talk.last.id, new Refusal("overloaded", "Cannot take it"));
  peer.heard();
  peer.say(MESSAGE);
  assert.equal(talk.submitted.length, 2);
});

Deno.test("a request that moved to another proxy unsent has no reply here: its client resumes there and asks again", () => {
  const talk = new Conversation();
  const peer = session(talk);
  peer.say(MESSAGE);
  const isSent = false;
  talk.refuse(talk.last.id, movedRefusal(isSent));
  assert.deepEqual(peer.heard(), []);
  assert.equal(peer.closeCode(), 1012);
  session(talk).say(MESSAGE);
  assert.equal(talk.submitted.length, 2);
});

Deno.test("one that moved when Discord may have got it is told as that, and not asked for again", () => {
  const talk = new Conversation();
  const peer = session(talk);
  peer.say(MESSAGE);
  talk.refuse(talk.last.id, movedRefusal(null));
  assert.equal(peer.heardOne().data.error.code, "moved");
  peer.say(MESSAGE);
  assert.equal(talk.submitted.length, 1);
});
