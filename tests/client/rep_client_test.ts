import assert from "node:assert/strict";
import { type Method, RepError } from "../../client/mod.ts";
import { failureOf, readyRigOf } from "./_rig.ts";

Deno.test("a request resolves with the data of its reply", async () => {
  const rig = await readyRigOf();
  const user = rig.client.get("/users/1");
  rig.answer(rig.sent(), { id: "1" });
  assert.deepEqual(await user, { id: "1" });
  await rig.client.close();
});

Deno.test("the five verbs go out in the protocol's own words, HTTP's too", async () => {
  const rig = await readyRigOf();
  const { client } = rig;
  const sent: Record<string, string> = {};
  const calls: Record<string, () => Promise<unknown>> = {
    get: () => client.get("/x"),
    create: () => client.create("/x"),
    update: () => client.update("/x"),
    delete: () => client.delete("/x"),
    action: () => client.action("/x"),
  };
  for (const method of ["GET", "PUT", "PATCH", "DELETE", "POST"] as Method[]) {
    calls[method] = () => client.request(method, "/x");
  }
  for (const [name, call] of Object.entries(calls)) {
    const answered = call();
    sent[name] = rig.sent().method;
    rig.answer(rig.sent());
    await answered;
  }
  assert.deepEqual(sent, {
    get: "GET",
    create: "CREATE",
    update: "UPDATE",
    delete: "DELETE",
    action: "ACTION",
    GET: "GET",
    PUT: "CREATE",
    PATCH: "UPDATE",
    DELETE: "DELETE",
    POST: "ACTION",
  });
  await client.close();
});

Deno.test("a method outside the list rejects and sends nothing", async () => {
  const rig = await readyRigOf();
  await assert.rejects(
    rig.client.request("FETCH" as Method, "/x"),
    /Cannot send the method "FETCH": use GET, /,
  );
  assert.equal(rig.socket.requests.length, 0);
  assert.equal(rig.client.pending, 0);
  await rig.client.close();
});

Deno.test("replies out of order reach the promises of their own requests", async () => {
  const rig = await readyRigOf();
  const one = rig.client.get("/1");
  const two = rig.client.get("/2");
  rig.answer(rig.sent(1), "two");
  rig.answer(rig.sent(0), "one");
  assert.deepEqual(await Promise.all([one, two]), ["one", "two"]);
  await rig.client.close();
});

Deno.test("a reply is matched by its req alone: its target may be anything", async () => {
  const rig = await readyRigOf();
  const user = rig.client.get("/users/1");
  const { req } = rig.sent();
  rig.answer({
    target: "",
    method: "REPLY",
    ...(req === undefined ? {} : { req }),
  }, 7);
  assert.equal(await user, 7);
  await rig.client.close();
});

Deno.test('a req of the caller\'s own keeps its type: 1 is not "1"', async () => {
  const rig = await readyRigOf();
  const number = rig.client.get("/n", { req: 1 });
  const text = rig.client.get("/t", { req: "1" });
  assert.deepEqual(rig.socket.requests.map(({ req }) => req), [1, "1"]);
  rig.answer(rig.sent(1), "text");
  rig.answer(rig.sent(0), "number");
  assert.deepEqual(await Promise.all([number, text]), ["number", "text"]);
  await rig.client.close();
});

Deno.test("a second request with a req that is still unanswered is refused", async () => {
  const rig = await readyRigOf();
  const first = rig.client.get("/a", { req: "mine" });
  await assert.rejects(
    rig.client.get("/b", { req: "mine" }),
    /Cannot use req "mine": it is still unanswered/,
  );
  rig.answer(rig.sent(), 1);
  assert.equal(await first, 1);
  await rig.client.close();
});

Deno.test("names of Object's prototype can be a req", async () => {
  const rig = await readyRigOf();
  const answers = ["__proto__", "constructor", "toString"].map((req) => {
    const answer = rig.client.get("/x", { req });
    rig.answer(rig.sent(), req);
    return answer;
  });
  assert.deepEqual(await Promise.all(answers), [
    "__proto__",
    "constructor",
    "toString",
  ]);
  await rig.client.close();
});

Deno.test("the generated reqs of two clients begin differently", async () => {
  const [one, other] = [await readyRigOf(), await readyRigOf()];
  void one.client.get("/x").catch(() => {});
  void other.client.get("/x").catch(() => {});
  assert.notEqual(one.sent().req, other.sent().req);
  assert.match(String(one.sent().req), /^[0-9a-f]{16}-1$/);
  await one.client.close();
  await other.client.close();
});

