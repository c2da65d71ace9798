import assert from "node:assert/strict";
import { NOBODY } from "../../../rest/domain/identity.ts";
import type { Method } from "../../../rest/domain/request.ts";
import {
  scopeOf,
  scopeOfIdentity,
  SCOPES,
} from "../../../rest/cluster/ownership/scopes.ts";
import { rankingOf } from "../../../rest/cluster/ownership/ranking.ts";
import { routeOf } from "../../../rest/routes/route_of.ts";

const BOT = { ...NOBODY, id: "bot:123", kind: "bot" } as const;

function scopeOfPath(path: string, identity = NOBODY, method: Method = "POST") {
  return scopeOf({ identity, route: routeOf(method, path, 0) });
}

Deno.test("what goes with a bot's token has the bot's scope, whatever its path", () => {
  const scope = scopeOfIdentity("bot:123");
  assert.equal(scopeOfPath("/channels/1/messages", BOT), scope);
  assert.equal(scopeOfPath("/webhooks/7", BOT, "GET"), scope);
});

Deno.test("a webhook has one scope for all its tokens and paths", () => {
  const scope = scopeOfPath("/webhooks/7/a-token");
  assert.ok(scope !== undefined && SCOPES.includes(scope));
  assert.equal(
    scopeOfPath("/webhooks/7/other/messages/1", NOBODY, "PATCH"),
    scope,
  );
});

Deno.test("an interaction's callback needs no owner, its follow-ups have one", () => {
  const token = "aW50ZXJhY3Rpb246MTIz";
  assert.equal(scopeOfPath(`/interactions/1/${token}/callback`), undefined);
  const scope = scopeOfPath(`/webhooks/9/${token}`);
  assert.ok(scope !== undefined);
  const edit = scopeOfPath(
    `/webhooks/9/${token}/messages/@original`,
    NOBODY,
    "PATCH",
  );
  assert.equal(edit, scope);
});

Deno.test("all bearer tokens have one scope, so that what waits under one can go on under another", () => {
  const scope = scopeOfIdentity("bearer:abc");
  assert.equal(scopeOfIdentity("bearer:xyz"), scope);
  const scopes = ["a", "b", "c", "d"].map((id) => scopeOfIdentity(`bot:${id}`));
  assert.ok(new Set(scopes).size > 1);
});

Deno.test("ten thousand bots are spread evenly over all scopes", () => {
  const counts = new Map<string, number>();
  for (let id = 0; id < 10_000; id++) {
    const scope = scopeOfIdentity(`bot:${10n ** 17n + BigInt(id)}`);
    counts.set(scope, (counts.get(scope) ?? 0) + 1);
  }
  assert.equal(counts.size, SCOPES.length);
  assert.ok(Math.max(...counts.values()) < 2 * 10_000 / SCOPES.length);
});

Deno.test("when one proxy joins, scopes move to it alone, and about its share of them", () => {
  const before = ["a", "b", "c"];
  const moved = SCOPES.filter((scope) =>
    rankingOf(scope, before)[0] !== rankingOf(scope, [...before, "d"])[0]
  );
  for (const scope of moved) {
    assert.equal(rankingOf(scope, [...before, "d"])[0], "d");
  }
  assert.ok(moved.length > 6 && moved.length < 28, `${moved.length}`);
});
