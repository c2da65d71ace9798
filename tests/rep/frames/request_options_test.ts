import assert from "node:assert/strict";
import { headerOf } from "../../../rest/domain/headers.ts";
import { Refusal } from "../../../rest/domain/refusal.ts";
import type { ProxyRequest } from "../../../rest/domain/request.ts";
import { Conversation, type Peer, type Said } from "../_conversation.ts";

const WRITE = { target: "/a", method: "ACTION", data: { a: 1 }, req: "r" };

/** The request a frame comes to, or the message of its refusal. */
function requestOf(
  change: object,
  allowedHeaders: readonly string[] = [],
): ProxyRequest | string {
  const talk = new Conversation({
    settings: { allowedHeaders: new Set(allowedHeaders) },
  });
  const peer = talk.open();
  peer.say({ ...WRITE, ...change });
  const [submitted] = talk.submitted;
  if (submitted !== undefined) return submitted.request;
  const { status, error } = peer.heardOne().data;
  assert.deepEqual([status, error.code, error.sent], [400, "bad_data", false]);
  return error.message;
}

function headersOf(change: object, allowed: readonly string[] = []): object {
  const request = requestOf(change, allowed);
  if (typeof request === "string") return { refused: request };
  const all = Object.fromEntries(request.headers);
  delete all["content-type"];
  delete all["accept-encoding"];
  return all;
}

function cancel(peer: Peer, req: unknown): Said[] {
  peer.say({
    target: "/_rep/cancel",
    method: "ACTION",
    data: { req },
    req: "c",
  });
  return peer.heard();
}

Deno.test("D1: a queued request is taken back: it gets 499, the cancel 200", () => {
  for (const talk of [new Conversation()]) {
    const peer = talk.open();
    peer.say(WRITE);
    assert.deepEqual(cancel(peer, "r"), [
      {
        target: "/a",
        method: "REPLY",
        data: {
          status: 499,
          error: {
            message: "Request was taken back before it was sent",
            code: "cancelled",
            sent: false,
          },
        },
        req: "r",
      },
      {
        target: "/_rep/cancel",
        method: "REPLY",
        data: { status: 200, data: { cancelled: true } },
        req: "c",
      },
    ]);
    talk.refuse(talk.last.id, new Refusal("cancelled", "Taken back"));
    assert.deepEqual(peer.texts(), []);
  }
});

Deno.test("D1: in a session the 499 is a reply like any other", () => {
  const talk = new Conversation();
  const peer = talk.openSession("s");
  peer.heard();
  peer.say(WRITE);
  assert.deepEqual(cancel(peer, "r").map(({ seq }) => seq), [1, undefined]);
});

for (const state of ["sent", "done"] as const) {
  Deno.test(`D1: a request that is ${state} is not taken back and answered normally`, () => {
    const talk = new Conversation();
    talk.cancelOutcome = state;
    const peer = talk.open();
    peer.say(WRITE);
    const [reply] = cancel(peer, "r");
    assert.deepEqual(reply.data.data, { cancelled: false, state });
    talk.answer(talk.last.id, 200, 1);
    assert.equal(peer.heardOne().req, "r");
  });
}

Deno.test("D1: a request that has its reply is done in a session, unknown on a plain connection", () => {
  const talk = new Conversation();
  for (
    const [peer, state] of [[talk.openSession("s"), "done"], [
      talk.open(),
      "unknown",
    ]] as const
  ) {
    peer.say(WRITE);
    talk.answer(talk.last.id, 200, 1);
    peer.heard();
    assert.deepEqual(cancel(peer, "r")[0].data.data, {
      cancelled: false,
      state,
    });
  }
});

