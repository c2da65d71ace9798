import assert from "node:assert/strict";
import type { BlockShape } from "../../../sim/model/ip_guard.ts";
import {
  announced,
  bodyOf,
  CHANNEL,
  discordOf,
  GUILD,
  hashOf,
  INTERACTION_TOKEN,
  passed,
  said,
  WEBHOOK,
} from "./_discord.ts";

const POST_MESSAGE = `POST /channels/${CHANNEL}/messages`;
const CALLBACK = `POST /interactions/${CHANNEL}/${INTERACTION_TOKEN}/callback`;
const NOBODY = { authorization: null };

/** Distinct channels, so that only the global limit binds. */
const read = (index: number) => `GET /channels/${10n ** 18n + BigInt(index)}`;

Deno.test("a user 429 carries the bucket, the scope, whole seconds and a float", () => {
  const { send } = discordOf();
  assert.equal(passed(5, () => send(POST_MESSAGE)), 5);
  const refused = send(POST_MESSAGE, 339);
  assert.equal(refused.response.status, 429);
  assert.deepEqual(bodyOf(refused), {
    message: "You are being rate limited.",
    retry_after: 0.661,
    global: false,
  });
  assert.equal(said(refused, "retry-after"), "1");
  assert.equal(said(refused, "x-ratelimit-scope"), "user");
  assert.equal(said(refused, "x-ratelimit-global"), undefined);
  assert.deepEqual(announced(refused), ["5", "0", "4.661"]);
  assert.ok(hashOf(refused));
  assert.equal(said(refused, "via"), "1.1 google");
});

Deno.test("a shared 429 shows the route's own bucket beside a wait of its own", () => {
  const { model, send } = discordOf();
  model.script({
    fault: { kind: "limited", scope: "shared", retryAfterMs: 1_336_570 },
  });
  const refused = send(POST_MESSAGE);
  assert.deepEqual(bodyOf(refused), {
    message: "The resource is being rate limited.",
    retry_after: 1336.57,
    global: false,
  });
  assert.equal(said(refused, "retry-after"), "1337");
  assert.equal(said(refused, "x-ratelimit-scope"), "shared");
  assert.deepEqual(announced(refused), ["5", "4", "1.000"]);
  assert.ok(!refused.isInvalid);
  assert.ok(!refused.executed);
});

Deno.test("a global 429 says global and nothing of any bucket", () => {
  const { send } = discordOf();
  assert.equal(passed(50, (index) => send(read(index))), 50);
  const refused = send(read(50), 339);
  assert.deepEqual(bodyOf(refused), {
    message: "You are being rate limited.",
    retry_after: 0.661,
    global: true,
  });
  assert.equal(said(refused, "retry-after"), "1");
  assert.equal(said(refused, "x-ratelimit-global"), "true");
  assert.equal(said(refused, "x-ratelimit-scope"), "global");
  assert.deepEqual(announced(refused), [undefined, undefined, undefined]);
  assert.equal(hashOf(refused), undefined);
});

Deno.test("a 429 may come without anything to go by", () => {
  const { model, send } = discordOf();
  model.script({ fault: { kind: "limited", scope: "user" } });
  const refused = send(POST_MESSAGE);
  assert.equal(said(refused, "retry-after"), undefined);
  assert.equal(bodyOf(refused).retry_after, undefined);
});

Deno.test("each bot has a global limit of its own, and some another one", () => {
  const { send } = discordOf({ globalLimit: { limitOf: { big: 120 } } });
  const as = (authorization: string) => (index: number) =>
    send(read(index), 0, { authorization });
  assert.equal(passed(60, as("Bot one")), 50);
  assert.equal(passed(60, as("Bot two")), 50);
  assert.equal(passed(60, as("Bearer one")), 50);
  assert.equal(passed(130, as("Bot big")), 120);
});

Deno.test("interactions are outside a bot's global limit, whatever they carry", () => {
  const { send } = discordOf();
  assert.equal(passed(60, (index) => send(read(index))), 50);
  assert.equal(send(CALLBACK).response.status, 204);
  const followUp = `POST /webhooks/${WEBHOOK}/${INTERACTION_TOKEN}`;
  assert.equal(send(followUp).response.status, 204);
  assert.equal(send(`POST /webhooks/${WEBHOOK}/token`).scope, "global");
});

