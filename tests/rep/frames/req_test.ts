import assert from "node:assert/strict";
import { Refusal } from "../../../rest/domain/refusal.ts";
import { Conversation } from "../_conversation.ts";

/** The `req` of the reply to a request with this one, as text; undefined for no reply. */
function echoOf(reqText: string | undefined): string | undefined {
  const talk = new Conversation();
  const peer = talk.open();
  const req = reqText === undefined ? "" : `,"req":${reqText}`;
  peer.raw(`{"target":"/a","method":"GET"${req}}`);
  talk.answer(talk.last.id, 200, null);
  const [text] = peer.texts();
  return text === undefined
    ? undefined
    : /"data":null\},"req":(.*)\}$/.exec(text)?.[1];
}

Deno.test("C28: a frame without req is executed and gets no frame at all", () => {
  for (const status of [200, 204, 400, 500]) {
    const talk = new Conversation();
    const peer = talk.open();
    peer.say({ target: "/a", method: "ACTION", data: {} });
    talk.answer(talk.last.id, status, {});
    assert.deepEqual(peer.texts(), []);
  }
});

Deno.test("C28: a frame without req that cannot be executed gets no frame either", () => {
  const talk = new Conversation();
  const peer = talk.open();
  peer.say({ target: "//x", method: "GET" });
  peer.say({ target: "/x", method: "FETCH" });
  peer.say({ method: "GET" });
  peer.say({ target: "/_rep/nothing", method: "GET" });
  peer.say({ target: "/a", method: "GET" });
  talk.refuse(talk.last.id, new Refusal("unreachable", "Cannot reach it"));
  assert.deepEqual(peer.texts(), []);
});

Deno.test("C29: a req of null counts as none", () => {
  assert.equal(echoOf("null"), undefined);
});

for (
  const reqText of [
    '"a"',
    "7",
    "0",
    "false",
    "true",
    '""',
    "[]",
    "{}",
    '{"job":3}',
  ]
) {
  Deno.test(`C30: the req ${reqText} counts as present`, () => {
    assert.equal(echoOf(reqText), reqText);
  });
}

for (
  const reqText of [
    "1",
    '"1"',
    "-0",
    "1.5",
    "9007199254740993",
    "18446744073709551615",
    "-123456789012345678901234567890",
    '"\\u00e9\\n"',
    '[1,"1",[null,{"a":123456789012345678}]]',
    '{"b":1,"a":[true,"x"]}',
    '"__proto__"',
    '{"__proto__":{"x":1}}',
  ]
) {
  Deno.test(`C31: the req ${reqText} comes back as the same JSON value`, () => {
    const echo = echoOf(reqText);
    assert.ok(echo !== undefined);
    assert.deepEqual(JSON.parse(echo), JSON.parse(reqText));
    const digits = reqText.match(/-?\d{16,}/g);
    assert.deepEqual(echo.match(/-?\d{16,}/g), digits);
  });
}

for (
  const [bytes, filler, isTaken] of [
    [512, "x", true],
    [513, "x", false],
    [512, "é", true],
    [514, "é", false],
    [1_048_576, "x", false],
  ] as const
) {
  Deno.test(`C32: a req of ${bytes} bytes of ${filler} is ${isTaken ? "taken" : "refused with its echo"}`, () => {
    const each = new TextEncoder().encode(filler).byteLength;
    const req = filler.repeat((bytes - 2) / each);
    const talk = new Conversation();
    const peer = talk.open();
    peer.say({ target: "/a", method: "GET", req });
    assert.equal(talk.submitted.length, isTaken ? 1 : 0);
    if (isTaken) return;
    const frame = peer.heardOne();
    assert.equal(frame.req, req);
    assert.equal(frame.data.status, 400);
    assert.equal(frame.data.error.code, "bad_req");
  });
}

Deno.test("C33: equal reqs on a plain connection are each executed and answered once", () => {
  const talk = new Conversation();
  const peer = talk.open();
  for (let count = 0; count < 3; count++) {
    peer.say({ target: "/a", method: "ACTION", data: { n: 1 }, req: "same" });
  }
  assert.equal(talk.submitted.length, 3);
  for (const { id } of talk.submitted) talk.answer(id, 200, id);
  const heard = peer.heard();
  assert.deepEqual(heard.map((frame) => frame.data.data), [1, 2, 3]);
  assert.ok(heard.every((frame) => frame.req === "same"));
});

Deno.test("C34: a request gets one REPLY, whatever is reported of it afterwards", () => {
  const talk = new Conversation();
  const peer = talk.open();
  peer.say({ target: "/a", method: "GET", req: 1 });
  const { id } = talk.last;
  talk.answer(id, 200, "first");
  talk.answer(id, 500, "second");
  talk.refuse(id, new Refusal("cancelled", "Cancelled"));
  assert.equal(peer.heardOne().data.data, "first");
});

Deno.test("C35: frames are handed on in the order they arrived", () => {
  const talk = new Conversation();
  const peer = talk.open();
  for (let n = 0; n < 100; n++) {
    peer.say({ target: "/a", method: "ACTION", data: { n }, req: n });
  }
  const order = talk.submitted.map(({ request }) =>
    JSON.parse(new TextDecoder().decode(request.body)).n
  );
  assert.deepEqual(order, Array.from({ length: 100 }, (_, n) => n));
});

Deno.test("C35: an answer that is late delays no other", () => {
  const talk = new Conversation();
  const peer = talk.open();
  peer.say({ target: "/slow", method: "GET", req: "slow" });
  peer.say({ target: "/fast", method: "GET", req: "fast" });
  const [slow, fast] = talk.submitted;
  assert.ok(slow && fast);
  talk.answer(fast.id, 200, 1);
  assert.equal(peer.heardOne().req, "fast");
  talk.answer(slow.id, 200, 1);
  assert.equal(peer.heardOne().req, "slow");
});