Deno.test("D1: a req is found by its JSON value, whatever its type", () => {
  const talk = new Conversation();
  const peer = talk.open();
  for (const req of [{ job: 3 }, 7, "7"]) peer.say({ ...WRITE, req });
  assert.equal(cancel(peer, "8")[0].data.data.state, "unknown");
  assert.equal(cancel(peer, { job: 3 })[0].data.status, 499);
  assert.deepEqual(cancel(peer, "7")[0].req, "7");
  assert.deepEqual(cancel(peer, 7)[0].req, 7);
});

Deno.test("D1: one connection cannot take back what another one asked for", () => {
  const talk = new Conversation();
  talk.open().say(WRITE);
  assert.equal(cancel(talk.open(), "r")[0].data.data.state, "unknown");
});

Deno.test("D1: a cancel without a req of its own is done in silence", () => {
  const talk = new Conversation();
  const peer = talk.open();
  peer.say(WRITE);
  peer.say({ target: "/_rep/cancel", method: "ACTION", data: { req: "r" } });
  assert.equal(peer.heardOne().data.status, 499);
});

Deno.test("D1: a cancel that names no req is refused", () => {
  const peer = new Conversation().open();
  for (const data of [undefined, null, {}, { req: null }, [1]]) {
    peer.say({ target: "/_rep/cancel", method: "ACTION", data, req: "c" });
    assert.equal(peer.heardOne().data.error.code, "bad_data");
  }
});

Deno.test("D2: opts.timeout is how long the request may wait until it leaves", () => {
  const request = requestOf({ opts: { timeout: 3_000 } });
  assert.ok(typeof request !== "string");
  assert.equal(request.leaveWithinMs, 3_000);
});

Deno.test("D2: a request whose deadline passed gets 429 deadline", () => {
  const talk = new Conversation();
  const peer = talk.open();
  peer.say({ ...WRITE, opts: { timeout: 10 } });
  talk.refuse(
    talk.last.id,
    new Refusal("deadline", "Deadline passed while waiting"),
  );
  assert.deepEqual(peer.heardOne().data, {
    status: 429,
    error: {
      message: "Deadline passed while waiting",
      code: "deadline",
      sent: false,
      retry_after: 1,
      global: false,
    },
  });
});

for (const timeout of [-1, "5", {}, true]) {
  Deno.test(`D2: the timeout ${JSON.stringify(timeout)} is refused`, () => {
    assert.match(String(requestOf({ opts: { timeout } })), /opts.timeout/);
  });
}

for (const priority of [0, 3, 7]) {
  Deno.test(`D3: opts.priority ${priority} is the urgency of the request`, () => {
    const request = requestOf({ opts: { priority } });
    assert.ok(typeof request !== "string");
    assert.equal(request.urgency, priority);
  });
}

for (const priority of [-1, 8, 1.5, "1", []]) {
  Deno.test(`D3: the priority ${JSON.stringify(priority)} is refused`, () => {
    assert.match(String(requestOf({ opts: { priority } })), /opts.priority/);
  });
}

Deno.test("E1: only the audit reason and what the operator allows cross", () => {
  const headers = {
    "X-Audit-Log-Reason": "spam",
    "x-allowed": "yes",
    "X-Other": "no",
    "authorization": "Bot stolen",
    "Cookie": "a=b",
    "host": "evil.test",
    "content-type": "text/plain",
    "Content-Length": "1",
    "user-agent": "me",
    "connection": "close",
    "transfer-encoding": "chunked",
    "__proto__": "x",
  };
  assert.deepEqual(headersOf({ headers }, ["x-allowed"]), {
    "x-audit-log-reason": "spam",
    "x-allowed": "yes",
  });
});

Deno.test("E1: not even the operator can let the dangerous ones cross", () => {
  const names = [
    "authorization",
    "cookie",
    "host",
    "content-type",
    "content-length",
    "user-agent",
    "connection",
    "keep-alive",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-rest-authorization",
    "traceparent",
    "baggage",
    "x-datadog-trace-id",
  ];
  const headers = Object.fromEntries(names.map((name) => [name, "x"]));
  assert.deepEqual(headersOf({ headers }, names), {});
});

