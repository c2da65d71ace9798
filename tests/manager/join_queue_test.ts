import assert from "node:assert/strict";
import { headerOf } from "../../rest/domain/headers.ts";
import { Refusal } from "../../rest/domain/refusal.ts";
import { USER_AGENT } from "../../rest/manager/join_queue.ts";
import { answerOf, streamOf } from "../dispatcher/_builders.ts";
import { BOT, causeOf, managerOf, TOKEN } from "./_builders.ts";
import { createScriptedSubmitter } from "./_scripted_submitter.ts";

function benchOf(status: number, text?: string) {
  const submitter = createScriptedSubmitter(
    answerOf(status, text === undefined ? {} : { text }),
  );
  return { submitter, manager: managerOf(submitter) };
}

function textOf(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}

Deno.test("a typed read becomes one request of the bot's", async () => {
  const { submitter, manager } = benchOf(200, '{"id":"7","global_name":"a"}');
  const user = await manager.getUser(7n);
  assert.equal(user.globalName, "a");
  assert.equal(submitter.requests.length, 1);
  const { last } = submitter;
  assert.equal(last.method, "GET");
  assert.deepEqual(last.target, { version: 10, path: "/users/7", query: "" });
  assert.equal(last.route.label, "GET /users/{user_id}");
  assert.equal(last.identity, BOT);
  assert.equal(last.caller, "manager");
  assert.equal(last.urgency, 3);
  assert.equal(last.body, undefined);
  // Its own agent is one that Discord takes, and crosses as it is.
  const [discordeno] = USER_AGENT.split(" Sluice/");
  assert.deepEqual(last.headers, [["user-agent", discordeno]]);
});

Deno.test("a typed write crosses as JSON in Discord's spelling", async () => {
  const { submitter, manager } = benchOf(200, '{"id":"1"}');
  await manager.sendMessage(5n, {
    content: "hello",
    messageReference: { messageId: 9n, failIfNotExists: false },
  });
  const { last } = submitter;
  assert.equal(last.method, "POST");
  assert.equal(last.target.path, "/channels/5/messages");
  assert.equal(headerOf(last.headers, "content-type"), "application/json");
  assert.deepEqual(JSON.parse(textOf(last.body)), {
    content: "hello",
    message_reference: { message_id: "9", fail_if_not_exists: false },
  });
});

Deno.test("files cross as multipart with the boundary its header names", async () => {
  const { submitter, manager } = benchOf(200, '{"id":"1"}');
  await manager.sendMessage(5n, {
    content: "hello",
    files: [{ name: "a.txt", blob: new Blob(["file content"]) }],
  });
  const { last } = submitter;
  const type = headerOf(last.headers, "content-type") ?? "";
  const form = await new Response(last.body ?? null, {
    headers: { "content-type": type },
  }).formData();
  const file = form.get("files[0]");
  assert.ok(file instanceof File);
  assert.equal(file.name, "a.txt");
  assert.equal(await file.text(), "file content");
  assert.equal(form.get("payload_json"), '{"content":"hello"}');
});

Deno.test("a reason crosses encoded", async () => {
  const { submitter, manager } = benchOf(204);
  await manager.deleteMessage(5n, 6n, "spam, encore une fois é");
  assert.equal(
    headerOf(submitter.last.headers, "x-audit-log-reason"),
    "spam%2C%20encore%20une%20fois%20%C3%A9",
  );
});

Deno.test("a 204 is undefined, and so is nothing else", async () => {
  const { submitter, manager } = benchOf(204);
  assert.equal(await manager.deleteMessage(5n, 6n), undefined);
  submitter.answer = answerOf(200, { text: "" });
  assert.deepEqual(await manager.get("/users/1"), {});
});

Deno.test("a query crosses as discordeno wrote it", async () => {
  const { submitter, manager } = benchOf(200, "[]");
  await manager.getMessages(5n, { limit: 3 });
  assert.deepEqual(submitter.last.target, {
    version: 10,
    path: "/channels/5/messages",
    query: "?&limit=3",
  });
});

Deno.test("another API version of the manager's goes upstream", async () => {
  const { submitter, manager } = benchOf(200, "{}");
  const nine = managerOf(submitter, { apiVersion: 9 });
  await nine.getUser(7n);
  assert.equal(submitter.last.target.version, 9);
  assert.equal(nine.version, 9);
  assert.equal(manager.version, 10);
});

Deno.test("Discord's errors arrive as discordeno tells them: status and body", async () => {
  const text = '{"message":"Unknown User","code":10013}';
  const { manager } = benchOf(404, text);
  const cause = await causeOf(manager.getUser(7n));
  assert.deepEqual(cause, { ok: false, status: 404, body: text });
});

Deno.test("a 429 of Discord's that was handed back is an error like others", async () => {
  const { manager } = benchOf(429, '{"retry_after":900}');
  const cause = await causeOf(manager.getUser(7n));
  assert.equal(cause.status, 429);
});

Deno.test("a refusal arrives with the body an HTTP caller would get", async () => {
  const submitter = createScriptedSubmitter(
    new Refusal("overloaded", "Cannot queue request: 100000 are waiting", {
      retryAfterMs: 1_500,
    }),
  );
  const cause = await causeOf(managerOf(submitter).getUser(7n));
  assert.equal(cause.status, 429);
  assert.equal(cause.error, "Cannot queue request: 100000 are waiting");
  assert.deepEqual(JSON.parse(cause.body ?? ""), {
    message: "Cannot queue request: 100000 are waiting",
    code: "overloaded",
    sent: false,
    retry_after: 1.5,
    global: false,
  });
});

