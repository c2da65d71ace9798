import assert from "node:assert/strict";
import { Refusal } from "../../../rest/domain/refusal.ts";
import { Conversation, type Said } from "../_conversation.ts";

const encoder = new TextEncoder();

/** The `data` of the reply to an answer of Discord's. */
function dataFor(
  status: number,
  type: string | undefined,
  body: string | Uint8Array<ArrayBuffer> | undefined,
  headers: ReadonlyArray<readonly [string, string]> = [],
): Said {
  return JSON.parse(replyFor(status, type, body, headers)).data;
}

function replyFor(
  status: number,
  type: string | undefined,
  body: string | Uint8Array<ArrayBuffer> | undefined,
  headers: ReadonlyArray<readonly [string, string]> = [],
): string {
  const talk = new Conversation();
  const peer = talk.open();
  peer.say({ target: "/a", method: "GET", req: 1 });
  const bytes = typeof body === "string" ? encoder.encode(body) : body;
  talk.answerRaw(talk.last.id, status, type, bytes, headers);
  return peer.texts().join("");
}

for (
  const frame of [
    { target: "x", method: "REPLY", data: { status: 404, error: "?" } },
    { method: "REPLY" },
    { method: "reply", req: 1 },
    { target: 7, method: "Reply", req: { a: 1 }, data: null },
    { target: "/_rep/auth", method: "REPLY", data: { token: "x" }, req: 1 },
  ]
) {
  Deno.test(`C36: the REPLY ${JSON.stringify(frame)} from a client is ignored`, () => {
    const talk = new Conversation();
    for (const hasOptedIn of [false, true]) {
      const peer = talk.open({ hasOptedIn });
      peer.say(frame);
      assert.deepEqual(peer.texts(), []);
      assert.equal(peer.closeCode(), 0);
    }
    assert.equal(talk.submitted.length, 0);
  });
}

Deno.test("C37: the method of every answer is REPLY", () => {
  assert.equal(
    JSON.parse(replyFor(200, "application/json", "{}")).method,
    "REPLY",
  );
  assert.equal(JSON.parse(replyFor(500, "text/html", "")).method, "REPLY");
});

Deno.test("C38: req is there exactly when the frame had one", () => {
  const peer = new Conversation().open();
  peer.say({ target: "//x", method: "GET", req: false });
  assert.ok(peer.heardOne().req === false);
  peer.raw("broken");
  assert.ok(!("req" in peer.heardOne()));
});

for (
  const target of [
    "/a",
    "a",
    "/a?q=\u00e9",
    "/\ud83d\udc4d",
    "HTTPS://discord.com/a",
  ]
) {
  Deno.test(`C39: the target ${target} is echoed as it was received`, () => {
    const talk = new Conversation();
    const peer = talk.open();
    peer.say({ target, method: "GET", req: 1 });
    talk.answer(talk.last.id, 200, 1);
    assert.equal(peer.heardOne().target, target);
  });
}

Deno.test("C39: without a target that could be read the reply names error", () => {
  const peer = new Conversation().open();
  peer.say({ method: "GET", req: 1 });
  assert.equal(peer.heardOne().target, "error");
});

Deno.test("C40: data is an object with the status as a whole number", () => {
  for (const status of [200, 299, 304, 404, 599]) {
    const data = dataFor(status, "application/json", "[]");
    assert.equal(data.status, status);
  }
});

Deno.test("C41: a plain reply has no member beyond plain REP, whatever was asked", () => {
  const talk = new Conversation();
  const peer = talk.open();
  peer.say({
    target: "/a",
    method: "GET",
    req: 1,
    ack: 7,
    opts: { headers: true },
  });
  talk.answer(talk.last.id, 200, 1);
  const frame = peer.heardOne();
  assert.deepEqual(Object.keys(frame), ["target", "method", "data", "req"]);
  assert.deepEqual(Object.keys(frame.data), ["status", "data"]);
});

for (let status = 200; status <= 299; status += 33) {
  Deno.test(`C42: status ${status} has data and no error`, () => {
    const data = dataFor(status, "application/json", '{"a":1}');
    assert.deepEqual(Object.keys(data), ["status", "data"]);
  });
}

for (const status of [101, 199, 300, 304, 400, 404, 429, 500, 599]) {
  Deno.test(`C43: status ${status} has error and no data`, () => {
    const data = dataFor(status, "application/json", '{"a":1}');
    assert.deepEqual(data, { status, error: { a: 1 } });
  });
}

Deno.test("C44: data is null where there is no content", () => {
  assert.deepEqual(dataFor(204, undefined, undefined), {
    status: 204,
    data: null,
  });
  assert.deepEqual(dataFor(205, "application/json", "{}"), {
    status: 205,
    data: null,
  });
  assert.deepEqual(dataFor(200, "application/json", ""), {
    status: 200,
    data: null,
  });
  assert.deepEqual(dataFor(200, undefined, undefined), {
    status: 200,
    data: null,
  });
});

Deno.test("C45: error is null where upstream gave no body", () => {
  assert.deepEqual(dataFor(502, undefined, undefined), {
    status: 502,
    error: null,
  });
  assert.deepEqual(dataFor(404, "text/html", ""), { status: 404, error: null });
});

Deno.test("C46: the status is Discord's, not a blanket 200", () => {
  for (const status of [201, 202, 204, 403, 404, 503]) {
    assert.equal(dataFor(status, "application/json", "null").status, status);
  }
});

