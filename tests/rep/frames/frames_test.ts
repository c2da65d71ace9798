import assert from "node:assert/strict";
import { Conversation } from "../_conversation.ts";

const BAD_FRAME = {
  target: "error",
  method: "REPLY",
  data: {
    status: 400,
    error: { message: "Invalid request", code: "bad_frame", sent: false },
  },
};

Deno.test("C5: the members of a frame may come in any order", () => {
  const talk = new Conversation();
  const peer = talk.open();
  peer.raw(
    '{"req":1,"data":{"content":"hi"},"method":"ACTION","target":"/a/b"}',
  );
  peer.raw(
    '{"target":"/a/b","method":"ACTION","data":{"content":"hi"},"req":1}',
  );
  const [one, other] = talk.submitted.map(({ request }) => request);
  assert.deepEqual(one, other);
  assert.equal(one?.target.path, "/a/b");
});

Deno.test("C6: a binary frame of JSON text is served like the text frame", () => {
  const talk = new Conversation();
  const peer = talk.open();
  peer.raw(
    new TextEncoder().encode(' \r\n\t{"target":"/a","method":"GET","req":1}'),
  );
  talk.answer(talk.last.id, 200, { ok: true });
  assert.deepEqual(peer.heardOne(), {
    target: "/a",
    method: "REPLY",
    data: { status: 200, data: { ok: true } },
    req: 1,
  });
});

for (
  const [what, bytes] of [
    ["an array", new TextEncoder().encode('[{"target":"/a"}]')],
    ["nothing", new Uint8Array()],
    ["a zero and more", new Uint8Array([0, 0, 0, 2, 123, 125])],
    ["broken UTF-8", new Uint8Array([123, 34, 0xff, 34, 125])],
    ["PING", new TextEncoder().encode("PING")],
  ] as const
) {
  Deno.test(`C6: a binary frame of ${what} is malformed without negotiation`, () => {
    const peer = new Conversation().open();
    peer.raw(bytes);
    assert.deepEqual(peer.heardOne(), BAD_FRAME);
  });
}

Deno.test("C7: PING is answered by PONG and by nothing else, before authentication too", () => {
  const talk = new Conversation();
  for (const keyName of ["main", null]) {
    const peer = talk.open({ keyName });
    peer.raw("PING");
    assert.deepEqual(peer.texts(), ["PONG"]);
  }
});

Deno.test("C7: PING does not put off the deadline for authenticating", () => {
  const talk = new Conversation();
  const peer = talk.open({ keyName: null });
  talk.pass(9_999);
  peer.raw("PING");
  assert.equal(peer.closeCode(), 0);
  talk.pass(1);
  assert.equal(peer.closeCode(), 4408);
});

for (const text of ["ping", "PING ", '"PING"', "PONG"]) {
  Deno.test(`C7: ${JSON.stringify(text)} is no PING`, () => {
    const peer = new Conversation().open();
    peer.raw(text);
    assert.deepEqual(peer.heardOne(), BAD_FRAME);
  });
}

Deno.test("C8: of a repeated member the last one counts, however it is spelt", () => {
  const talk = new Conversation();
  const peer = talk.open();
  peer.raw(
    '{"target":"/a","req":1,"method":"ACTION","data":{"n":1},"target":"/b","d\\u0061ta":{"n":2},"req":2}',
  );
  const { request } = talk.last;
  assert.equal(request.target.path, "/b");
  assert.equal(new TextDecoder().decode(request.body), '{"n":2}');
  talk.answer(talk.last.id, 204);
  assert.equal(peer.heardOne().req, 2);
});

Deno.test("C8: unknown members and those of prototypes have no effect", () => {
  const talk = new Conversation();
  const peer = talk.open();
  peer.raw(
    '{"__proto__":{"method":"DELETE","req":9},"constructor":{"prototype":{"x":1}},"toString":1,"color":"red","target":"/a","method":"GET","req":"__proto__"}',
  );
  assert.equal(talk.last.request.method, "GET");
  talk.answer(talk.last.id, 200, 1);
  assert.equal(peer.heardOne().req, "__proto__");
  assert.equal(({} as Record<string, unknown>)["x"], undefined);
});

