import assert from "node:assert/strict";
import { Conversation, type Said } from "../_conversation.ts";

function methodOf(method: unknown): string | undefined {
  const talk = new Conversation();
  talk.open().say({ target: "/a", method, req: 1 });
  return talk.submitted[0]?.request.method;
}

function refusalOf(frame: object): Said {
  const talk = new Conversation();
  const peer = talk.open();
  peer.say(frame);
  assert.equal(talk.submitted.length, 0);
  return peer.heardOne();
}

for (
  const [verb, method] of [
    ["GET", "GET"],
    ["CREATE", "PUT"],
    ["DELETE", "DELETE"],
    ["UPDATE", "PATCH"],
    ["ACTION", "POST"],
  ] as const
) {
  Deno.test(`C19: ${verb} goes upstream as ${method}`, () => {
    assert.equal(methodOf(verb), method);
  });
}

Deno.test("C20: REPLY is not a request and is executed in no spelling", () => {
  for (const method of ["REPLY", "reply", "Reply"]) {
    const talk = new Conversation();
    const peer = talk.open();
    peer.say({ target: "/a", method, req: 1 });
    assert.equal(talk.submitted.length, 0);
    assert.deepEqual(peer.texts(), []);
  }
});

Deno.test("C21: verbs are compared without regard to ASCII case, and to no other", () => {
  assert.equal(methodOf("get"), "GET");
  assert.equal(methodOf("cReAtE"), "PUT");
  assert.equal(methodOf("actıon"), undefined);
});

for (
  const [spelling, method] of [
    ["PUT", "PUT"],
    ["PATCH", "PATCH"],
    ["POST", "POST"],
    ["patch", "PATCH"],
  ] as const
) {
  Deno.test(`C22: the HTTP spelling ${spelling} is an alias`, () => {
    assert.equal(methodOf(spelling), method);
  });
}

Deno.test("C23: a frame without a method is refused as such", () => {
  assert.deepEqual(refusalOf({ target: "/x", req: 1 }), {
    target: "/x",
    method: "REPLY",
    data: {
      status: 400,
      error: { message: "Missing method", code: "bad_method", sent: false },
    },
    req: 1,
  });
});

for (
  const method of [
    "FETCH",
    "",
    "HEAD",
    "OPTIONS",
    " GET",
    "GET ",
    "__proto__",
    "constructor",
    1,
    null,
    {},
    ["GET"],
  ]
) {
  Deno.test(`C23: the method ${JSON.stringify(method)} is invalid`, () => {
    const frame = refusalOf({ target: "/x", method, req: 1 });
    assert.equal(frame.data.status, 400);
    assert.equal(frame.data.error.message, "Invalid method");
  });
}
