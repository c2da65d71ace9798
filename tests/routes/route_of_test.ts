import assert from "node:assert/strict";
import type { Method } from "../../rest/domain/request.ts";
import type { RouteFacts } from "../../rest/domain/route.ts";
import { routeOf } from "../../rest/routes/route_of.ts";
import { fc } from "../deps.ts";

const WALL_MS = Date.parse("2026-11-21T00:00:00Z");
const SEED = 20_261_121;

Deno.test("labels call ids by the names of Discord's document", () => {
  const labels: [method: Method, path: string, label: string][] = [
    ["POST", "/channels/1/messages", "POST /channels/{channel_id}/messages"],
    [
      "PUT",
      "/guilds/1/members/2/roles/3",
      "PUT /guilds/{guild_id}/members/{user_id}/roles/{role_id}",
    ],
    [
      "DELETE",
      "/channels/1/messages/2/reactions/name:3/4",
      "DELETE /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/{user_id}",
    ],
    ["GET", "/lobbies/1/members/@me", "GET /lobbies/{lobby_id}/members/@me"],
    ["GET", "/invites/abc", "GET /invites/{code}"],
    ["GET", "/guilds/templates/abc", "GET /guilds/templates/{code}"],
    ["GET", "/guilds/1/widget.png", "GET /guilds/{guild_id}/widget.png"],
    ["GET", "/oauth2/@me", "GET /oauth2/@me"],
  ];
  for (const [method, path, label] of labels) {
    assert.equal(routeOf(method, path, WALL_MS).label, label);
  }
});

Deno.test("routes nobody has heard of go by the same rule", () => {
  const facts = routeOf("PATCH", "/channels/5/quantum-things/77/@me", WALL_MS);
  assert.equal(
    facts.label,
    "PATCH /channels/{channel_id}/quantum-things/{quantum_thing_id}/@me",
  );
  assert.equal(facts.major, "5");
  assert.ok(facts.takesBotToken);
  assert.equal(
    routeOf("GET", "/things/8/9/10", WALL_MS).label,
    "GET /things/{thing_id}/{id}/{id}",
  );
});

Deno.test("a path deeper than 14 segments is named by the first 14", () => {
  const at = (depth: number) =>
    routeOf("GET", "/a".repeat(depth), WALL_MS).label;
  assert.equal(at(14), "GET " + "/a".repeat(14));
  assert.equal(at(15), "GET " + "/a".repeat(14) + "/…");
  assert.equal(at(4_000), at(15));
});

Deno.test("labels stay true when more routes are seen than are remembered", () => {
  for (let index = 0; index < 5_000; index++) {
    const word = index.toString().replace(
      /\d/g,
      (digit) => "abcdefghij".charAt(Number(digit)),
    );
    assert.equal(routeOf("GET", `/${word}`, WALL_MS).label, `GET /${word}`);
  }
});

Deno.test("a webhook token that looks like an id or a word is still a token", () => {
  for (const token of ["123456789012345678", "token", "messages", "@me"]) {
    const facts = routeOf("POST", `/webhooks/1/${token}`, WALL_MS);
    assert.equal(facts.label, "POST /webhooks/{webhook_id}/{webhook_token}");
    assert.equal(facts.lane, "webhook");
    assert.ok(facts.carriesToken);
    assert.ok(!facts.takesBotToken);
    assert.equal(facts.webhookId, "1");
  }
});

Deno.test("a webhook without a token is the bot's business, a trailing slash or not", () => {
  for (const path of ["/webhooks/1", "/webhooks/1/"]) {
    const facts = routeOf("DELETE", path, WALL_MS);
    assert.equal(facts.label, "DELETE /webhooks/{webhook_id}");
    assert.equal(facts.major, "1");
    assert.equal(facts.lane, "bot");
    assert.ok(!facts.carriesToken);
    assert.ok(facts.takesBotToken);
  }
});