Deno.test("C47: every request asks Discord for a body without codings, whatever its frame or the operator says", () => {
  const headers = { "Accept-Encoding": "gzip" };
  for (const change of [{}, { headers }, { method: "DELETE" }]) {
    const request = requestOf(change, ["accept-encoding"]);
    assert.ok(typeof request !== "string");
    const asked = request.headers.filter(([name]) =>
      name === "accept-encoding"
    );
    assert.deepEqual(asked, [["accept-encoding", "identity"]]);
  }
});

for (const value of ["a\r\nb", "a\nb", "a\0b", 1, null, ["a"]]) {
  Deno.test(`E1: the header value ${JSON.stringify(value)} is refused`, () => {
    for (const name of ["x-audit-log-reason", "x-other"]) {
      assert.match(
        String(requestOf({ headers: { [name]: value } })),
        /headers/,
      );
    }
  });
}

for (const headers of ["x", 1, [], true]) {
  Deno.test(`E1: headers that are ${JSON.stringify(headers)} are refused`, () => {
    assert.match(String(requestOf({ headers })), /headers must be an object/);
    assert.match(
      String(requestOf({ opts: headers })),
      /opts must be an object/,
    );
  });
}

Deno.test("E1: a value that cannot stand in a header is refused if it would cross", () => {
  assert.match(
    String(requestOf({ headers: { "x-audit-log-reason": "причина" } })),
    /percent-encoded/,
  );
  assert.deepEqual(headersOf({ headers: { "x-other": "причина" } }), {});
});

Deno.test("E2: opts.reason is percent-encoded into the audit header", () => {
  assert.deepEqual(headersOf({ opts: { reason: "спам, 3rd time\r\n👍" } }), {
    "x-audit-log-reason":
      "%D1%81%D0%BF%D0%B0%D0%BC%2C%203rd%20time%0D%0A%F0%9F%91%8D",
  });
});

Deno.test("E2: the raw header wins over opts.reason", () => {
  const frame = {
    headers: { "X-Audit-Log-Reason": "raw" },
    opts: { reason: "plain" },
  };
  assert.deepEqual(headersOf(frame), { "x-audit-log-reason": "raw" });
});

Deno.test("E2: a reason has 1 to 512 characters", () => {
  const reasonOf = (reason: unknown) => headersOf({ opts: { reason } });
  for (const reason of ["x", "x".repeat(512), "👍".repeat(512)]) {
    assert.ok("x-audit-log-reason" in reasonOf(reason));
  }
  for (const reason of ["", "x".repeat(513), "👍".repeat(513), 5, {}]) {
    assert.ok("refused" in reasonOf(reason));
  }
});

Deno.test("E3: with opts.headers a client that opted in sees Discord's limit headers", () => {
  const talk = new Conversation();
  const peer = talk.open({ hasOptedIn: true });
  peer.say({ ...WRITE, opts: { headers: true } });
  const body = new TextEncoder().encode("1");
  talk.answerRaw(talk.last.id, 200, "application/json", body, [
    ["x-ratelimit-remaining", "4"],
    ["x-ratelimit-bucket", "abcd"],
    ["retry-after", "1"],
    ["date", "now"],
    ["set-cookie", "secret"],
    ["via", "1.1 google"],
  ]);
  assert.deepEqual(peer.heardOne().headers, {
    "content-type": "application/json",
    "x-ratelimit-remaining": "4",
    "x-ratelimit-bucket": "abcd",
    "retry-after": "1",
    "date": "now",
  });
});

Deno.test("E3: a session's reply keeps its headers until it is delivered", () => {
  const talk = new Conversation();
  const peer = talk.openSession("s");
  peer.say({ ...WRITE, opts: { headers: true } });
  peer.vanish();
  talk.answer(talk.last.id, 200, 1);
  const [, frame] = talk.openSession("s").heard();
  assert.deepEqual(frame.headers, { "content-type": "application/json" });
});

