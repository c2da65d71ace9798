import assert from "node:assert/strict";
import {
  announced,
  bodyOf,
  CHANNEL,
  discordOf,
  GUILD,
  hashOf,
  INTERACTION_TOKEN,
  messageAged,
  NOW_MS,
  passed,
  said,
  WEBHOOK,
} from "./_discord.ts";

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const POST_MESSAGE = `POST /channels/${CHANNEL}/messages`;

Deno.test("a first message is told 5, 4 and one token's second, with a Reset that moves", () => {
  const { send } = discordOf();
  const first = send(POST_MESSAGE);
  assert.deepEqual(announced(first), ["5", "4", "1.000"]);
  assert.equal(said(first, "x-ratelimit-reset"), `${NOW_MS / 1000 + 1}.000`);
  assert.match(hashOf(first) ?? "", /^[0-9a-f]{32}$/);
  assert.equal(said(first, "via"), "1.1 google");
  assert.equal(said(first, "content-type"), "application/json");
  assert.equal(said(send(POST_MESSAGE), "x-ratelimit-reset-after"), "2.000");
});

Deno.test("Reset minus Reset-After is the server's own clock, offset and all", () => {
  const { send } = discordOf({ clockOffsetMs: -7_250 });
  const answer = send(POST_MESSAGE, 40);
  const clock = Number(said(answer, "x-ratelimit-reset")) -
    Number(said(answer, "x-ratelimit-reset-after"));
  assert.equal(Math.round(clock * 1000), NOW_MS + 40 - 7_250);
});

Deno.test("POST and PATCH of messages have hashes and counts of their own", () => {
  const { send } = discordOf();
  const post = send(POST_MESSAGE);
  const patch = send(`PATCH /channels/${CHANNEL}/messages/${messageAged(1)}`);
  assert.notEqual(hashOf(post), hashOf(patch));
  assert.deepEqual(announced(patch), ["5", "4", "1.000"]);
});

Deno.test("one hash in two channels is two buckets", () => {
  const { send } = discordOf();
  const there = send(POST_MESSAGE.replace(CHANNEL, "1".repeat(18)));
  const here = send(POST_MESSAGE);
  assert.equal(hashOf(here), hashOf(there));
  assert.equal(said(here, "x-ratelimit-remaining"), "4");
});

Deno.test("two bots in one channel have a bucket each", () => {
  const { send } = discordOf();
  const other = { authorization: "Bot other.token" };
  assert.equal(passed(6, () => send(POST_MESSAGE)), 5);
  assert.equal(passed(6, () => send(POST_MESSAGE, 0, other)), 5);
});

for (
  const [ageMs, numbers] of [
    [0, ["5", "4", "1.000"]],
    [10 * SECOND_MS - 1, ["5", "4", "1.000"]],
    [10 * SECOND_MS, ["3", "2", "0.333"]],
    [14 * DAY_MS - 1, ["3", "2", "0.333"]],
    [14 * DAY_MS, ["30", "29", "4.000"]],
  ] as const
) {
  Deno.test(`deleting a message ${ageMs} ms old is told ${numbers}`, () => {
    const { send } = discordOf();
    const line = `DELETE /channels/${CHANNEL}/messages/${messageAged(ageMs)}`;
    assert.deepEqual(announced(send(line)), numbers);
  });
}

Deno.test("deletions show three hashes by age, and count apart", () => {
  const { send } = discordOf();
  const hashes = [0, HOUR_MS, 20 * DAY_MS].map((ageMs) =>
    hashOf(send(`DELETE /channels/${CHANNEL}/messages/${messageAged(ageMs)}`))
  );
  assert.equal(new Set(hashes).size, 3);
});

Deno.test("a message's age is read on the server's clock", () => {
  const { send } = discordOf({ clockOffsetMs: 15_000 });
  const line = `DELETE /channels/${CHANNEL}/messages/${messageAged(0)}`;
  assert.equal(announced(send(line))[0], "3");
});

Deno.test("deletions of old messages also spend the bucket of young ones when told to", () => {
  const { send } = discordOf({ modes: { isOldDeleteGatedTwice: true } });
  const line = (ageMs: number) =>
    `DELETE /channels/${CHANNEL}/messages/${messageAged(ageMs)}`;
  assert.equal(passed(7, () => send(line(20 * DAY_MS))), 5);
  const young = send(line(0));
  assert.equal(young.response.status, 429);
  const old = send(line(20 * DAY_MS));
  assert.equal(old.response.status, 429);
  assert.equal(said(old, "x-ratelimit-limit"), "30");
  assert.notEqual(said(old, "x-ratelimit-remaining"), "0");
});

