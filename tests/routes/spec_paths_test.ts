/**
 * Every path of Discord's OpenAPI document against what its template alone
 * says; nothing here is taken from the code it judges.
 */
import assert from "node:assert/strict";
import type { Method } from "../../rest/domain/request.ts";
import { routeOf } from "../../rest/routes/route_of.ts";
import { pathsList } from "../deps.ts";

const WALL_MS = Date.parse("2026-11-21T00:00:00Z");
const WEBHOOK_TOKEN =
  "7Kq0_pXyZ-3a9BcDeFgHiJkLmNoPqRsTuVwXyZ0123456789abcdefghijklmnopqrst";
const INTERACTION_TOKEN = btoa("interaction:1234567890123456789:AbC123xyz");

interface Operation {
  readonly method: Method;
  readonly template: string;
}

const OPERATIONS: readonly Operation[] = Object.entries(pathsList).flatMap((
  [method, templates],
) =>
  templates.map((template) => ({
    method: method.toUpperCase() as Method,
    template,
  }))
);

Deno.test("the document has more than 200 operations", () => {
  assert.ok(OPERATIONS.length > 200, String(OPERATIONS.length));
});

Deno.test("every operation's label is its template, ids stripped", () => {
  for (const { method, template } of OPERATIONS) {
    for (const round of [1, 2]) {
      const { label } = routeOf(method, fill(template, round), WALL_MS);
      assert.equal(blank(label), blank(`${method} ${template}`));
    }
  }
});

Deno.test("every operation has the major parameter that leads its template", () => {
  for (const { method, template } of OPERATIONS) {
    const { major } = routeOf(method, fill(template, 1), WALL_MS);
    const other = routeOf(method, fill(template, 2), WALL_MS).major;
    if (/^\/(channels|guilds)\/\{/.test(template)) {
      assert.equal(major, idOf(0, 1), template);
    } else if (/^\/webhooks\/\{[a-z_]+\}\/\{/.test(template)) {
      assert.match(major, new RegExp(`^${idOf(0, 1)}/[0-9a-z]+$`), template);
    } else if (template.startsWith("/webhooks/")) {
      assert.equal(major, idOf(0, 1), template);
    } else if (!template.startsWith("/interactions/")) {
      assert.equal(major, "", template);
    }
    assert.equal(major === other, major === "", template);
  }
});

Deno.test("no operation that carries a token, and none of the partner's, takes the bot's token", () => {
  for (const { method, template } of OPERATIONS) {
    const facts = routeOf(method, fill(template, 1), WALL_MS);
    const hasToken = template.includes("_token}");
    const isPartner = template.startsWith("/partner-sdk/");
    assert.equal(facts.carriesToken, hasToken, template);
    assert.equal(facts.takesBotToken, !hasToken && !isPartner, template);
  }
});

Deno.test("only token webhooks and interactions leave the bot's lane", () => {
  for (const { method, template } of OPERATIONS) {
    const { lane, webhookId } = routeOf(method, fill(template, 1), WALL_MS);
    const isInteraction = template.startsWith("/interactions/");
    const isTokenWebhook = template.includes("{webhook_token}");
    assert.equal(
      lane,
      isInteraction ? "interaction" : isTokenWebhook ? "webhook" : "bot",
      template,
    );
    const isWebhook = template.startsWith("/webhooks/");
    assert.equal(webhookId, isWebhook ? idOf(0, 1) : undefined, template);
  }
});

Deno.test("an interaction's token turns every webhook operation into one of the interaction", () => {
  const ofWebhooks = OPERATIONS.filter(({ template }) =>
    template.includes("{webhook_token}")
  );
  assert.ok(ofWebhooks.length >= 10);
  for (const { method, template } of ofWebhooks) {
    const path = fill(
      template.replace("{webhook_token}", INTERACTION_TOKEN),
      1,
    );
    const facts = routeOf(method, path, WALL_MS);
    assert.equal(facts.lane, "interaction", template);
    assert.equal(facts.webhookId, undefined, template);
    assert.ok(facts.carriesToken, template);
    // The application's id says nothing of the limit: it is the interaction's.
    assert.equal(
      facts.major,
      routeOf(method, path.replace(idOf(0, 1), "5"), WALL_MS).major,
    );
    assert.ok(!facts.label.includes("{webhook_token}"), facts.label);
  }
});

Deno.test("no two operations share a key but the writes of reactions", () => {
  const seen = new Map<string, string>();
  for (const { method, template } of OPERATIONS) {
    const { key } = routeOf(method, fill(template, 1), WALL_MS);
    const isReaction = template.includes("/reactions") && method !== "GET";
    const name = isReaction ? "reactions" : `${method} ${template}`;
    const before = seen.get(key) ?? name;
    seen.set(key, name);
    // The document tells `{message_id}` and `@original` apart; so do we.
    assert.equal(before, name, key);
  }
});

Deno.test("reads have no order; every write has one", () => {
  for (const { method, template } of OPERATIONS) {
    const { orderKey } = routeOf(method, fill(template, 1), WALL_MS);
    assert.equal(orderKey === undefined, method === "GET", template);
  }
});

Deno.test("nothing of a path's values survives in label and key", () => {
  for (const { method, template } of OPERATIONS) {
    const path = fill(template, 1);
    const { label, key, orderKey = "", orderPlace, major } = routeOf(
      method,
      path,
      WALL_MS,
    );
    const values = path.split("/").filter((segment, index) =>
      template.split("/")[index] !== segment
    );
    for (const value of values) {
      assert.ok(!label.includes(value), `${value} in ${label}`);
      assert.ok(!key.includes(value), `${value} in ${key}`);
    }
    const all = `${orderKey} ${orderPlace} ${major}`;
    assert.ok(!all.includes(WEBHOOK_TOKEN), template);
  }
});

/** A path of the template; another `round` gives other values. */
function fill(template: string, round: number): string {
  let count = 0;
  return template.replace(/\{([a-z_0-9]+)\}/g, (_, name: string) => {
    const index = count++;
    if (name.endsWith("_token")) return WEBHOOK_TOKEN + round;
    if (name === "emoji_name") return ["%F0%9F%91%8D", "100"][round % 2] ?? "";
    // An invite or template code may look like a word or like an id.
    if (name === "code") return ["discord", "123456"][round % 2] ?? "";
    if (name === "instance_id") return `i-${idOf(index, round)}-gc-1-2`;
    return idOf(index, round);
  });
}

function idOf(index: number, round: number): string {
  return `1${round}0000000000000000${index}`;
}

function blank(label: string): string {
  return label.replace(/\{[a-z_0-9]+\}/g, "{}");
}
