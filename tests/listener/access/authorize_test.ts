import assert from "node:assert/strict";
import { createHash } from "../../../deps.ts";
import type { Identity } from "../../../rest/domain/identity.ts";
import { Refusal } from "../../../rest/domain/refusal.ts";
import type { Method } from "../../../rest/domain/request.ts";
import type { Evidence } from "../../../rest/listener/access/authorize.ts";
import { routeOf } from "../../../rest/routes/route_of.ts";
import { authorizerOf, KEY, OWN_ID, TOKEN } from "../_bench.ts";

/** Base64 of 876543210987654321, another application's id. */
const OTHER = "ODc2NTQzMjEwOTg3NjU0MzIx.other.token";
const OWN = { id: OWN_ID, upstream: `Bot ${TOKEN}`, isOwn: true };
const NONE = { id: "none", upstream: undefined, isOwn: false };

/** Which identity a caller that shows `evidence` gets on a route, or why it gets none. */
function outcomeOf(
  evidence: Partial<Evidence>,
  line = "GET /users/@me",
  token: string | null = TOKEN,
): unknown {
  const authorizer = authorizerOf(token);
  const [method = "", path = ""] = line.split(" ");
  try {
    const proof = authorizer.prove({
      authorization: null,
      restAuthorization: null,
      pathKey: undefined,
      botId: null,
      address: "192.0.2.1",
      ...evidence,
    });
    if (proof === undefined) return "no key";
    const route = routeOf(method as Method, path, 0);
    return shown(authorizer.identityFor(proof, route));
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

function shown({ id, authorization, isOwn }: Identity) {
  return { id, upstream: authorization?.reveal(), isOwn };
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

const OTHER_BOT = {
  id: `bot:876543210987654321:${hashOf(OTHER)}`,
  upstream: `Bot ${OTHER}`,
  isOwn: false,
};
const BEARER = {
  id: `bearer:${hashOf("b")}`,
  upstream: "Bearer b",
  isOwn: false,
};
const BASIC = {
  id: `basic:${hashOf("Y2w6cw==")}`,
  upstream: "Basic Y2w6cw==",
  isOwn: false,
};
const WITH_KEY = { restAuthorization: KEY };

const FORMS: ReadonlyArray<
  readonly [claim: string, evidence: Partial<Evidence>, outcome: unknown]
> = [
  ["the bare key is our bot", { authorization: KEY }, OWN],
  ["Bot and the key is our bot", { authorization: `Bot ${KEY}` }, OWN],
  ["Bearer and the key is our bot", { authorization: `Bearer ${KEY}` }, OWN],
  ["bearer in lower case and the key is our bot", {
    authorization: `bearer ${KEY}`,
  }, OWN],
  ["the key as client credentials is nothing", {
    authorization: `Basic ${KEY}`,
  }, "no key"],
  ["our own token is our bot", { authorization: `Bot ${TOKEN}` }, OWN],
  ["our own token without Bot is nothing", { authorization: TOKEN }, "no key"],
  [
    "our own token as Bearer is nothing",
    { authorization: `Bearer ${TOKEN}` },
    "no key",
  ],
  ["another bot's token is nothing by itself", {
    authorization: `Bot ${OTHER}`,
  }, "no key"],
  ["the key beside no token is our bot", WITH_KEY, OWN],
  ["the key in the path is our bot", { pathKey: KEY }, OWN],
  ["the key beside another bot's token is that bot", {
    ...WITH_KEY,
    authorization: `Bot ${OTHER}`,
  }, OTHER_BOT],
  ["the key in the path beside another bot's token is that bot", {
    pathKey: KEY,
    authorization: `Bot ${OTHER}`,
  }, OTHER_BOT],
  ["the key beside our own token is our bot", {
    ...WITH_KEY,
    authorization: `Bot ${TOKEN}`,
  }, OWN],
  ["the key beside a Bearer token is that user", {
    ...WITH_KEY,
    authorization: "Bearer b",
  }, BEARER],
  ["the key beside client credentials is that application", {
    ...WITH_KEY,
    authorization: "Basic Y2w6cw==",
  }, BASIC],
  ["the key shown twice is our bot", { ...WITH_KEY, authorization: KEY }, OWN],
  ["the key shown twice, once with Bot, is our bot", {
    ...WITH_KEY,
    authorization: `Bot ${KEY}`,
  }, OWN],
  ["the key beside a token without a scheme is refused", {
    ...WITH_KEY,
    authorization: OTHER,
  }, "bad_request"],
  ["the key beside a scheme without a token is refused", {
    ...WITH_KEY,
    authorization: "Bot ",
  }, "bad_request"],
  ["a wrong key is nothing", { authorization: `${KEY}x` }, "no key"],
  [
    "a part of the key is nothing",
    { authorization: KEY.slice(0, -1) },
    "no key",
  ],
  ["an empty header is nothing", { authorization: "" }, "no key"],
  ["a wrong key beside is nothing", { restAuthorization: "x" }, "no key"],
  [
    "Bot and the key beside is nothing",
    { restAuthorization: `Bot ${KEY}` },
    "no key",
  ],
  ["a wrong key in the path is nothing", { pathKey: "x" }, "no key"],
  ["a wrong key beside the right one is our bot", {
    authorization: KEY,
    restAuthorization: "x",
    pathKey: "x",
  }, OWN],
  ["nothing is nothing", {}, "no key"],
];

for (const [claim, evidence, outcome] of FORMS) {
  Deno.test(`authorize: ${claim}`, () => {
    assert.deepEqual(outcomeOf(evidence), outcome);
  });
}

const TOKENLESS = [
  "POST /interactions/1/aW50ZXJhY3Rpb246/callback",
  "POST /webhooks/1/token",
  "PATCH /webhooks/1/token/messages/@original",
  "POST /oauth2/token",
  "POST /oauth2/token/revoke",
  "POST /partner-sdk/token",
];

for (const line of TOKENLESS) {
  Deno.test(`authorize: no bot's token goes to ${line}`, () => {
    assert.deepEqual(outcomeOf({ authorization: KEY }, line), NONE);
    assert.deepEqual(
      outcomeOf({ ...WITH_KEY, authorization: `Bot ${OTHER}` }, line),
      NONE,
    );
    assert.deepEqual(outcomeOf({ authorization: `Bot ${TOKEN}` }, line), NONE);
  });

  Deno.test(`authorize: a caller's own credentials go to ${line}`, () => {
    assert.deepEqual(
      outcomeOf({ ...WITH_KEY, authorization: "Basic Y2w6cw==" }, line),
      BASIC,
    );
  });
}

const PUBLIC = [
  "GET /gateway",
  "GET /invites/discord-developers",
  "GET /guilds/1/widget.json",
  "GET /guilds/1/widget.png",
  "GET /guilds/templates/abc",
  "GET /oauth2/keys",
  "GET /sticker-packs",
];

for (const line of PUBLIC) {
  Deno.test(`authorize: ${line} needs no token`, () => {
    assert.deepEqual(outcomeOf({ authorization: KEY }, line, null), NONE);
    assert.deepEqual(outcomeOf({ authorization: KEY }, line), OWN);
  });
}

Deno.test("authorize: without DISCORD_TOKEN a route that needs a token is refused", () => {
  assert.equal(
    outcomeOf({ authorization: KEY }, "GET /gateway/bot", null),
    "no_token",
  );
  assert.equal(
    outcomeOf({ authorization: KEY }, "DELETE /invites/x", null),
    "no_token",
  );
  assert.deepEqual(
    outcomeOf(
      { ...WITH_KEY, authorization: `Bot ${OTHER}` },
      "GET /gateway/bot",
      null,
    ),
    OTHER_BOT,
  );
});

Deno.test("authorize: two tokens that claim one application stay two identities", () => {
  const forged = `${OTHER.split(".")[0]}.for.ged`;
  const one = outcomeOf({ ...WITH_KEY, authorization: `Bot ${OTHER}` });
  const two = outcomeOf({ ...WITH_KEY, authorization: `Bot ${forged}` });
  assert.notDeepEqual(one, two);
});

Deno.test("authorize: a token that claims our application is not our bot", () => {
  const forged = `Bot ${TOKEN.split(".")[0]}.for.ged`;
  const { id, isOwn } = outcomeOf({
    ...WITH_KEY,
    authorization: forged,
  }) as Identity;
  assert.notEqual(id, OWN_ID);
  assert.ok(!isOwn);
});

Deno.test("authorize: a bot's token without an id is named by its hash", () => {
  const { id } = outcomeOf({
    ...WITH_KEY,
    authorization: "Bot abc",
  }) as Identity;
  assert.equal(id, `bot:${hashOf("abc")}`);
});

Deno.test("authorize: the same token gets the same identity past the bound of what is remembered", () => {
  const authorizer = authorizerOf();
  const idOf = (authorization: string) =>
    authorizer.prove({
      authorization,
      restAuthorization: KEY,
      pathKey: undefined,
      botId: null,
      address: "192.0.2.1",
    })
      ?.brought?.id;
  const first = idOf("Bot first");
  for (let index = 0; index < 1_001; index++) idOf(`Bot ${index}`);
  assert.equal(idOf("Bot first"), first);
});

Deno.test("authorize: nothing of a token shows in an identity's id or in print", () => {
  const authorizer = authorizerOf();
  const proof = authorizer.prove({
    authorization: `Bot ${OTHER}`,
    restAuthorization: KEY,
    pathKey: undefined,
    botId: null,
    address: "192.0.2.1",
  });
  const print = Deno.inspect(proof) + JSON.stringify(proof);
  assert.ok(!print.includes("other.token"), print);
});