Deno.test("deletions of young messages say nothing of limits when told to", () => {
  const { send } = discordOf({ modes: { isYoungDeleteHeaderless: true } });
  const line = `DELETE /channels/${CHANNEL}/messages/${messageAged(0)}`;
  assert.equal(hashOf(send(line)), undefined);
  assert.equal(passed(5, () => send(line)), 4);
});

Deno.test("adding, taking and clearing reactions spend one bucket of a channel", () => {
  const { send } = discordOf();
  const at = `/channels/${CHANNEL}/messages/${messageAged(5)}/reactions`;
  const put = send(`PUT ${at}/%F0%9F%91%8D/@me`);
  assert.deepEqual(announced(put), ["1", "0", "0.250"]);
  for (
    const line of [
      `DELETE ${at}/%F0%9F%91%8D/@me`,
      `DELETE ${at}/name:1234567890123456789/${GUILD}`,
      `DELETE ${at}/x`,
      `DELETE ${at}`,
    ]
  ) {
    const refused = send(line);
    assert.equal(refused.response.status, 429, line);
    assert.equal(hashOf(refused), hashOf(put), line);
  }
  assert.equal(send(`DELETE ${at}/x/@me`, 250).response.status, 204);
});

Deno.test("before 2026-01 POST, PATCH and DELETE show one hash and count apart", () => {
  const { send } = discordOf({ modes: { isHashSharedApart: true } });
  const message = `/channels/${CHANNEL}/messages/${messageAged(1)}`;
  const lines = [POST_MESSAGE, `PATCH ${message}`, `DELETE ${message}`];
  assert.equal(new Set(lines.map((line) => hashOf(send(line)))).size, 1);
  for (const line of lines) assert.equal(passed(6, () => send(line)), 4, line);
});

Deno.test("PUT of a member's role is a fixed window of ten", () => {
  const { send } = discordOf();
  const line = `PUT /guilds/${GUILD}/members/${CHANNEL}/roles/${WEBHOOK}`;
  assert.deepEqual(announced(send(line)), ["10", "9", "10.000"]);
  assert.deepEqual(announced(send(line, 400)), ["10", "8", "9.600"]);
  assert.equal(passed(20, () => send(line, 9_998)), 8);
  assert.equal(passed(20, () => send(line, 10_000)), 10);
});

for (
  const line of [
    `POST /interactions/${CHANNEL}/${INTERACTION_TOKEN}/callback`,
    "GET /gateway",
    "GET /invites/abc",
    "POST /oauth2/token",
  ]
) {
  Deno.test(`${line.replaceAll(/\d{19}/g, "{id}")} carries no rate-limit header`, () => {
    const { send } = discordOf();
    const { response } = send(line, 0, { authorization: null });
    assert.ok(response.status < 300);
    const names = response.headers.map(([name]) => name);
    assert.ok(!names.some((name) => name.startsWith("x-ratelimit")));
  });
}

Deno.test("a third rename in ten minutes is refused with tokens left, for up to 600 s", () => {
  const { send } = discordOf();
  const patch = (json: unknown, atMs = 0) =>
    send(`PATCH /channels/${CHANNEL}`, atMs, { json });
  assert.equal(passed(2, () => patch({ name: "a" })), 2);
  const third = patch({ name: "c" }, 18_000);
  assert.equal(third.response.status, 429);
  assert.equal(third.scope, "user");
  assert.equal(bodyOf(third).retry_after, 582);
  assert.equal(said(third, "retry-after"), "582");
  assert.notEqual(said(third, "x-ratelimit-remaining"), "0");
  assert.equal(said(third, "x-ratelimit-limit"), "5");
  assert.equal(passed(3, () => patch({ nsfw: true }, 18_000)), 3);
});

Deno.test("names and topics count apart, and together when sent together", () => {
  const { send } = discordOf();
  const patch = (json: unknown) =>
    send(`PATCH /channels/${CHANNEL}`, 0, { json }).response.status;
  assert.equal(patch({ name: "a", topic: "a" }), 200);
  assert.equal(patch({ name: "b" }), 200);
  assert.equal(patch({ name: "c", topic: "c" }), 429);
  assert.equal(patch({ topic: "b" }), 200);
  assert.equal(patch({ topic: "d" }), 429);
});

Deno.test("renames of ten minutes ago are forgotten", () => {
  const { send } = discordOf();
  const line = `PATCH /channels/${CHANNEL}`;
  const json = { name: "x" };
  assert.equal(passed(2, () => send(line, 0, { json })), 2);
  assert.equal(passed(2, () => send(line, 600_000, { json })), 2);
});