Deno.test("what lies below a webhook's token shares its major parameter", () => {
  const own = routeOf("POST", "/webhooks/1/AbC", WALL_MS).major;
  for (
    const below of ["/slack", "/github", "/messages/5", "/messages/@original"]
  ) {
    const facts = routeOf("POST", `/webhooks/1/AbC${below}`, WALL_MS);
    assert.equal(facts.major, own);
    assert.ok(!facts.takesBotToken);
  }
  assert.notEqual(routeOf("POST", "/webhooks/1/AbD", WALL_MS).major, own);
  assert.notEqual(routeOf("POST", "/webhooks/2/AbC", WALL_MS).major, own);
});

// Counted per interaction: staff, discord-api-docs #2701; told apart by the
// token's first letters: nirn-proxy, bucketpath.go (seen 2026-05).
Deno.test("callback and follow-ups of one interaction share lane and major parameter", () => {
  const token = btoa("interaction:123:Secret");
  const callback = routeOf(
    "POST",
    `/interactions/9/${token}/callback`,
    WALL_MS,
  );
  const followUp = routeOf("POST", `/webhooks/5/${token}`, WALL_MS);
  const original = routeOf(
    "PATCH",
    `/webhooks/5/${token}/messages/@original`,
    WALL_MS,
  );
  for (const facts of [callback, followUp, original]) {
    assert.equal(facts.lane, "interaction");
    assert.equal(facts.major, callback.major);
    assert.ok(!facts.takesBotToken);
    assert.equal(facts.webhookId, undefined);
  }
  const other = btoa("interaction:124:Secret");
  assert.notEqual(
    routeOf("POST", `/webhooks/5/${other}`, WALL_MS).major,
    callback.major,
  );
});

// Basic or form fields only (docs: OAuth2, "never the bot's token").
Deno.test("the OAuth2 token endpoints and the partner's take no bot token, their neighbours do", () => {
  const taken: [path: string, takesBotToken: boolean][] = [
    ["/oauth2/token", false],
    ["/oauth2/token/", false],
    ["/oauth2/token/revoke", false],
    ["/partner-sdk/token", false],
    ["/partner-sdk/provisional-accounts/unmerge", false],
    ["/oauth2/@me", true],
    ["/oauth2/applications/@me", true],
    ["/oauth2/tokens", true],
    ["/oauth2/token/other", true],
  ];
  for (const [path, takesBotToken] of taken) {
    const facts = routeOf("POST", path, WALL_MS);
    assert.equal(facts.takesBotToken, takesBotToken, path);
    assert.ok(!facts.carriesToken, path);
  }
});

Deno.test("no token survives in anything a route is known by", () => {
  const tokens = fc.string({
    unit: fc.constantFrom(
      ..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
    ),
    minLength: 41,
    maxLength: 220,
  });
  const fronts = fc.constantFrom(
    "/webhooks/1/",
    "/interactions/1/",
    "/unknown/",
    "/web%68ooks/1/",
    "/channels/1/unknown/",
  );
  const ends = fc.constantFrom("", "/callback", "/messages/5", "/");
  const methods = fc.constantFrom<Method>("GET", "POST", "PUT", "DELETE");
  fc.assert(
    fc.property(methods, fronts, tokens, ends, (method, front, token, end) => {
      const facts = routeOf(method, front + token + end, WALL_MS);
      assert.ok(!JSON.stringify(facts).includes(token));
    }),
    { seed: SEED, numRuns: 1_000 },
  );
});

// Only the leading element counts (docs: rate limits, top-level resources).
Deno.test("an id further down is no major parameter", () => {
  const paths = [
    "/applications/1/guilds/2/commands",
    "/users/@me/guilds/2",
    "/users/1",
    "/stage-instances/1",
    "/invites/1",
    "/guilds/templates/1",
    "/channels",
  ];
  for (const path of paths) {
    assert.equal(routeOf("GET", path, WALL_MS).major, "", path);
  }
});

