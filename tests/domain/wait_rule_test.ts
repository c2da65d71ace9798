import assert from "node:assert/strict";
import { parseRoutePattern } from "../../rest/domain/route_pattern.ts";
import { NOBODY } from "../../rest/domain/identity.ts";
import type { ProxyRequest } from "../../rest/domain/request.ts";
import { type WaitRule, withRule } from "../../rest/domain/wait_rule.ts";
import { routeOf } from "../../rest/routes/route_of.ts";

function ruleOf(
  routes: readonly string[] | undefined,
  change: Partial<WaitRule> = {},
): WaitRule {
  const patterns = routes?.map((text) => {
    const pattern = parseRoutePattern(text);
    assert.ok(pattern);
    return pattern;
  });
  return {
    routes: patterns,
    waitMs: undefined,
    onLeave: "run",
    urgency: undefined,
    ...change,
  };
}

const POST: ProxyRequest = {
  method: "POST",
  target: { version: 10, path: "/guilds/1/emojis", query: "" },
  route: routeOf("POST", "/guilds/1/emojis", 0),
  headers: [],
  body: undefined,
  identity: NOBODY,
  caller: "bot@test",
  urgency: 3,
  isOrdered: true,
  leaveWithinMs: undefined,
};

Deno.test("withRule() takes the first rule that fits, and that one alone", () => {
  const { longestWaitMs, onLeave, urgency } = withRule(POST, [
    ruleOf(["GET /guilds/*/emojis", "POST /guilds/*"], { waitMs: 1 }),
    ruleOf(["POST /guilds/*/emojis"], { waitMs: 2 }),
    ruleOf(["* /guilds/**"], { waitMs: 3, onLeave: "cancel", urgency: 7 }),
  ]);
  assert.deepEqual([longestWaitMs, onLeave, urgency], [2, "run", 3]);
});

Deno.test("withRule() takes all of a rule: wait, leaving and urgency", () => {
  const { longestWaitMs, onLeave, urgency } = withRule(POST, [
    ruleOf(["* /guilds/**"], { waitMs: 0, onLeave: "cancel", urgency: 7 }),
  ]);
  assert.deepEqual([longestWaitMs, onLeave, urgency], [0, "cancel", 7]);
});

Deno.test("a rule without routes fits every request, one with an empty list none", () => {
  assert.equal(withRule(POST, [ruleOf(undefined, { urgency: 6 })]).urgency, 6);
  assert.equal(withRule(POST, [ruleOf([], { urgency: 6 })]), POST);
});

Deno.test("a rule that says nothing excepts its routes from those behind it", () => {
  const ruled = withRule(POST, [
    ruleOf(["POST /guilds/1/emojis"]),
    ruleOf(undefined, { waitMs: 0, urgency: 7 }),
  ]);
  assert.deepEqual([ruled.longestWaitMs, ruled.urgency], [undefined, 3]);
});

Deno.test("withRule() leaves a request alone that no rule fits", () => {
  assert.equal(withRule(POST, []), POST);
  assert.equal(withRule(POST, [ruleOf(["GET /guilds/**"])]), POST);
});