Deno.test("all webhooks of a channel share 30 messages a minute, refused as shared", () => {
  const channelOf = Object.fromEntries(
    Array.from({ length: 8 }, (_, i) => [`${WEBHOOK}${i}`.slice(1), CHANNEL]),
  );
  const { send } = discordOf({
    accounts: { channelOf },
    ipPool: { isOn: false },
  });
  const webhooks = Object.keys(channelOf);
  let through = 0;
  for (const webhook of webhooks) {
    through += passed(
      5,
      () => send(`POST /webhooks/${webhook}/t`, 0, { authorization: null }),
    );
  }
  assert.equal(through, 30);
  const refused = send(`POST /webhooks/${webhooks[7]}/t`, 18_000, {
    authorization: null,
  });
  assert.equal(refused.scope, "shared");
  assert.ok(!refused.isInvalid);
  assert.equal(bodyOf(refused).retry_after, 42);
  assert.equal(bodyOf(refused).message, "The resource is being rate limited.");
  assert.equal(said(refused, "x-ratelimit-limit"), "5");
});

Deno.test("a webhook's own bucket is 5 per 2 s, a follow-up's is its interaction's", () => {
  const { send } = discordOf({ ipPool: { isOn: false } });
  const post = (token: string) =>
    send(`POST /webhooks/${WEBHOOK}/${token}`, 0, { authorization: null });
  assert.deepEqual(announced(post("t")), ["5", "4", "0.400"]);
  assert.equal(passed(6, () => post(INTERACTION_TOKEN)), 5);
  assert.equal(passed(6, () => post(`${INTERACTION_TOKEN}other`)), 5);
});

Deno.test("edits of messages older than an hour are 3 per 6 s with code 30046", () => {
  const { send } = discordOf();
  const line = `PATCH /channels/${CHANNEL}/messages/${messageAged(HOUR_MS)}`;
  assert.equal(passed(3, () => send(line)), 3);
  const refused = send(line);
  assert.equal(bodyOf(refused).code, 30046);
  assert.equal(bodyOf(refused).retry_after, 2);
  const young = `PATCH /channels/${CHANNEL}/messages/${
    messageAged(HOUR_MS - 1)
  }`;
  assert.equal(send(young).response.status, 200);
});

Deno.test("the 51st emoji of an hour waits with tokens left", () => {
  const { send } = discordOf({ globalLimit: { limit: 1_000 } });
  const line = `POST /guilds/${GUILD}/emojis`;
  assert.equal(passed(50, (index) => send(line, index * 100)), 50);
  const refused = send(line, 5_000);
  assert.equal(refused.response.status, 429);
  assert.ok(Number(said(refused, "x-ratelimit-remaining")) > 0);
});

for (const status of [400, 429] as const) {
  Deno.test(`the 201st command of a day is refused with ${status} and code 30034`, () => {
    const { send } = discordOf({ modes: { commandCreateStatus: status } });
    const line = `POST /applications/${GUILD}/commands`;
    assert.equal(passed(200, (index) => send(line, index * 4_000)), 200);
    const refused = send(line, 200 * 4_000);
    assert.equal(refused.response.status, status);
    assert.equal(bodyOf(refused).code, 30034);
    assert.equal(said(refused, "retry-after") === undefined, status === 400);
  });
}

Deno.test("a channel's write limit refuses any write with code 20028, and no read", () => {
  const { send } = discordOf({
    channelWriteLimit: { limit: 2, periodMs: 600 },
  });
  assert.equal(send(POST_MESSAGE).response.status, 200);
  assert.equal(send(`POST /channels/${CHANNEL}/typing`).response.status, 204);
  const refused = send(`DELETE /channels/${CHANNEL}/messages/5`);
  assert.equal(bodyOf(refused).code, 20028);
  assert.equal(bodyOf(refused).retry_after, 0.3);
  assert.equal(send(`GET /channels/${CHANNEL}`).response.status, 200);
});

Deno.test("an outer limit of 1000 is announced while 5 bind, when told to lie", () => {
  const { send } = discordOf({ modes: { isOuterLimitShown: true } });
  const line = `GET /channels/${CHANNEL}/messages`;
  const first = send(line);
  assert.equal(announced(first)[0], "1000");
  assert.equal(passed(9, () => send(line)), 4);
  const refused = send(line);
  assert.deepEqual(announced(refused), ["5", "0", "5.000"]);
  assert.notEqual(hashOf(refused), hashOf(first));
  const user = discordOf({ modes: { isOuterLimitShown: true } });
  assert.deepEqual(announced(user.send(`GET /users/${GUILD}`)), [
    "2000",
    "1999",
    "0.300",
  ]);
});

