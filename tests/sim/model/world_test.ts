import assert from "node:assert/strict";
import { OPERATIONS } from "../../../sim/model/operations.ts";
import { snowflakeAtMs } from "../../../sim/model/snowflake.ts";
import {
  bodyOf,
  CHANNEL,
  discordOf,
  GUILD,
  INTERACTION_TOKEN,
  NOW_MS,
  said,
  WEBHOOK,
} from "./_discord.ts";

const POST_MESSAGE = `POST /channels/${CHANNEL}/messages`;
const CALLBACK = `POST /interactions/${CHANNEL}/${INTERACTION_TOKEN}/callback`;
const ENFORCE = "enforce_nonce";
const NOBODY = { authorization: null };

Deno.test("every operation is answered with the status of Discord's document", () => {
  for (const { method, template, status } of OPERATIONS) {
    const { send } = discordOf();
    const path = template.replaceAll(/\{[^}]+\}/g, CHANNEL);
    const { response, executed } = send(`${method} ${path}`);
    assert.equal(response.status, status, `${method} ${template}`);
    assert.equal(response.body === undefined, status === 204, template);
    assert.ok(executed);
  }
});

Deno.test("a 204 has neither body nor Content-Type", () => {
  const { send } = discordOf();
  const { response } = send(`POST /channels/${CHANNEL}/typing`);
  assert.equal(response.status, 204);
  assert.equal(response.body, undefined);
  assert.ok(!response.headers.some(([name]) => name === "Content-Type"));
});

Deno.test("the widget is a picture and an invite's target users are CSV", () => {
  const { send } = discordOf();
  const widget = send(`GET /guilds/${GUILD}/widget.png`, 0, NOBODY);
  assert.equal(said(widget, "content-type"), "image/png");
  assert.deepEqual(
    [...(widget.response.body as Uint8Array).subarray(1, 4)],
    [...new TextEncoder().encode("PNG")],
  );
  const users = send("GET /invites/abc/target-users");
  assert.equal(said(users, "content-type"), "text/csv");
});

Deno.test("a search is not ready as often as told, then it is", () => {
  const { send } = discordOf({ answers: { searchesNotReady: 2 } });
  const search = () => send(`GET /guilds/${GUILD}/messages/search?content=a`);
  assert.deepEqual(bodyOf(search()), {
    message: "Index not yet available. Try again later",
    code: 110000,
    documents_indexed: 0,
    retry_after: 2,
  });
  assert.equal(search().response.status, 202);
  assert.equal(search().response.status, 200);
});

Deno.test("a webhook answers 204, or 200 when told to wait", () => {
  const { send } = discordOf();
  const post = (query: string) =>
    send(`POST /webhooks/${WEBHOOK}/t${query}`, 0, NOBODY).response.status;
  assert.deepEqual(["", "?wait=false", "?thread_id=1&wait=true"].map(post), [
    204,
    204,
    200,
  ]);
});

Deno.test("a callback is taken once; again it is 400 code 40060", () => {
  const { send } = discordOf();
  assert.equal(send(CALLBACK, 0, NOBODY).response.status, 204);
  const again = send(CALLBACK, 1, NOBODY);
  assert.equal(again.response.status, 400);
  assert.equal(bodyOf(again).code, 40060);
  assert.ok(!again.executed);
  const other = CALLBACK.replace(CHANNEL, GUILD);
  assert.equal(
    send(`${other}?with_response=true`, 2, NOBODY).response.status,
    200,
  );
});

Deno.test("an echo says what arrived and is the same for the same request", () => {
  const request = {
    json: { content: "é" },
    headers: [["X-Audit-Log-Reason", "%C3%A9"]] as const,
  };
  const line = `PATCH /channels/${CHANNEL}/messages/5?a=1&a=2&b='`;
  const first = discordOf().send(line, 0, request);
  const second = discordOf().send(line, 700, request);
  assert.equal(first.response.body, second.response.body);
  const { method, path, query, headers, body } = bodyOf(first);
  assert.equal(method, "PATCH");
  assert.equal(path, `/api/v10/channels/${CHANNEL}/messages/5`);
  assert.equal(query, "?a=1&a=2&b='");
  assert.equal(headers["x-audit-log-reason"], "%C3%A9");
  assert.equal(headers["content-type"], "application/json");
  assert.equal(body.bytes, 16);
});

Deno.test("ids rise, and say when they were made on the server's clock", () => {
  const { send } = discordOf({ clockOffsetMs: 5_000 });
  const ids = [0, 0, 900].map((atMs) => bodyOf(send(POST_MESSAGE, atMs)).id);
  assert.deepEqual([...ids].sort(), ids);
  assert.equal(new Set(ids).size, 3);
  assert.equal(snowflakeAtMs(ids[2]), NOW_MS + 900 + 5_000);
});

Deno.test("ids by counter are the same in every run", () => {
  const id = (atMs: number) =>
    bodyOf(discordOf({ answers: { ids: "counter" } }).send(POST_MESSAGE, atMs))
      .id;
  assert.equal(id(0), id(987));
});

Deno.test("an enforced nonce hands the first message back and does nothing", () => {
  const { send } = discordOf();
  const say = (atMs: number, json: object, line = POST_MESSAGE) =>
    send(line, atMs, { json: { content: "hi", ...json } });
  const enforced = { nonce: "n1", [ENFORCE]: true };
  const first = say(0, enforced);
  const again = say(2_000, enforced);
  assert.equal(again.response.body, first.response.body);
  assert.equal(again.response.status, 200);
  assert.ok(again.isDuplicate);
  assert.ok(!again.executed);
  assert.ok(say(2_000, { ...enforced, nonce: "n2" }).executed);
  assert.ok(say(2_000, { nonce: "n1" }).executed);
  assert.ok(say(5 * 60_000, enforced).executed);
});