Deno.test("Discord's error rejects with its status, code and untouched body", async () => {
  const rig = await readyRigOf();
  const failed = rig.client.action("/channels/9/messages", {
    data: { content: "" },
    req: "m-1",
  });
  const body = { message: "Cannot send an empty message", code: 50006 };
  rig.refuse(rig.sent(), 400, body);
  const error = await failureOf(failed, RepError);
  assert.deepEqual({ ...error }, {
    name: "RepError",
    status: 400,
    error: body,
    code: 50006,
    retryAfterMs: undefined,
    sent: true,
    method: "ACTION",
    target: "/channels/9/messages",
    req: "m-1",
  });
  assert.equal(
    error.message,
    "ACTION /channels/9/messages was answered 400: Cannot send an empty message",
  );
  await rig.client.close();
});

Deno.test("the proxy's own error has its code, whether the request was sent, and how long to wait", async () => {
  const rig = await readyRigOf({ refusalRetries: 0 });
  for (const sent of [false, true, null]) {
    const failed = rig.client.get("/x");
    rig.refuse(rig.sent(), 429, {
      message: "too much",
      code: "overloaded",
      sent,
      retry_after: 1.5,
    });
    const error = await failureOf(failed, RepError);
    assert.equal(error.sent, sent);
    assert.equal(error.code, "overloaded");
    assert.equal(error.retryAfterMs, 1_500);
  }
  await rig.client.close();
});

Deno.test("an error body that is plain text stands in the message", async () => {
  const rig = await readyRigOf();
  const failed = rig.client.get("/x");
  rig.refuse(rig.sent(), 404, "Not Found");
  await assert.rejects(
    failed,
    /^RepError: GET \/x was answered 404: Not Found$/,
  );
  await rig.client.close();
});

Deno.test("raw resolves for every status, with headers", async () => {
  const rig = await readyRigOf();
  const good = rig.client.get("/x", { raw: true });
  assert.deepEqual(rig.sent().opts, { headers: true });
  rig.answer(rig.sent(), { a: 1 }, { headers: { date: "now" } });
  assert.deepEqual(await good, {
    status: 200,
    data: { a: 1 },
    headers: { date: "now" },
  });
  const bad = rig.client.get("/x", { raw: true });
  rig.refuse(rig.sent(), 404, { code: 10003 });
  assert.deepEqual(await bad, { status: 404, error: { code: 10003 } });
  await rig.client.close();
});

Deno.test("a reply without data resolves with null", async () => {
  const rig = await readyRigOf();
  const done = rig.client.delete("/x");
  rig.socket.say({
    method: "REPLY",
    req: rig.sent().req,
    data: { status: 204 },
  });
  assert.equal(await done, null);
  await rig.client.close();
});

Deno.test("the frame has every option of the request, and nothing else", async () => {
  const rig = await readyRigOf();
  const bare = rig.client.get("/bare");
  assert.deepEqual(Object.keys(rig.sent()), ["target", "method", "req"]);
  rig.answer(rig.sent());
  const full = rig.client.create("/guilds/1/bans/2", {
    data: { delete_message_seconds: 0 },
    reason: "spam, 3rd time",
    headers: { "x-custom": "1" },
    priority: 1,
    timeoutMs: 5_000,
    dedupe: true,
    req: "b-9",
  });
  assert.deepEqual(rig.sent(), {
    target: "/guilds/1/bans/2",
    method: "CREATE",
    data: { delete_message_seconds: 0 },
    headers: { "x-custom": "1" },
    req: "b-9",
    opts: {
      reason: "spam, 3rd time",
      priority: 1,
      dedupe: true,
      timeout: 5_000,
    },
  });
  rig.answer(rig.sent());
  await Promise.all([bare, full]);
  await rig.client.close();
});

Deno.test("falsy values are bodies; null and undefined are none", async () => {
  const rig = await readyRigOf();
  for (const data of [false, 0, "", [], {}]) {
    const done = rig.client.action("/x", { data });
    assert.deepEqual(rig.sent().data, data);
    rig.answer(rig.sent());
    await done;
  }
  for (const data of [null, undefined]) {
    const done = rig.client.action("/x", { data });
    assert.ok(!("data" in rig.sent()));
    rig.answer(rig.sent());
    await done;
  }
  await rig.client.close();
});

Deno.test("a change of data after the call changes nothing", async () => {
  const rig = await readyRigOf({}, { limits: { maxInFlight: 1 } });
  const data = { content: "before" };
  const first = rig.client.get("/first");
  const second = rig.client.action("/second", { data });
  data.content = "after";
  rig.answer(rig.sent());
  assert.deepEqual(rig.sent().data, { content: "before" });
  rig.answer(rig.sent());
  await Promise.all([first, second]);
  await rig.client.close();
});

