import assert from "node:assert/strict";
import { RepClient } from "../../client/mod.ts";
import { finalRefusalIn } from "../../client/wire/close_codes.ts";
import { TestEndpoint } from "../listener/websocket/_endpoint.ts";

for (
  const [reason, words] of [
    [
      "NetworkError: failed to connect to WebSocket: Invalid status code: 401",
      /refused the WebSocket with 401: the key is missing or wrong/,
    ],
    ["Unexpected server response: 403", /with 403: the key or the page/],
    [
      "Unexpected server response: 404",
      /with 404: there is no REP at this URL/,
    ],
    ["Unexpected server response: 426", /with 426/],
  ] as const
) {
  Deno.test(`"${reason}" is final, and says why`, () => {
    assert.match(finalRefusalIn(reason) ?? "", words);
  });
}

for (
  const reason of [
    "",
    "Unexpected server response: 502",
    "Unexpected server response: 503",
    "Unexpected server response: 429",
    "failed to connect to WebSocket: Connection refused (os error 111)",
  ]
) {
  Deno.test(`"${reason}" may be otherwise next time`, () => {
    assert.equal(finalRefusalIn(reason), undefined);
  });
}

Deno.test("a client whose key is refused at the upgrade ends with a sentence instead of dialling for ever", async () => {
  await using door = await TestEndpoint.open({
    settings: { isHeaderRequired: true },
  });
  const client = new RepClient(`ws://${door.url}/rep`, { token: "wrong" });
  await assert.rejects(
    client.get("/users/@me"),
    /refused the WebSocket with 401: the key is missing or wrong/,
  );
  assert.equal(client.state, "closed");
});

Deno.test("a client at a URL without REP ends with a sentence", async () => {
  await using door = await TestEndpoint.open();
  const client = new RepClient(`ws://${door.url}/elsewhere`, { token: "x" });
  await assert.rejects(
    client.get("/users/@me"),
    /refused the WebSocket with (?:401|404)/,
  );
});
