/** A real discordeno manager over REP. */
import assert from "node:assert/strict";
import { overRep } from "../../client/discordeno.ts";
import { createRestManager, type RestManager } from "../../deps.ts";
import { readyRigOf, type Rig } from "./_rig.ts";

/** Looks like a token and is none: the id in front is all that is read. */
const TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.x.y";

Deno.test("a typed helper goes over REP and comes back in camelCase, ids untouched", async () => {
  const { rest, rig } = await bot();
  const message = rest.sendMessage("9", { content: "hi" });
  assert.deepEqual(rig.sent(), {
    // The bare question mark is discordeno's own.
    target: "/v10/channels/9/messages?",
    method: "ACTION",
    data: { content: "hi" },
    req: rig.sent().req,
  });
  rig.answer(rig.sent(), { id: "77", channel_id: "9", content: "hi" });
  const { id, channelId } = await message;
  assert.deepEqual([id, channelId], ["77", "9"]);
  await rig.client.close();
});

Deno.test("each of discordeno's five verbs goes over REP, its queries with it", async () => {
  const { rest, rig } = await bot();
  const calls: [() => Promise<unknown>, verb: string, target: string][] = [
    [
      () => rest.getMessages("9", { limit: 5 }),
      "GET",
      "/v10/channels/9/messages?&limit=5",
    ],
    [
      () => rest.editMessage("9", "8", { content: "x" }),
      "UPDATE",
      "/v10/channels/9/messages/8",
    ],
    [
      () => rest.deleteMessage("9", "8"),
      "DELETE",
      "/v10/channels/9/messages/8",
    ],
    [
      () => rest.addRole("1", "2", "3"),
      "CREATE",
      "/v10/guilds/1/members/2/roles/3",
    ],
    [
      () => rest.triggerTypingIndicator("9"),
      "ACTION",
      "/v10/channels/9/typing",
    ],
  ];
  for (const [call, verb, target] of calls) {
    const done = call();
    assert.deepEqual([rig.sent().method, rig.sent().target], [verb, target]);
    rig.answer(rig.sent(), null);
    await done;
  }
  await rig.client.close();
});

Deno.test("an audit log reason travels as plain text: the proxy encodes it", async () => {
  const { rest, rig } = await bot();
  const done = rest.banMember("1", "2", {}, "spam, 3rd time ü");
  assert.deepEqual(rig.sent().opts, { reason: "spam, 3rd time ü" });
  rig.answer(rig.sent(), null);
  await done;
  await rig.client.close();
});

Deno.test("bigints and camelCase are turned into Discord's format", async () => {
  const { rest, rig } = await bot();
  const done = rest.sendMessage(9n, {
    content: "x",
    allowedMentions: { users: [123456789012345678n] },
  });
  assert.deepEqual(rig.sent().data, {
    content: "x",
    allowed_mentions: { users: ["123456789012345678"] },
  });
  rig.answer(rig.sent(), {});
  await done;
  await rig.client.close();
});

Deno.test("no content is undefined, as discordeno's users know it", async () => {
  const { rest, rig } = await bot();
  const done = rest.makeRequest("DELETE", "/channels/9/messages/8");
  rig.answer(rig.sent(), null);
  assert.equal(await done, undefined);
  await rig.client.close();
});

Deno.test("Discord's error has discordeno's shape: status and body text in its cause", async () => {
  const { rest, rig } = await bot();
  const done = rest.getMessage("9", "8");
  const body = { message: "Unknown Message", code: 10008 };
  rig.refuse(rig.sent(), 404, body);
  await assert.rejects(done, {
    message: "Could not finish GET /channels/9/messages/8",
    cause: { ok: false, status: 404, body: JSON.stringify(body) },
  });
  await rig.client.close();
});

Deno.test("the stack of a failure shows who asked", async () => {
  const { rest, rig } = await bot();
  const done = askedByMe();
  rig.refuse(rig.sent(), 404, {});
  const error = await done.catch((thrown: Error) => thrown);
  assert.match(error.stack ?? "", /askedByMe/);
  await rig.client.close();

  function askedByMe(): Promise<Error> {
    return rest.makeRequest<Error>("GET", "/x");
  }
});

Deno.test("a closed connection is status 999 with the reason", async () => {
  const { rest, rig } = await bot();
  const done = rest.getMessage("9", "8");
  rig.socket.end(4403, "refused");
  await assert.rejects(done, {
    cause: {
      ok: false,
      status: 999,
      error:
        "Could not finish GET /v10/channels/9/messages/8: closed with 4403 refused",
    },
  });
  await rig.client.close();
});

Deno.test("files go as files, and a message behind them stays behind them", async () => {
  const { rest, rig } = await bot();
  const withFile = rest.sendMessage("9", {
    content: "first",
    files: [{ name: "a.txt", blob: new Blob(["hi"], { type: "text/plain" }) }],
  });
  const without = rest.sendMessage("9", { content: "second" });
  assert.equal(rig.socket.sent.length, 1);
  // Reading a Blob is work of the runtime's: no clock of ours brings it.
  await untilSent(rig, 3);
  const [, first, second] = rig.socket.sent;
  assert.ok(first instanceof ArrayBuffer);
  const length = new DataView(first).getUint32(0);
  const json = JSON.parse(
    new TextDecoder().decode(first.slice(4, 4 + length)),
  );
  assert.deepEqual(json.data, { content: "first" });
  assert.deepEqual(json.files, [{
    name: "a.txt",
    type: "text/plain",
    size: 2,
  }]);
  assert.match(String(second), /"content":"second"/);
  rig.answer(json, {});
  rig.answer(rig.sent(), {});
  await Promise.all([withFile, without]);
  await rig.client.close();
});