Deno.test("data that is no JSON rejects its own request and no other", async () => {
  const rig = await readyRigOf();
  await assert.rejects(rig.client.action("/x", { data: { n: 1n } }), TypeError);
  const next = rig.client.get("/y");
  rig.answer(rig.sent(), 1);
  assert.equal(await next, 1);
  await rig.client.close();
});

Deno.test("data that JSON leaves out is refused here: nobody would get the reply to its frame", async () => {
  const rig = await readyRigOf();
  await assert.rejects(
    rig.client.action("/x", { data: () => {} }),
    { name: "TypeError", message: "Cannot send data that is a function" },
  );
  await assert.rejects(
    rig.client.get("/x", { req: NaN }),
    {
      name: "TypeError",
      message: "Cannot use req NaN: JSON has no such number",
    },
  );
  const file = { name: "a.txt", bytes: "text" as unknown as Uint8Array };
  await assert.rejects(
    rig.client.action("/x", { files: [file] }),
    { message: 'Cannot send file "a.txt": bytes is no Uint8Array' },
  );
  assert.equal(rig.socket.requests.length, 0);
  assert.equal(rig.client.pending, 0);
  await rig.client.close();
});

Deno.test("a codec of the caller's own keeps integers beyond 2^53", async () => {
  // The runtime's own lossless tools, too new for the library to rely on.
  const modern = JSON as unknown as {
    parse(
      text: string,
      revive: (key: string, value: unknown, at: { source?: string }) => unknown,
    ): unknown;
    rawJSON(text: string): unknown;
  };
  const rig = await readyRigOf({
    json: {
      parse: (text) =>
        modern.parse(
          text,
          (_key, value, { source }) =>
            typeof value === "number" && !Number.isSafeInteger(value) &&
              source !== undefined
              ? BigInt(source)
              : value,
        ),
      stringify: (value) =>
        JSON.stringify(
          value,
          (_key, member) =>
            typeof member === "bigint" ? modern.rawJSON(`${member}`) : member,
        ),
    },
  });
  const exact = 123_456_789_012_345_678n;
  const done = rig.client.action("/x", { data: { id: exact } });
  assert.ok(String(rig.socket.sent.at(-1)).includes(`"id":${exact}`));
  const { req } = rig.sent();
  rig.socket.say(
    `{"method":"REPLY","req":"${req}","data":{"status":200,"data":{"id":${exact}}}}`,
  );
  assert.deepEqual(await done, { id: exact });
  await rig.client.close();
});

Deno.test("notify sends a frame without req and waits for nothing", async () => {
  const rig = await readyRigOf();
  rig.client.notify("ACTION", "/channels/9/typing");
  assert.deepEqual(rig.sent(), {
    target: "/channels/9/typing",
    method: "ACTION",
  });
  assert.equal(rig.client.pending, 0);
  await rig.client.idle();
  await rig.client.close();
});

Deno.test("frames that the client does not understand change nothing", async () => {
  const rig = await readyRigOf();
  const done = rig.client.get("/x");
  const nonsense = [
    "not json",
    "[]",
    "null",
    "7",
    '{"method":"REPLY"}',
    '{"method":"REPLY","data":null}',
    '{"method":"REPLY","data":{"status":"200"}}',
    '{"method":"GET","target":"/x","req":1}',
    '{"method":"ACTION","target":"/_rep/notice"}',
    '{"method":"REPLY","req":{"job":3},"data":{"status":200,"data":1}}',
    '{"method":"REPLY","req":"stranger","data":{"status":200,"data":1}}',
  ];
  for (const frame of nonsense) rig.socket.say(frame);
  assert.equal(rig.client.pending, 1);
  rig.answer(rig.sent(), 1);
  assert.equal(await done, 1);
  assert.deepEqual(rig.told("error"), []);
  await rig.client.close();
});

Deno.test("a REPLY to an unreadable frame becomes an error event", async () => {
  const rig = await readyRigOf();
  rig.socket.say({
    target: "error",
    method: "REPLY",
    data: { status: 400, error: { message: "Invalid request" } },
  });
  const [told] = rig.told("error");
  assert.match(
    String(told?.[1]),
    /could not read a frame: 400 Invalid request$/,
  );
  await rig.client.close();
});

Deno.test("a binary frame with JSON in it is read like text", async () => {
  const rig = await readyRigOf();
  const done = rig.client.get("/x");
  const text = JSON.stringify({
    method: "REPLY",
    req: rig.sent().req,
    data: { status: 200, data: 1 },
  });
  const data = new TextEncoder().encode(text).buffer;
  rig.socket.fire("message", { data });
  assert.equal(await done, 1);
  await rig.client.close();
});
