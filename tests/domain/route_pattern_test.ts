import assert from "node:assert/strict";
import {
  isWithinRoutes,
  parseRoutePattern,
} from "../../rest/domain/route_pattern.ts";

function fits(pattern: string, line: string): boolean {
  const read = parseRoutePattern(pattern);
  assert.ok(read !== undefined, pattern);
  const [method = "", path = ""] = line.split(" ");
  return isWithinRoutes([read], method, path);
}

const FITTING: ReadonlyArray<readonly [pattern: string, line: string]> = [
  ["GET /users/@me", "GET /users/@me"],
  ["GET /users/@me", "GET /users/@me/"],
  ["* /users/@me", "PATCH /users/@me"],
  ["GET /guilds/*", "GET /guilds/1"],
  ["POST /channels/{channel_id}/messages", "POST /channels/1/messages"],
  ["GET /guilds/1/**", "GET /guilds/1"],
  ["GET /guilds/1/**", "GET /guilds/1/members/2"],
  ["* /**", "DELETE /a/b/c"],
];

for (const [pattern, line] of FITTING) {
  Deno.test(`${pattern} allows ${line}`, () => {
    assert.ok(fits(pattern, line));
  });
}

const FOREIGN: ReadonlyArray<readonly [pattern: string, line: string]> = [
  ["GET /users/@me", "POST /users/@me"],
  ["GET /users/@me", "GET /users/@me/guilds"],
  ["GET /guilds/*", "GET /guilds"],
  ["GET /guilds/*", "GET /guilds/1/members"],
  ["GET /guilds/1/**", "GET /guilds/12"],
  ["GET /guilds/1/**", "GET /guilds/2/members/1"],
  // Another spelling is refused, whatever it would come to.
  ["GET /guilds/1", "GET /%67uilds/1"],
  ["GET /guilds/1", "GET /Guilds/1"],
  ["GET /guilds/1", "GET /guilds/%31"],
];

for (const [pattern, line] of FOREIGN) {
  Deno.test(`${pattern} does not allow ${line}`, () => {
    assert.ok(!fits(pattern, line));
  });
}

for (
  const text of [
    "",
    "/users/@me",
    "GET users/@me",
    "get /users/@me",
    "HEAD /users/@me",
    "GET  /users/@me",
    "GET /users/@me?with_x=1",
    "GET /users/a*",
    "GET /**/members",
    "GET /guilds//members",
    "GET /guilds/",
    "GET /api/v10/users/@me",
    "GET /v10/users/@me",
    "GET /api",
  ]
) {
  Deno.test(`"${text}" is no pattern`, () => {
    assert.equal(parseRoutePattern(text), undefined);
  });
}

Deno.test("no patterns allow nothing", () => {
  assert.ok(!isWithinRoutes([], "GET", "/users/@me"));
});