function textOf(request: ProxyRequest | string): string {
  assert.ok(typeof request !== "string", String(request));
  assert.equal(
    headerOf(request.headers, "content-type"),
    "multipart/form-data; boundary=BOUNDARY",
  );
  return new TextDecoder().decode(request.body);
}

Deno.test("E4: files in base64 become a form with payload_json first", () => {
  const text = textOf(requestOf({
    files: [
      { name: "a.txt", type: "text/plain", base64: "aGk=" },
      { name: 'b".bin\r\n', base64: "" },
    ],
  }));
  assert.equal(
    text,
    [
      "--BOUNDARY",
      'content-disposition: form-data; name="payload_json"',
      "content-type: application/json",
      "",
      '{"a":1}',
      "--BOUNDARY",
      'content-disposition: form-data; name="files[0]"; filename="a.txt"',
      "content-type: text/plain",
      "",
      "hi",
      "--BOUNDARY",
      'content-disposition: form-data; name="files[1]"; filename="b%22.bin%0D%0A"',
      "content-type: application/octet-stream",
      "",
      "",
      "--BOUNDARY--",
      "",
    ].join("\r\n"),
  );
});

Deno.test("E4: the form is one a parser of forms reads back", async () => {
  const request = requestOf({
    data: { content: "é", big: 1 },
    files: [{ name: "ü.txt", type: "text/plain", base64: "w6k=" }],
  });
  const type = "multipart/form-data; boundary=BOUNDARY";
  const form = await new Response(new TextEncoder().encode(textOf(request)), {
    headers: { "content-type": type },
  }).formData();
  assert.equal(form.get("payload_json"), '{"content":"é","big":1}');
  const file = form.get("files[0]");
  assert.ok(file instanceof File);
  assert.deepEqual([file.name, file.type, await file.text()], [
    "ü.txt",
    "text/plain",
    "é",
  ]);
});

Deno.test("E4: without data there is no payload_json, without files no form", () => {
  const files = [{ name: "a", base64: "aGk=" }];
  assert.doesNotMatch(textOf(requestOf({ data: null, files })), /payload_json/);
  const request = requestOf({ files: [] });
  assert.ok(typeof request !== "string");
  assert.equal(headerOf(request.headers, "content-type"), "application/json");
});

for (
  const files of [
    "x",
    {},
    [1],
    [null],
    [{ base64: "aGk=" }],
    [{ name: "", base64: "aGk=" }],
    [{ name: "a" }],
    [{ name: "a", base64: "!" }],
    [{ name: "a", base64: "a" }],
    [{ name: "a", base64: 5 }],
    [{ name: "a", base64: "aGk=", type: "text/plain\r\nx: y" }],
    [{ name: "a", base64: "aGk=", type: "text" }],
    [{ name: "a", base64: "aGk=", type: 5 }],
    [{ name: "a", size: 0 }],
  ]
) {
  Deno.test(`E4: the files ${JSON.stringify(files)} are refused`, () => {
    assert.match(String(requestOf({ files })), /^Invalid files/);
  });
}

Deno.test("E4: a GET takes no files", () => {
  const files = [{ name: "a", base64: "aGk=" }];
  assert.match(
    String(requestOf({ method: "GET", data: null, files })),
    /a GET takes none/,
  );
});

/** A binary file frame of this JSON with these bytes behind it. */
function fileFrame(
  frame: unknown,
  tail: readonly number[],
): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(
    typeof frame === "string" ? frame : JSON.stringify(frame),
  );
  const bytes = new Uint8Array(4 + json.length + tail.length);
  new DataView(bytes.buffer).setUint32(0, json.length);
  bytes.set(json, 4);
  bytes.set(tail, 4 + json.length);
  return bytes;
}