Deno.test("interactions with a bot's token count against it when told to", () => {
  const { send } = discordOf({ globalLimit: { isInteractionExempt: false } });
  assert.equal(passed(60, (index) => send(read(index))), 50);
  assert.equal(send(CALLBACK).scope, "global");
});

Deno.test("whatever comes without a token shares one pool of its address", () => {
  const { send } = discordOf();
  const callback = (index: number) =>
    send(CALLBACK.replace(CHANNEL, `${index}`), 0, NOBODY);
  assert.equal(passed(60, callback), 50);
  const refused = send("GET /gateway", 0, NOBODY);
  assert.equal(refused.scope, "global");
  const elsewhere = { ...NOBODY, remoteIp: "10.0.0.2" };
  assert.equal(send("GET /gateway", 0, elsewhere).response.status, 200);
  assert.equal(send(read(1)).response.status, 200);
});

Deno.test("without the pool of the address 400 callbacks pass at once", () => {
  const { send } = discordOf({ ipPool: { isOn: false } });
  const callback = (index: number) =>
    send(CALLBACK.replace(CHANNEL, `${index}`), 0, NOBODY);
  assert.equal(passed(400, callback), 400);
});

for (
  const [countsRefused, left] of [[true, 40], [false, 45]] as const
) {
  Deno.test(`with countsRefused ${countsRefused}, ten messages leave ${left} of the global limit`, () => {
    const { send } = discordOf({ globalLimit: { countsRefused } });
    assert.equal(passed(10, () => send(POST_MESSAGE)), 5);
    assert.equal(passed(60, (index) => send(read(index))), left);
  });
}

Deno.test("no window of the global limit is overspent by answers to 429s", () => {
  const { send } = discordOf({ globalLimit: { window: "sliding" } });
  assert.equal(passed(500, (index) => send(read(index), index)), 50);
});

Deno.test("401, 403 and 429 count as invalid, 404 and shared 429 do not", () => {
  const { model, send } = discordOf({ accounts: { badTokens: ["bad"] } });
  const bad = { authorization: "Bot bad" };
  assert.ok(send(read(1), 0, bad).isInvalid);
  const statusOf = (status: number) => {
    model.script({ fault: { kind: "answer", status } });
    return send(read(1)).isInvalid;
  };
  assert.deepEqual([403, 404, 400, 500].map(statusOf), [
    true,
    false,
    false,
    false,
  ]);
  model.script({
    fault: { kind: "limited", scope: "global", retryAfterMs: 1 },
  });
  assert.ok(send(read(1)).isInvalid);
  model.script({
    fault: { kind: "limited", scope: "shared", retryAfterMs: 1 },
  });
  assert.ok(!send(read(1)).isInvalid);
});

Deno.test("the 10,000th invalid request in ten minutes is the last one answered", () => {
  const { send } = discordOf();
  const bad = { authorization: "malformed" };
  for (let i = 0; i < 9_999; i++) {
    assert.equal(send(read(i), i, bad).response.status, 401);
  }
  assert.equal(send(read(1), 10_000).response.status, 200);
  assert.equal(send(read(1), 10_001, bad).response.status, 401);
  const blocked = send(read(1), 10_002);
  assert.equal(blocked.response.status, 429);
  assert.equal(blocked.scope, "cloudflare");
  assert.equal(said(blocked, "via"), undefined);
  assert.equal(send(read(1), 10_001 + 3_600_000).response.status, 200);
});

Deno.test("invalid requests of more than ten minutes ago are forgotten", () => {
  const { send } = discordOf({ invalidRequests: { limit: 10 } });
  const bad = { authorization: "malformed" };
  for (let i = 0; i < 9; i++) send(read(i), 0, bad);
  send(read(1), 600_000, bad);
  assert.equal(send(read(1), 600_001).response.status, 200);
});

Deno.test("a block is of one address", () => {
  const { model, send } = discordOf();
  model.script({ fault: { kind: "block", forMs: 5_000 } });
  assert.equal(send(read(1)).scope, "cloudflare");
  assert.equal(send(read(1), 4_999).scope, "cloudflare");
  const elsewhere = { remoteIp: "10.0.0.2" };
  assert.equal(send(read(1), 1, elsewhere).response.status, 200);
  assert.equal(send(read(1), 5_000).response.status, 200);
});