Deno.test("an answer that is not JSON fails the call and nothing else", async () => {
  const { manager } = benchOf(200, "<html>");
  const cause = await causeOf(manager.getUser(7n));
  assert.equal(cause.status, 500);
  assert.match(cause.error ?? "", /^Cannot make request or read its answer: /);
});

Deno.test("an answer whose stream breaks fails the call", async () => {
  const broken = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: (controller) => controller.error(new Error("reset")),
  });
  const submitter = createScriptedSubmitter(answerOf(200, { body: broken }));
  assert.equal((await causeOf(managerOf(submitter).getUser(7n))).status, 500);
});

Deno.test("a streamed answer is read whole", async () => {
  const encoder = new TextEncoder();
  const { stream } = streamOf([
    new Uint8Array(encoder.encode('{"id":')),
    new Uint8Array(encoder.encode('"7"}')),
  ]);
  const submitter = createScriptedSubmitter(answerOf(200, { body: stream }));
  assert.equal((await managerOf(submitter).getUser(7n)).id, "7");
});

Deno.test("a body discordeno cannot write fails the call", async () => {
  const { submitter, manager } = benchOf(200, "{}");
  const body: Record<string, unknown> = {};
  body["self"] = body;
  const cause = await causeOf(manager.post("/channels/5/messages", { body }));
  assert.equal(cause.status, 500);
  assert.equal(submitter.requests.length, 0);
});

Deno.test("a path that could lead elsewhere is refused before the queue", async () => {
  const { submitter, manager } = benchOf(200, "{}");
  const cause = await causeOf(manager.getUser("../channels/1"));
  assert.equal(cause.status, 400);
  assert.equal(JSON.parse(cause.body ?? "").code, "bad_path");
  assert.equal(submitter.requests.length, 0);
});

Deno.test("an interaction callback is nobody's and most urgent, whatever discordeno says of its queue", async () => {
  const { submitter, manager } = benchOf(204);
  await manager.sendInteractionResponse(1n, "token", { type: 5 });
  const { last } = submitter;
  assert.equal(last.route.lane, "interaction");
  assert.equal(last.urgency, 0);
  assert.equal(last.identity.kind, "none");
  assert.equal(last.identity.authorization, undefined);
});

Deno.test("a webhook with its token is nobody's", async () => {
  const { submitter, manager } = benchOf(200, '{"id":"1"}');
  await manager.executeWebhook(1n, "token", { content: "hello", wait: true });
  assert.equal(submitter.last.identity.kind, "none");
});

Deno.test("a bearer token of the call's own goes in the bot's place", async () => {
  const { submitter, manager } = benchOf(200, "[]");
  await manager.getGlobalApplicationCommands();
  assert.equal(submitter.last.identity, BOT);
  await manager.getCurrentUser("user-token");
  const { identity, headers } = submitter.last;
  assert.equal(identity.kind, "bearer");
  assert.equal(identity.authorization?.reveal(), "Bearer user-token");
  assert.equal(headerOf(headers, "authorization"), undefined);
});

Deno.test("an authorization the proxy cannot serve is refused before the queue", async () => {
  const { submitter, manager } = benchOf(200, "{}");
  const cause = await causeOf(
    manager.get("/users/@me", { headers: { authorization: "Digest x" } }),
  );
  assert.equal(cause.status, 400);
  assert.equal(submitter.requests.length, 0);
});

Deno.test("a form of OAuth2's crosses as a form", async () => {
  const { submitter, manager } = benchOf(200, '{"access_token":"a"}');
  await manager.exchangeToken(1n, "secret", {
    grantType: "client_credentials",
    scope: ["identify"] as never,
  });
  const { last } = submitter;
  assert.equal(last.target.path, "/oauth2/token");
  assert.equal(
    headerOf(last.headers, "content-type"),
    "application/x-www-form-urlencoded",
  );
  assert.match(textOf(last.body), /grant_type=client_credentials/);
  assert.equal(last.identity.kind, "basic");
});

Deno.test("the manager knows its token, application and base URL, and does not print the token", () => {
  const { manager } = benchOf(200);
  assert.equal(manager.token, TOKEN);
  assert.equal(manager.applicationId, 123456789012345678n);
  assert.equal(manager.baseUrl, "https://discord.com/api");
  assert.ok(!Deno.inspect(manager, { depth: 10 }).includes(TOKEN));
  assert.ok(!JSON.stringify({ ...manager, applicationId: 0 }).includes(TOKEN));
});

Deno.test("a base URL of its own does not let discordeno call fetch", async () => {
  const submitter = createScriptedSubmitter(answerOf(200, { text: "{}" }));
  const manager = managerOf(submitter, { baseUrl: "http://127.0.0.1:1/api" });
  await manager.getUser(7n);
  assert.equal(submitter.requests.length, 1);
});

Deno.test("a manager in the queue keeps its token: another one would not be that of the queue", () => {
  const { manager } = benchOf(200);
  assert.throws(() => manager.token = "another", TypeError);
  assert.equal(manager.token, TOKEN);
});

Deno.test("discordeno's User-Agent is one that Discord takes", () => {
  assert.match(USER_AGENT, /^DiscordBot \(https:\/\/.+, v?\d/);
});
