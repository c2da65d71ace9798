import assert from "node:assert/strict";
import { requestHeaders } from "../../rest/upstream/upstream.ts";
import { identityOf, requestOf } from "./_builders.ts";

const OURS = "DiscordBot (ours, 1)";

function agentsOf(...agents: string[]): string[] {
  const headers = agents.map((agent) => ["user-agent", agent] as const);
  const flat = requestHeaders(requestOf({ headers }), OURS);
  return flat.filter((_, at) => flat[at - 1] === "user-agent");
}

Deno.test("a user agent crosses when it begins with DiscordBot, else ours goes", () => {
  const cases = [
    ["DiscordBot (https://a.example, 2.0) lib", undefined],
    ["DiscordBot", undefined],
    ["discordbot (x, 1)", OURS],
    ["Mozilla/5.0 DiscordBot", OURS],
    ["Python-urllib/3.12", OURS],
    ["", OURS],
  ] as const;
  for (const [theirs, sent = theirs] of cases) {
    assert.deepEqual(agentsOf(theirs), [sent], theirs);
  }
  assert.deepEqual(agentsOf(), [OURS]);
});

Deno.test("however many user agents come, one goes", () => {
  assert.deepEqual(agentsOf("curl/8", "DiscordBot (a, 1)", "x"), [
    "DiscordBot (a, 1)",
  ]);
});

Deno.test("nothing of our own is added but user agent and authorization", () => {
  const request = requestOf({
    headers: [["b", "1"], ["a", "2"], ["b", "3"]],
    identity: identityOf("Bearer t"),
  });
  assert.deepEqual(requestHeaders(request, OURS), [
    ...["b", "1", "a", "2", "b", "3"],
    ...["user-agent", OURS, "authorization", "Bearer t"],
  ]);
});