Deno.test("a nonce is its author's, in whatever channel", () => {
  const { send } = discordOf();
  const json = { content: "hi", nonce: "n1", [ENFORCE]: true };
  send(POST_MESSAGE, 0, { json });
  const elsewhere = POST_MESSAGE.replace(CHANNEL, GUILD);
  assert.ok(send(elsewhere, 1, { json }).isDuplicate);
  const other = { json, authorization: "Bot another" };
  assert.ok(send(POST_MESSAGE, 2, other).executed);
});

Deno.test("a message that was deleted is not made again by its nonce: 404 code 10008", () => {
  const { send } = discordOf({ answers: { remembersDeletions: true } });
  const json = { content: "hi", nonce: "n1", [ENFORCE]: true };
  const { id } = bodyOf(send(POST_MESSAGE, 0, { json }));
  send(`DELETE /channels/${CHANNEL}/messages/${id}`, 1);
  const again = send(POST_MESSAGE, 2, { json });
  assert.equal(again.response.status, 404);
  assert.equal(bodyOf(again).code, 10008);
  assert.ok(!again.executed);
});

Deno.test("a nonce of 25 characters is taken, one of 26 is 400 code 50035", () => {
  const { send } = discordOf();
  const named = (chars: number) =>
    send(POST_MESSAGE, 0, { json: { nonce: "n".repeat(chars) } });
  assert.equal(named(25).response.status, 200);
  assert.equal(bodyOf(named(26)).code, 50035);
});

Deno.test("a webhook knows no nonce", () => {
  const { send } = discordOf();
  const json = { content: "hi", nonce: "n1", [ENFORCE]: true };
  const line = `POST /webhooks/${WEBHOOK}/t`;
  assert.ok(send(line, 0, { json, ...NOBODY }).executed);
  assert.ok(send(line, 1, { json, ...NOBODY }).executed);
});

Deno.test("a nonce in the fields of a form without payload_json is enforced", () => {
  const { send } = discordOf();
  const part = (name: string, text: string) =>
    `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`;
  const text = part("content", "hi") + part("nonce", "n") +
    part(ENFORCE, "true") + "--b--\r\n";
  const form = {
    headers: [["Content-Type", "multipart/form-data; boundary=b"]] as const,
    body: new TextEncoder().encode(text),
  };
  assert.equal(send(POST_MESSAGE, 0, form).mark, "hi");
  assert.ok(send(POST_MESSAGE, 1, form).isDuplicate);
});

Deno.test("a numeric nonce is enforced like a text", () => {
  const { send } = discordOf();
  const json = { content: "hi", nonce: 12345, [ENFORCE]: true };
  send(POST_MESSAGE, 0, { json });
  assert.ok(send(POST_MESSAGE, 1, { json }).isDuplicate);
});

Deno.test("a nonce in a form's payload_json is enforced too", () => {
  const { model } = discordOf();
  const payload = '{"content":"hi","nonce":"n","enforce_nonce":true}';
  const form =
    `--b\r\nContent-Disposition: form-data; name="payload_json"\r\n` +
    `Content-Type: application/json\r\n\r\n${payload}\r\n--b\r\n` +
    `Content-Disposition: form-data; name="files[0]"; filename="a"\r\n\r\nx\r\n--b--\r\n`;
  const body = new TextEncoder().encode(form);
  const send = () =>
    model.handle({
      method: "POST",
      target: `/api/v10/channels/${CHANNEL}/messages`,
      headers: [
        ["Authorization", "Bot t"],
        ["Content-Type", "multipart/form-data; boundary=b"],
      ],
      body,
      bodyBytes: body.length,
      bodySha256: "",
      remoteIp: "127.0.0.1",
      isReused: false,
    }, NOW_MS);
  const first = send();
  assert.equal(first.mark, "hi");
  assert.ok(send().isDuplicate);
});

Deno.test("a body larger than the limit is 413 code 40005 and is not executed", () => {
  const { send } = discordOf({ answers: { bodyLimitBytes: 20 } });
  const ofBytes = (bytes: number) =>
    send(POST_MESSAGE, 0, { json: "x".repeat(bytes - 2) });
  assert.equal(ofBytes(20).response.status, 200);
  const large = ofBytes(21);
  assert.equal(large.response.status, 413);
  assert.equal(bodyOf(large).code, 40005);
  assert.ok(!large.executed);
});

Deno.test("what was deleted is unknown the second time, when deletions are remembered", () => {
  const { send } = discordOf({ answers: { remembersDeletions: true } });
  const message = `DELETE /channels/${CHANNEL}/messages/5`;
  assert.equal(send(message).response.status, 204);
  assert.equal(bodyOf(send(message)).code, 10008);
  const webhook = `/webhooks/${WEBHOOK}/t`;
  assert.equal(send(`POST ${webhook}`).response.status, 204);
  assert.equal(send(`DELETE ${webhook}`).response.status, 204);
  assert.equal(bodyOf(send(`POST ${webhook}`)).code, 10015);
  const forgetful = discordOf();
  assert.equal(forgetful.send(message).response.status, 204);
  assert.equal(forgetful.send(message, 1).response.status, 204);
});

Deno.test("a channel whose guild is known tells it, as often as it is read", () => {
  const { send } = discordOf({ accounts: { guildOf: { "11": "1" } } });
  for (const atMs of [0, 100]) {
    const { id, guild_id } = bodyOf(send("GET /channels/11", atMs));
    assert.deepEqual([id, guild_id], ["11", "1"]);
  }
  assert.equal(bodyOf(send("GET /channels/12", 200)).guild_id, undefined);
});