Deno.test("C8: target, method and data are not taken from a prototype", () => {
  const talk = new Conversation();
  const peer = talk.open();
  peer.raw('{"__proto__":{"target":"/a","method":"GET"},"req":1}');
  assert.equal(peer.heardOne().data.error.message, "Missing target");
  assert.equal(talk.submitted.length, 0);
});

for (
  const text of [
    "",
    " ",
    "not json",
    '{"target":"/a","method":"GET","req":1',
    '{"target":"/a","method":"GET","req":1}}',
    "{'target':'/a'}",
    '{"target":"/a",}',
    "\ufeff{}",
    '{"a":"\u0001"}',
  ]
) {
  Deno.test(`C9: the text ${JSON.stringify(text)} gets one REPLY 400 without req`, () => {
    const peer = new Conversation().open();
    peer.raw(text);
    assert.deepEqual(peer.heardOne(), BAD_FRAME);
    assert.equal(peer.closeCode(), 0);
  });
}

for (
  const text of [
    '[{"target":"/a","method":"GET"}]',
    '"/a"',
    "7",
    "true",
    "null",
    "[]",
  ]
) {
  Deno.test(`C10: the JSON ${text} is no frame, and there are no batches`, () => {
    const talk = new Conversation();
    const peer = talk.open();
    peer.raw(text);
    assert.deepEqual(peer.heardOne(), BAD_FRAME);
    assert.equal(talk.submitted.length, 0);
  });
}

/** A frame of exactly `bytes` bytes. */
function frameOf(bytes: number, filler = "x"): string {
  const empty = '{"target":"/a","method":"ACTION","data":""}';
  const room = bytes - empty.length;
  const fillerBytes = new TextEncoder().encode(filler).byteLength;
  const text = filler.repeat(Math.floor(room / fillerBytes)) +
    "y".repeat(room % fillerBytes);
  return empty.replace('""', `"${text}"`);
}

for (const filler of ["x", "é", "語", "😀"]) {
  Deno.test(`C11: a frame of ${filler} is taken at maxPayload and closes with 1009 above`, () => {
    const talk = new Conversation({ limits: { maxPayloadBytes: 1_000 } });
    const peer = talk.open();
    peer.raw(frameOf(999, filler));
    peer.raw(frameOf(1_000, filler));
    assert.equal(talk.submitted.length, 2);
    assert.equal(peer.closeCode(), 0);
    peer.raw(frameOf(1_001, filler));
    assert.equal(peer.closeCode(), 1009);
    assert.deepEqual(peer.texts(), []);
    assert.equal(talk.submitted.length, 2);
  });
}

Deno.test("C11: a binary frame counts by its bytes", () => {
  const talk = new Conversation({ limits: { maxPayloadBytes: 1_000 } });
  const peer = talk.open();
  peer.raw(new TextEncoder().encode(frameOf(1_000)));
  assert.equal(peer.closeCode(), 0);
  peer.raw(new TextEncoder().encode(frameOf(1_001)));
  assert.equal(peer.closeCode(), 1009);
});

Deno.test("C12: a malformed frame leaves the other requests of its connection alone", () => {
  const talk = new Conversation();
  const peer = talk.open();
  peer.say({ target: "/a", method: "GET", req: 1 });
  peer.raw("}{");
  peer.say({ target: "/b", method: "GET", req: 2 });
  for (const { id } of talk.submitted) talk.answer(id, 200, id);
  const heard = peer.heard();
  assert.deepEqual(heard.map((frame) => frame.data.status), [400, 200, 200]);
  assert.deepEqual(heard.map((frame) => frame.req), [undefined, 1, 2]);
});

Deno.test("C12: 20 malformed frames in 10 s are answered, the 21st closes with 4400", () => {
  const talk = new Conversation();
  const peer = talk.open();
  for (let count = 0; count < 20; count++) {
    peer.raw("?");
    talk.nowMs += 499;
  }
  assert.equal(peer.heard().length, 20);
  assert.equal(peer.closeCode(), 0);
  peer.raw("?");
  assert.equal(peer.closeCode(), 4400);
});

Deno.test("C12: 21 malformed frames over more than 10 s are no reason to close", () => {
  const talk = new Conversation();
  const peer = talk.open();
  for (let count = 0; count < 100; count++) {
    peer.raw("?");
    talk.nowMs += 500;
  }
  assert.equal(peer.closeCode(), 0);
});