for (
  const text of [
    '{"id":"1","n":[1,null,{"x":true}]}',
    '"text"',
    "0",
    "null",
    "false",
    ' { "a" : 1 }\n',
    '{"id":123456789012345678}',
  ]
) {
  Deno.test(`C47: the JSON ${JSON.stringify(text)} crosses as the same value`, () => {
    const reply = replyFor(200, "application/json; charset=utf-8", text);
    assert.deepEqual(JSON.parse(reply).data.data, JSON.parse(text));
    if (text.includes("678")) assert.ok(reply.includes("123456789012345678"));
  });
}

for (
  const [what, type, body, expected] of [
    ["text", "text/csv; charset=utf-8", "a,b\n1,2", "a,b\n1,2"],
    ["HTML", "TEXT/HTML", "<b>é</b>", "<b>é</b>"],
    [
      "a body that claims JSON and is not",
      "application/json",
      "{oops",
      "{oops",
    ],
    ["JSON cut off", "application/json", '{"a":', '{"a":'],
    [
      "JSON that would end the frame",
      "application/json",
      'null}},"req":2',
      'null}},"req":2',
    ],
    ["a JSON subtype", "application/problem+json", '{"a":1}', { a: 1 }],
    ["an image", "image/png", new Uint8Array([0x89, 0x50]), {
      base64: "iVA=",
      contentType: "image/png",
    }],
    ["bytes without a type", undefined, new Uint8Array([1]), {
      base64: "AQ==",
      contentType: "application/octet-stream",
    }],
    ["text that is no UTF-8", "text/plain", new Uint8Array([0xff]), {
      base64: "/w==",
      contentType: "text/plain",
    }],
    [
      "JSON that is no UTF-8",
      "application/json",
      new Uint8Array([34, 0xff, 34]),
      { base64: "Iv8i", contentType: "application/json" },
    ],
  ] as const
) {
  Deno.test(`C47: ${what} becomes ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(dataFor(200, type, body).data, expected);
  });
}

Deno.test("C47: a body in a coding that nobody knows is not taken for text, and names it", () => {
  const data = dataFor(200, "application/json", new Uint8Array([31, 139]), [
    ["content-encoding", "rot13"],
  ]);
  assert.deepEqual(data.data, {
    base64: "H4s=",
    contentType: "application/json",
    contentEncoding: "rot13",
  });
});

Deno.test("C48: a 429 reaches the client only as the queue hands it on", () => {
  const theirs = {
    message: "You are being rate limited.",
    "retry_after": 0.5,
    global: false,
  };
  const data = dataFor(429, "application/json", JSON.stringify(theirs));
  assert.deepEqual(data, { status: 429, error: theirs });
});

for (
  const [code, status, sent] of [
    ["unreachable", 502, false],
    ["upstream_timeout", 504, null],
    ["outcome_unknown", 408, null],
    ["wait_too_long", 429, false],
    ["internal", 500, null],
    ["too_large", 413, false],
    ["deadline", 429, false],
    ["cancelled", 499, false],
  ] as const
) {
  Deno.test(`C49: ${code} has status ${status}, as over HTTP`, () => {
    const talk = new Conversation();
    const peer = talk.open();
    peer.say({ target: "/a", method: "GET", req: 1 });
    talk.refuse(talk.last.id, new Refusal(code, "Cannot do it"));
    const { data } = peer.heardOne();
    assert.equal(data.status, status);
    assert.equal(data.error.code, code);
    assert.equal(data.error.sent, sent);
  });
}

Deno.test("C50: what the proxy says itself has message, code, sent and nothing secret", () => {
  const talk = new Conversation();
  const peer = talk.open();
  peer.say({ target: "/a", method: "GET", req: 1 });
  const cause = new Error("Bot secret-token", { cause: "stack" });
  talk.refuse(
    talk.last.id,
    new Refusal("outcome_unknown", "Cannot tell", { cause, sent: true }),
  );
  assert.deepEqual(peer.heardOne().data.error, {
    message: "Cannot tell",
    code: "outcome_unknown",
    sent: true,
  });
});

Deno.test("C50: Discord's own errors pass untouched", () => {
  const theirs = '{"message":"Unknown Channel","code":10003}';
  const data = dataFor(404, "application/json", theirs);
  assert.deepEqual(data.error, JSON.parse(theirs));
});

Deno.test("C51: a refusal for load looks like Discord's 429", () => {
  for (const code of ["overloaded", "wait_too_long"] as const) {
    const talk = new Conversation();
    const peer = talk.open();
    peer.say({ target: "/a", method: "GET", req: 1 });
    const refusal = new Refusal(code, "Cannot wait", { retryAfterMs: 1_500 });
    talk.refuse(talk.last.id, refusal);
    assert.deepEqual(peer.heardOne().data, {
      status: 429,
      error: {
        message: "Cannot wait",
        code,
        sent: false,
        "retry_after": 1.5,
        global: false,
      },
    });
  }
});

Deno.test("C51: without a better word the client is told to wait a second", () => {
  const talk = new Conversation();
  const peer = talk.open();
  peer.say({ target: "/a", method: "GET", req: 1 });
  talk.refuse(talk.last.id, new Refusal("overloaded", "Cannot take it"));
  assert.equal(peer.heardOne().data.error.retry_after, 1);
});