// One bucket for adding, removing and clearing: staff, discord-api-docs #981.
Deno.test("all writes of a channel's reactions are one line in one order", () => {
  const writes: [method: Method, path: string][] = [
    ["PUT", "/channels/1/messages/2/reactions/%F0%9F%91%8D/@me"],
    ["DELETE", "/channels/1/messages/2/reactions/name:3/@me"],
    ["DELETE", "/channels/1/messages/3/reactions/123/4"],
    ["DELETE", "/channels/1/messages/3/reactions/word"],
    ["DELETE", "/channels/1/messages/3/reactions"],
  ];
  const first = routeOf(
    "PUT",
    "/channels/1/messages/9/reactions/x/@me",
    WALL_MS,
  );
  for (const [method, path] of writes) {
    const facts = routeOf(method, path, WALL_MS);
    assert.equal(facts.key, first.key, path);
    assert.deepEqual(orderOf(facts), orderOf(first), path);
  }
  const elsewhere = routeOf(
    "PUT",
    "/channels/2/messages/9/reactions/x/@me",
    WALL_MS,
  );
  assert.notDeepEqual(orderOf(elsewhere), orderOf(first));
  const read = routeOf("GET", "/channels/1/messages/2/reactions/x", WALL_MS);
  assert.notEqual(read.key, first.key);
  assert.equal(read.orderKey, undefined);
});

Deno.test("an emoji is never taken for an id or a word of the API", () => {
  for (const emoji of ["123", "messages", "@me", "a:b", "%E2%9C%85"]) {
    assert.equal(
      routeOf("GET", `/channels/1/messages/2/reactions/${emoji}`, WALL_MS)
        .label,
      "GET /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}",
    );
  }
});

// Three hashes by age: discord-api-docs #1295, #1092, #8330 (seen 2026-05).
Deno.test("deleting a message is split at 10 s and at 14 days of its age", () => {
  const DAY_MS = 86_400_000;
  const keyAt = (ageMs: number) => {
    const id = idAt(WALL_MS - ageMs);
    return routeOf("DELETE", `/channels/1/messages/${id}`, WALL_MS).key;
  };
  const base = "DELETE /channels/{channel_id}/messages/{message_id}";
  assert.equal(keyAt(9_999), `${base} young`);
  assert.equal(keyAt(10_000), `${base} middle`);
  assert.equal(keyAt(14 * DAY_MS), `${base} middle`);
  assert.equal(keyAt(14 * DAY_MS + 1), `${base} old`);
  // A clock behind Discord's sees messages of the future.
  assert.equal(keyAt(-5_000), `${base} young`);
});

Deno.test("only the deletion of one message of a channel is split by age", () => {
  const id = idAt(WALL_MS);
  const others: [method: Method, path: string][] = [
    ["PATCH", `/channels/1/messages/${id}`],
    ["DELETE", `/channels/1/messages/pins/${id}`],
    ["DELETE", `/webhooks/1/T/messages/${id}`],
    ["POST", "/channels/1/messages/bulk-delete"],
  ];
  for (const [method, path] of others) {
    const { key, label } = routeOf(method, path, WALL_MS);
    assert.equal(key, label, path);
  }
});

Deno.test("creations of one kind in one place share an order, whatever is between", () => {
  const first = routeOf("POST", "/channels/1/messages/5/crosspost", WALL_MS);
  const second = routeOf("POST", "/channels/1/messages/6/crosspost", WALL_MS);
  const elsewhere = routeOf(
    "POST",
    "/channels/2/messages/6/crosspost",
    WALL_MS,
  );
  assert.deepEqual(orderOf(first), orderOf(second));
  assert.notDeepEqual(orderOf(first), orderOf(elsewhere));
});

Deno.test("changes of one path share an order, whatever the method; of two paths, none", () => {
  const of = (method: Method, path: string) =>
    orderOf(routeOf(method, path, WALL_MS));
  const patch = of("PATCH", "/channels/1/messages/5");
  assert.deepEqual(of("DELETE", "/channels/1/messages/5"), patch);
  assert.deepEqual(of("PUT", "/channels/1/messages/5"), patch);
  assert.notDeepEqual(of("PATCH", "/channels/1/messages/6"), patch);
});

/** What requests share that leave one after the other. */
function orderOf({ orderKey, orderPlace }: RouteFacts): readonly unknown[] {
  return [orderKey, orderPlace];
}

/** The first id Discord gives in that millisecond (docs: snowflakes). */
function idAt(wallMs: number): string {
  return ((BigInt(wallMs) - 1_420_070_400_000n) << 22n).toString();
}