Deno.test("a file that cannot be read fails its own message and not the next", async () => {
  const { rest, rig } = await bot();
  const broken = {
    type: "",
    arrayBuffer: () => Promise.reject(new Error("unreadable")),
  } as unknown as Blob;
  const failed = rest.sendMessage("9", {
    content: "a",
    files: [{ name: "a", blob: broken }],
  });
  const next = rest.sendMessage("9", { content: "b" });
  await assert.rejects(failed, {
    cause: { ok: false, status: 999, error: "unreadable" },
  });
  await untilSent(rig, 2);
  rig.answer(rig.sent(), {});
  await next;
  await rig.client.close();
});

Deno.test("an interaction's answer goes over REP without a token of its own", async () => {
  const { rest, rig } = await bot();
  const done = rest.sendInteractionResponse("1", "token", { type: 4 });
  assert.equal(
    rig.sent().target,
    "/v10/interactions/1/token/callback?with_response=false",
  );
  assert.equal(rig.sent().headers, undefined);
  rig.answer(rig.sent(), null);
  await done;
  await rig.client.close();
});

/** What no frame can carry. */
const HTTP_ONLY: [
  what: string,
  call: (rest: RestManager) => Promise<unknown>,
][] = [
  ["a form", (rest) =>
    rest.createGuildSticker("1", {
      name: "s",
      description: "d",
      tags: "t",
      file: { name: "s.png", blob: new Blob(["x"]) },
    })],
  ["a token of its own", (rest) => rest.getCurrentAuthenticationInfo("bearer")],
  ["an OAuth2 exchange", (rest) => rest.revokeToken("1", "s", { token: "t" })],
];

for (const [what, call] of HTTP_ONLY) {
  Deno.test(`${what} goes over HTTP to the proxy when the manager knows it`, async () => {
    const paths: string[] = [];
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      (request) => {
        paths.push(new URL(request.url).pathname);
        return Response.json({});
      },
    );
    const baseUrl = `http://127.0.0.1:${server.addr.port}`;
    const { rest, rig } = await bot({ baseUrl, authorization: "key" });
    await call(rest);
    assert.equal(paths.length, 1);
    assert.equal(rig.socket.requests.length, 0);
    await rig.client.close();
  });

  Deno.test(`${what} without the proxy option fails and says what to do`, async () => {
    const { rest, rig } = await bot();
    const error = await call(rest).catch((thrown) => thrown);
    assert.match(
      (error as { cause: { error: string } }).cause.error,
      /give createRestManager `proxy: \{ baseUrl, authorization \}`/,
    );
    await rig.client.close();
  });
}

Deno.test("a file above the frame limit goes over HTTP when it can", async () => {
  let received = 0;
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      received = (await request.bytes()).length;
      return Response.json({ id: "1" });
    },
  );
  const baseUrl = `http://127.0.0.1:${server.addr.port}`;
  const { rest, rig } = await bot({ baseUrl, authorization: "key" });
  const blob = new Blob([new Uint8Array(2_000_000)]);
  const { id } = await rest.sendMessage("9", {
    content: "big",
    files: [{ name: "a", blob }],
  });
  assert.equal(id, "1");
  assert.ok(received > 2_000_000);
  await rig.client.close();
});

Deno.test("what is put into discordeno's queue directly goes over REP too", async () => {
  const { rest, rig } = await bot();
  for (const hook of [rest.processRequest, rest.sendRequest]) {
    const settled: unknown[] = [];
    const ask = () =>
      hook({
        method: "GET",
        route: "/users/@me",
        retryCount: 0,
        resolve: (answer) => void settled.push(answer),
        reject: (failure) => void settled.push(failure),
      });
    const good = ask();
    rig.answer(rig.sent(), { id: "1" });
    await good;
    const bad = ask();
    rig.refuse(rig.sent(), 404, { code: 0 });
    await bad;
    assert.deepEqual(settled, [
      { ok: true, status: 200, body: '{"id":"1"}' },
      { ok: false, status: 404, body: '{"code":0}' },
    ]);
  }
  await rig.client.close();
});

async function bot(
  proxy?: { baseUrl: string; authorization: string },
): Promise<{ rest: RestManager; rig: Rig }> {
  const rig = await readyRigOf();
  const silence = () => {};
  const rest = createRestManager({
    token: TOKEN,
    logger: {
      debug: silence,
      info: silence,
      warn: silence,
      error: silence,
      fatal: silence,
    },
    ...(proxy === undefined ? {} : { proxy }),
  });
  return { rest: overRep(rest, rig.client), rig };
}

/** Gives the runtime turns until this many frames were sent. */
async function untilSent(rig: Rig, count: number): Promise<void> {
  for (let turn = 0; turn < 200 && rig.socket.sent.length < count; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  assert.equal(rig.socket.sent.length, count);
}
