import assert from "node:assert/strict";
import { OPERATIONS } from "../../../sim/model/operations.ts";
import { bare, routeOf } from "../../../sim/model/router.ts";
import { pathsList } from "../../deps.ts";

const ID = "1234567890123456789";
const INTERACTION_TOKEN = "aW50ZXJhY3Rpb246MTIzOmFiYw";

Deno.test("every path of Discord's document finds its own operation", () => {
  for (const [method, paths] of Object.entries(pathsList)) {
    for (const template of paths) {
      const path = template.replaceAll(/\{[^}]+\}/g, ID);
      const route = routeOf(method.toUpperCase(), path);
      const key = `${method.toUpperCase()} ${bare(template)}`;
      assert.equal(route.key, key);
      assert.ok(route.operation, key);
    }
  }
});

Deno.test("no two operations share method and shape", () => {
  const keys = OPERATIONS.map(({ method, template }) =>
    `${method} ${bare(template)}`
  );
  assert.equal(new Set(keys).size, keys.length);
});

for (
  const [method, path, key, major, lane] of [
    ["GET", "/users/@me", "GET /users/@me", "", "bot"],
    ["GET", `/users/${ID}`, "GET /users/{}", "", "bot"],
    [
      "GET",
      `/channels/${ID}/messages/pins`,
      "GET /channels/{}/messages/pins",
      ID,
      "bot",
    ],
    [
      "PUT",
      `/channels/${ID}/messages/5/reactions/%F0%9F%91%8D/@me`,
      "PUT /channels/{}/messages/{}/reactions/{}/@me",
      ID,
      "bot",
    ],
    [
      "POST",
      `/webhooks/${ID}/7token`,
      "POST /webhooks/{}/{}",
      `${ID}/7token`,
      "webhook",
    ],
    [
      "POST",
      `/webhooks/${ID}/${INTERACTION_TOKEN}`,
      "POST /webhooks/{}/{}",
      INTERACTION_TOKEN,
      "interaction",
    ],
    ["GET", `/webhooks/${ID}`, "GET /webhooks/{}", ID, "bot"],
    [
      "POST",
      `/interactions/${ID}/${INTERACTION_TOKEN}/callback`,
      "POST /interactions/{}/{}/callback",
      ID,
      "interaction",
    ],
    [
      "GET",
      `/applications/${ID}/guilds/${ID}/commands`,
      "GET /applications/{}/guilds/{}/commands",
      "",
      "bot",
    ],
    [
      "GET",
      `/channels/${ID}/unheard-of/${ID}`,
      "GET /channels/{}/unheard-of/{}",
      ID,
      "bot",
    ],
    ["POST", "/wholly/unknown", "POST /wholly/unknown", "", "bot"],
    [
      "GET",
      "/channels/short/messages",
      "GET /channels/{}/messages",
      "short",
      "bot",
    ],
  ] as const
) {
  Deno.test(`${method} ${path} is ${key} of "${major}" in the ${lane} lane`, () => {
    const route = routeOf(method, path);
    assert.deepEqual(
      [route.key, route.major, route.lane],
      [key, major, lane],
    );
  });
}