for (
  const [shape, status, type, text] of [
    ["a", 429, "application/json", '"code":0'],
    ["b", 429, "text/plain; charset=UTF-8", "error code: 1015"],
    ["c", 429, "text/html; charset=UTF-8", "Access denied | discord.com"],
    ["d", 403, "application/json", '"code":40333'],
  ] as ReadonlyArray<[BlockShape, number, string, string]>
) {
  for (const hasRetryAfter of [true, false]) {
    Deno.test(`block shape ${shape} ${hasRetryAfter ? "with" : "without"} Retry-After has neither Via nor limits`, () => {
      const { model, send } = discordOf();
      model.script({
        fault: { kind: "block", shape, forMs: 90_500, hasRetryAfter },
      });
      const blocked = send(read(1));
      const text429 = String(blocked.response.body);
      assert.equal(blocked.response.status, status);
      assert.equal(said(blocked, "content-type"), type);
      assert.ok(text429.includes(text));
      assert.ok(!text429.includes("retry_after"));
      const names = blocked.response.headers.map(([name]) =>
        name.toLowerCase()
      );
      assert.ok(!names.includes("via"));
      assert.ok(!names.some((name) => name.startsWith("x-ratelimit")));
      const wait = hasRetryAfter && shape !== "d" ? "91" : undefined;
      assert.equal(said(blocked, "retry-after"), wait);
      assert.ok(!blocked.isInvalid);
    });
  }
}

for (
  const [authorization, line, status] of [
    ["Bot good", "GET /users/@me", 200],
    ["Bot bad", "GET /users/@me", 401],
    ["Bearer good", "GET /users/@me", 200],
    ["good", "GET /users/@me", 401],
    ["Bot", "GET /users/@me", 401],
    [null, "GET /users/@me", 401],
    ["Basic aWQ6c2VjcmV0", "GET /users/@me", 401],
    ["Basic aWQ6c2VjcmV0", "POST /oauth2/token", 200],
    [null, "GET /gateway", 200],
    [null, `GET /guilds/${GUILD}/widget.json`, 200],
    [null, `PATCH /webhooks/${WEBHOOK}/t/messages/@original`, 200],
    ["Bot bad", `GET /webhooks/${WEBHOOK}/t`, 200],
    ["Bot bad", CALLBACK, 204],
    [null, `GET /webhooks/${WEBHOOK}`, 401],
  ] as const
) {
  const path = line.replaceAll(/\d{19}/g, "{id}");
  Deno.test(`${path} with Authorization ${authorization} is answered ${status}`, () => {
    const { send } = discordOf({ accounts: { badTokens: ["bad"] } });
    assert.equal(send(line, 0, { authorization }).response.status, status);
  });
}

Deno.test("with a list of good tokens every other one is refused", () => {
  const { send } = discordOf({ accounts: { goodTokens: ["a"] } });
  const as = (authorization: string) =>
    send("GET /users/@me", 0, { authorization });
  assert.equal(as("Bot a").response.status, 200);
  const refused = as("Bot b");
  assert.deepEqual(bodyOf(refused), { message: "401: Unauthorized", code: 0 });
  assert.equal(said(refused, "via"), "1.1 google");
  assert.deepEqual(announced(refused), [undefined, undefined, undefined]);
});

Deno.test("an unknown webhook is 404 code 10015, a wrong token 401 code 50027", () => {
  const { send } = discordOf({
    accounts: { goneWebhooks: [WEBHOOK], badWebhookTokens: ["wrong"] },
  });
  const gone = send(`POST /webhooks/${WEBHOOK}/t`, 0, NOBODY);
  assert.equal(gone.response.status, 404);
  assert.deepEqual(bodyOf(gone), { message: "Unknown Webhook", code: 10015 });
  const wrong = send(`POST /webhooks/${GUILD}/wrong`, 0, NOBODY);
  assert.equal(wrong.response.status, 401);
  assert.equal(bodyOf(wrong).code, 50027);
  assert.ok(wrong.isInvalid);
});

Deno.test("a path outside /api is 404 and spends nothing", () => {
  const { model, send } = discordOf();
  const outside = model.handle({
    method: "GET",
    target: "/channels/1",
    headers: [["authorization", "Bot t"]],
    body: new Uint8Array(0),
    bodyBytes: 0,
    bodySha256: "",
    remoteIp: "127.0.0.1",
    isReused: false,
  }, 0);
  assert.equal(outside.response.status, 404);
  assert.equal(passed(60, (index) => send(read(index))), 50);
});
