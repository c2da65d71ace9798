import assert from "node:assert/strict";
import type { KeyRights } from "../../rest/domain/access.ts";
import { Refusal } from "../../rest/domain/refusal.ts";
import { Secret } from "../../rest/domain/secret.ts";
import type { Method } from "../../rest/domain/request.ts";
import {
  createAuthorizer,
  type Evidence,
} from "../../rest/listener/access/authorize.ts";
import { createBotRing } from "../../rest/listener/access/bot_ring.ts";
import { createKeyRing } from "../../rest/listener/access/key_ring.ts";
import { routeOf } from "../../rest/routes/route_of.ts";
import { createManualClock } from "../_manual_clock.ts";
import { keyOf, knownOf } from "../listener/_bench.ts";

const idOf = (n: number) => `1${String(n).padStart(17, "0")}`;
const tokenOf = (n: number) => `${btoa(idOf(n))}.own.token${n}`;
const KEY = "the-key-of-the-claims";
const NAMES = ["main", "second", "third"];

/** A key with these rights, and three bots. */
function authorizerOf(rights: Partial<KeyRights> = {}, names = NAMES) {
  const keys = createKeyRing([keyOf("k", KEY, rights)]);
  const bots = createBotRing(
    names.map((name, n) => ({ name, token: new Secret(tokenOf(n + 1)) })),
  );
  const known = knownOf({ clock: createManualClock(), keys, bots });
  const openTokenRoutes = "false";
  const authorizer = createAuthorizer({ keys, bots, known, openTokenRoutes });
  return { keys, authorizer };
}

type Rules = ReturnType<typeof authorizerOf>;

/** The id of who goes upstream, or the code of the refusal. */
function outcomeOf(
  { authorizer }: Rules,
  evidence: Partial<Evidence>,
  line = "GET /users/@me",
): string {
  const [method = "", path = ""] = line.split(" ");
  try {
    const proof = authorizer.prove({
      authorization: KEY,
      restAuthorization: null,
      pathKey: undefined,
      botId: null,
      address: "192.0.2.1",
      ...evidence,
    });
    if (proof === undefined) return "no key";
    const route = routeOf(method as Method, path, 0);
    return authorizer.identityFor(proof, route).id;
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

const bot = (n: number) => `bot:${idOf(n)}`;

const CHOICES: ReadonlyArray<
  readonly [
    claim: string,
    rights: Partial<KeyRights>,
    evidence: Partial<Evidence>,
    outcome: string,
  ]
> = [
  ["none is named: the first", {}, {}, bot(1)],
  ["one is named", {}, { botId: "second" }, bot(2)],
  ["one is called by its application's id", {}, { botId: idOf(3) }, bot(3)],
  ["a name nobody has", {}, { botId: "fourth" }, "forbidden"],
  ["an empty name", {}, { botId: "" }, "forbidden"],
  [
    "a key's own list: its first where none is named",
    { bots: ["third", "second"] },
    {},
    bot(3),
  ],
  ["one of a key's list", { bots: ["third", "second"] }, {
    botId: "second",
  }, bot(2)],
  ["one that is not on a key's list", { bots: ["third"] }, {
    botId: "second",
  }, "forbidden"],
  ["a key without bots", { bots: [] }, {}, "forbidden"],
  ["a bot's own token is that bot", {}, {
    authorization: `Bot ${tokenOf(2)}`,
  }, bot(2)],
  ["a bot's own token is that bot, whatever bot_id says", {}, {
    authorization: `Bot ${tokenOf(2)}`,
    botId: "third",
  }, bot(2)],
  ["the key beside a bot's own token is that bot", {}, {
    authorization: `Bot ${tokenOf(2)}`,
    restAuthorization: KEY,
  }, bot(2)],
  ["a key may not speak for a bot by its token either", { bots: ["third"] }, {
    authorization: `Bot ${tokenOf(2)}`,
    restAuthorization: KEY,
  }, "forbidden"],
];

for (const [claim, rights, evidence, outcome] of CHOICES) {
  Deno.test(`${claim}: ${outcome}`, () => {
    assert.equal(outcomeOf(authorizerOf(rights), evidence), outcome);
  });
}

Deno.test("a key without bots still serves callers that bring a token of their own", () => {
  const outcome = outcomeOf(authorizerOf({ bots: [] }), {
    authorization: "Bearer of-a-user",
    restAuthorization: KEY,
  });
  assert.match(outcome, /^bearer:/);
});

Deno.test("callbacks need no bot, so any key may make them, whatever bot_id says", () => {
  const callback = "POST /interactions/1/token/callback";
  const rules = authorizerOf({ bots: [] });
  assert.equal(outcomeOf(rules, {}, callback), "none");
  assert.equal(outcomeOf(rules, { botId: "x" }, callback), "none");
});

Deno.test("a key without bots reads what Discord shows to everybody", () => {
  assert.equal(
    outcomeOf(authorizerOf({ bots: [] }), {}, "GET /gateway"),
    "none",
  );
});

Deno.test("where no bot is configured bot_id changes nothing", () => {
  const rules = authorizerOf({}, []);
  assert.equal(outcomeOf(rules, { botId: "main" }), "no_token");
});

function messageOf(rights: Partial<KeyRights>, botId: string): string {
  const { authorizer } = authorizerOf(rights);
  const proof = authorizer.prove({
    authorization: KEY,
    restAuthorization: null,
    pathKey: undefined,
    botId,
    address: "192.0.2.1",
  });
  assert.ok(proof);
  try {
    authorizer.identityFor(proof, routeOf("GET", "/users/@me", 0));
  } catch (error) {
    if (error instanceof Refusal) return error.message;
  }
  throw new Error("it was not refused");
}

Deno.test("the refusal names the bots a key may speak for, and neither others nor what was asked", () => {
  const rights = { bots: ["second", "third"] };
  const told =
    "Cannot speak for this bot: bot_id and tokens that this key may use are those of second, third";
  assert.equal(messageOf(rights, "main"), told);
  assert.equal(messageOf(rights, "nobody"), told);
  assert.equal(
    messageOf({ bots: [] }, "main"),
    "Cannot speak for a bot: this key may use none of those that are configured",
  );
});

Deno.test("a key that was taken away is refused on connections that are still open", () => {
  const { keys, authorizer } = authorizerOf();
  const proof = authorizer.prove({
    authorization: KEY,
    restAuthorization: null,
    pathKey: undefined,
    botId: null,
    address: "192.0.2.1",
  });
  assert.ok(proof);
  const route = routeOf("GET", "/users/@me", 0);
  assert.equal(authorizer.identityFor(proof, route).id, bot(1));
  const refused = {
    code: "unauthorized",
    message: "Cannot accept the request: its key k has been revoked",
  };
  keys.replace([keyOf("k", "another-key-of-that-name")]);
  assert.throws(() => authorizer.identityFor(proof, route), refused);
  keys.replace([]);
  assert.throws(() => authorizer.identityFor(proof, route), refused);
  keys.replace([keyOf("k", KEY, { bots: ["third"] })]);
  assert.equal(authorizer.identityFor(proof, route).id, bot(3));
});

Deno.test("what was brought as a token and is a key now does not go upstream", () => {
  const rules = authorizerOf();
  const later = "Bearer a-key-of-tomorrow";
  const evidence = { authorization: later, restAuthorization: KEY };
  assert.match(outcomeOf(rules, evidence), /^bearer:/);
  rules.keys.replace([keyOf("k", KEY), keyOf("l", "a-key-of-tomorrow")]);
  assert.equal(outcomeOf(rules, evidence), bot(1));
});
