import assert from "node:assert/strict";
import type { Method } from "../../rest/domain/request.ts";
import { routeTemplateOf } from "../../rest/metrics/route_templates.ts";
import { routeOf } from "../../rest/routes/route_of.ts";
import { pathsList } from "../deps.ts";

const WALL_MS = Date.parse("2026-11-21T00:00:00Z");

Deno.test("every operation of Discord's document is its own route label, and nothing else is one", () => {
  let count = 0;
  for (const [method, templates] of Object.entries(pathsList)) {
    for (const template of templates) {
      const path = template.replaceAll(/\{[^}]*\}/g, "123456789012345678");
      const { label } = routeOf(method.toUpperCase() as Method, path, WALL_MS);
      const found = routeTemplateOf(label);
      assert.equal(found.method, method.toUpperCase());
      assert.equal(found.route, template);
      count++;
    }
  }
  assert.ok(count > 200, String(count));
});

for (
  const label of [
    "GET /made/up",
    "PUT /users/@me",
    "GET /channels/{channel_id}/nothing",
    "GET ",
  ]
) {
  Deno.test(`${label} is no route of Discord's and is called other`, () => {
    assert.equal(routeTemplateOf(label).route, "other");
  });
}

Deno.test("follow-ups of an interaction are told from those of a webhook", () => {
  const { route } = routeTemplateOf(
    "PATCH /webhooks/{application_id}/{interaction_token}/messages/@original",
  );
  assert.equal(
    route,
    "/webhooks/{webhook_id}/{interaction_token}/messages/@original",
  );
});
