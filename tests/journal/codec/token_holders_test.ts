import assert from "node:assert/strict";
import type { Method } from "../../../rest/domain/request.ts";
import {
  holdsTokenMember,
  mayHoldToken,
} from "../../../rest/journal/codec/token_holders.ts";
import { requestOf } from "../../dispatcher/_builders.ts";

function mayHold(method: Method, path: string, text?: string): boolean {
  return mayHoldToken(
    requestOf(method, text === undefined ? { path } : { path, text }),
  );
}

Deno.test("paths, bodies and answers with tokens of Discord's are known", () => {
  const holders: ReadonlyArray<readonly [Method, string, string?]> = [
    ["POST", "/webhooks/1/token"],
    ["PATCH", "/webhooks/1/token/messages/@original"],
    ["POST", "/interactions/1/token/callback"],
    ["POST", "/channels/1/webhooks", '{"name":"x"}'],
    ["PATCH", "/webhooks/1", '{"name":"x"}'],
    ["GET", "/guilds/1/webhooks"],
    ["POST", "/oauth2/token"],
    ["PUT", "/guilds/1/members/2", '{"access_token":"x"}'],
    ["POST", "/users/@me/channels", '{"access_tokens":["x"]}'],
    ["POST", "/something/new", '{ "token" : "x"}'],
  ];
  for (const [method, path, text] of holders) {
    assert.ok(mayHold(method, path, text), `${method} ${path}`);
  }
});

Deno.test("what a bot does all day holds no token, also where it writes of them", () => {
  const others: ReadonlyArray<readonly [Method, string, string?]> = [
    ["POST", "/channels/1/messages", '{"content":"my \\"token\\": secret"}'],
    ["POST", "/channels/1/messages", '{"content":"token"}'],
    ["PUT", "/guilds/1/members/2/roles/3"],
    ["DELETE", "/webhooks/1"],
    ["PATCH", "/channels/1", '{"name":"token"}'],
    ["POST", "/guilds/1/channels", '{"name":"webhooks"}'],
  ];
  for (const [method, path, text] of others) {
    assert.ok(!mayHold(method, path, text), `${method} ${path}`);
  }
});

Deno.test("an answer that shows a token is known by its member, wherever that stands", () => {
  const encoder = new TextEncoder();
  const deep = '{"a":[{"b":{"refresh_token":\n"x"}}]}';
  assert.ok(holdsTokenMember(encoder.encode(deep)));
  assert.ok(!holdsTokenMember(encoder.encode('{"tokens":1}')));
  assert.ok(!holdsTokenMember(encoder.encode('{"token"')));
  assert.ok(!holdsTokenMember(undefined));
});