Deno.test("Retry-After says another time than the body, when told to lie", () => {
  const { send } = discordOf({
    rules: [{
      match: "GET /users/{id}",
      limit: 1,
      periodMs: 500,
      retryAfterHeaderS: 90,
    }],
  });
  send(`GET /users/${GUILD}`);
  const refused = send(`GET /users/${GUILD}`);
  assert.equal(said(refused, "retry-after"), "90");
  assert.equal(bodyOf(refused).retry_after, 0.5);
});

Deno.test("Reset and Reset-After disagree, when told to lie", () => {
  const { send } = discordOf({
    rules: [{
      match: "GET /users/{id}",
      limit: 1,
      periodMs: 500,
      resetSkewMs: 9_000,
    }],
  });
  const first = send(`GET /users/${GUILD}`);
  assert.equal(said(first, "x-ratelimit-reset-after"), "0.500");
  assert.equal(said(first, "x-ratelimit-reset"), `${NOW_MS / 1000 + 9}.500`);
});

Deno.test("a rule replaces every limiter of its route, and the last one wins", () => {
  const { send } = discordOf({
    rules: [
      { match: "* *", headerless: true },
      { match: "GET /users/{id}", limit: 10, periodMs: 5_000 },
      {
        match: "GET /users/{user_id}",
        limit: 2,
        periodMs: 5_000,
        kind: "fixed",
      },
    ],
  });
  assert.deepEqual(announced(send(`GET /users/${GUILD}`)), ["2", "1", "5.000"]);
  assert.equal(hashOf(send(POST_MESSAGE)), undefined);
});

Deno.test("several limiters of a rule all bind, and the first is announced", () => {
  const { send } = discordOf({
    rules: [{
      match: "GET /users/{id}",
      limits: [
        { limit: 5, periodMs: 1_000 },
        { name: "long", limit: 8, periodMs: 60_000 },
      ],
    }],
  });
  const get = (atMs: number) => send(`GET /users/${GUILD}`, atMs);
  assert.equal(announced(get(0))[0], "5");
  assert.equal(passed(9, () => get(1_000)), 5);
  assert.equal(passed(9, () => get(2_000)), 2);
  assert.equal(get(3_000).limitedBy, "long");
});

Deno.test("a limit per identity falls across channels", () => {
  const { send } = discordOf({
    rules: [{
      match: "GET /channels/{id}",
      limit: 3,
      periodMs: 9_000,
      per: "identity",
    }],
  });
  assert.equal(passed(5, (index) => send(`GET /channels/${index}`)), 3);
});

Deno.test("at its time a limit changes, its kind turns, its hash rotates", () => {
  const match = "POST /channels/{id}/messages";
  const { send } = discordOf({
    changes: [
      { afterMs: 10_000, match, limit: 3 },
      { afterMs: 20_000, match, rotateHash: "b" },
      { afterMs: 30_000, match, kind: "fixed" },
    ],
  });
  const before = send(POST_MESSAGE, 9_999);
  assert.deepEqual(announced(before), ["5", "4", "1.000"]);
  const fewer = send(POST_MESSAGE, 15_000);
  assert.deepEqual(announced(fewer), ["3", "2", "1.667"]);
  assert.equal(hashOf(fewer), hashOf(before));
  const rotated = send(POST_MESSAGE, 25_000);
  assert.notEqual(hashOf(rotated), hashOf(before));
  assert.deepEqual(announced(send(POST_MESSAGE, 40_000)), ["3", "2", "5.000"]);
});

Deno.test("rules set in the middle of a run hold from then on", () => {
  const { model, send } = discordOf();
  send(POST_MESSAGE);
  model.set({ rules: [{ match: "* *", headerless: true }] }, NOW_MS + 1);
  assert.equal(passed(20, () => send(POST_MESSAGE, 2)), 20);
});

Deno.test("a counter per guild spans the threads of that guild, and no other's", () => {
  const join = "PUT /channels/{c}/thread-members/@me";
  const guildOf = { "11": "1", "12": "1", "21": "2" };
  const { send } = discordOf({
    rules: [{
      match: join,
      limit: 2,
      periodMs: 2_000,
      kind: "fixed",
      per: "guild",
    }],
    accounts: { guildOf },
  });
  const remaining = ["11", "12", "21"].map((thread) => {
    const answer = send(join.replace("{c}", thread));
    return said(answer, "x-ratelimit-remaining");
  });
  assert.deepEqual(remaining, ["1", "0", "1"]);
});