Deno.test("E5: files come in one binary frame, their bytes one after the other", () => {
  const talk = new Conversation();
  const peer = talk.open({ hasOptedIn: true });
  const files = [
    { name: "a", type: "text/plain", size: 2 },
    { name: "empty", size: 0 },
    { name: "b", size: 1 },
  ];
  peer.raw(fileFrame({ ...WRITE, files }, [104, 105, 33]));
  const parts = textOf(talk.last.request).split("--BOUNDARY").slice(2, 5);
  assert.deepEqual(parts.map((part) => part.split("\r\n\r\n")[1]), [
    "hi\r\n",
    "\r\n",
    "!\r\n",
  ]);
});

Deno.test("E5: a file frame without files is the frame itself", () => {
  const talk = new Conversation();
  talk.open({ hasOptedIn: true }).raw(fileFrame(WRITE, []));
  assert.equal(new TextDecoder().decode(talk.last.request.body), '{"a":1}');
});

for (
  const [what, files, tail] of [
    ["too few bytes", [{ name: "a", size: 3 }], [1, 2]],
    ["too many bytes", [{ name: "a", size: 1 }], [1, 2]],
    ["bytes that no file names", [], [1]],
    ["bytes without files", undefined, [1]],
    ["a size that is no number", [{ name: "a", size: "1" }], [1]],
    ["a negative size", [{ name: "a", size: -1 }], []],
    ["a broken size", [{ name: "a", size: 0.5 }], [1]],
    ["base64 in place of a size", [{ name: "a", base64: "aGk=" }], [1]],
  ] as const
) {
  Deno.test(`E5: a file frame with ${what} is refused, its req echoed`, () => {
    const talk = new Conversation();
    const peer = talk.open({ hasOptedIn: true });
    peer.raw(fileFrame({ ...WRITE, files }, tail));
    const frame = peer.heardOne();
    assert.equal(frame.data.status, 400);
    assert.equal(frame.req, "r");
    assert.equal(talk.submitted.length, 0);
  });
}

for (
  const [what, bytes] of [
    ["is cut off in its length", new Uint8Array([0, 0, 1])],
    ["is cut off in its JSON", new Uint8Array([0, 0, 0, 9, 123])],
    ["has no JSON", new Uint8Array([0, 0, 0, 0])],
    ["has broken JSON", fileFrame("{]", [])],
    ["has JSON that is no object", fileFrame("[]", [])],
  ] as const
) {
  Deno.test(`E5: a file frame that ${what} is malformed`, () => {
    const peer = new Conversation().open({ hasOptedIn: true });
    peer.raw(bytes);
    assert.equal(peer.heardOne().data.error.code, "bad_frame");
  });
}

Deno.test("E5: the bytes of the files count when a req is re-sent", () => {
  const talk = new Conversation();
  const peer = talk.openSession("s");
  peer.heard();
  const frame = { ...WRITE, files: [{ name: "a", size: 1 }] };
  peer.raw(fileFrame(frame, [1]));
  peer.raw(fileFrame(frame, [1]));
  assert.deepEqual(peer.texts(), []);
  peer.raw(fileFrame(frame, [2]));
  assert.equal(peer.heardOne().data.status, 422);
});

Deno.test("E6: files above the frame limit have no way in here", () => {
  const talk = new Conversation({ limits: { maxPayloadBytes: 1_000 } });
  const peer = talk.open({ hasOptedIn: true });
  const files = [{ name: "a", size: 1_000 }];
  peer.raw(fileFrame({ ...WRITE, files }, new Array(1_000).fill(1)));
  assert.equal(peer.closeCode(), 1009);
});

Deno.test("E7: a binary answer comes in base64 to those who opted in too", () => {
  const talk = new Conversation();
  const peer = talk.open({ hasOptedIn: true });
  peer.say({ target: "/a.png", method: "GET", req: 1 });
  talk.answerRaw(talk.last.id, 200, "image/png", new Uint8Array([1, 2, 3]));
  assert.deepEqual(peer.heardOne().data.data, {
    base64: "AQID",
    contentType: "image/png",
  });
});
