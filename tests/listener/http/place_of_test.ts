import assert from "node:assert/strict";
import { createPlaceReader } from "../../../rest/listener/http/place_of.ts";
import { Refusal } from "../../../rest/domain/refusal.ts";

const RULES = { apiVersion: 10, hasUpgrade: true };
const NOW_MS = 1_700_000_000_000;

/** A message's id made at `atMs` (docs: snowflakes). */
function idAt(atMs: number): string {
  return String(BigInt(atMs - 1_420_070_400_000) << 22n);
}

Deno.test("a target that was read before is told the same, whatever came between", () => {
  const placeOf = createPlaceReader(RULES);
  const targets = ["/api/v10/channels/1/messages?limit=5", "/users/@me"];
  const first = targets.map((target) => placeOf("GET", target, NOW_MS));
  for (let turn = 0; turn < 5_000; turn++) {
    placeOf("GET", `/channels/${turn}`, NOW_MS);
  }
  const again = targets.map((target) => placeOf("GET", target, NOW_MS));
  assert.deepEqual(again, first);
});

Deno.test("interactions, called back once each, push no channel out however many they are", () => {
  const placeOf = createPlaceReader(RULES);
  const read = () => placeOf("POST", "/channels/1/messages", NOW_MS);
  const first = read();
  for (let turn = 0; turn < 5_000; turn++) {
    placeOf("POST", `/interactions/${turn}/token/callback`, NOW_MS);
  }
  assert.equal(read(), first, "it was read anew");
});

Deno.test("the same target by another method is another place", () => {
  const placeOf = createPlaceReader(RULES);
  for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "GET"]) {
    const place = placeOf(method, "/channels/1", NOW_MS);
    assert.ok(!(place instanceof Refusal));
    assert.equal(place.method, method);
    assert.equal(place.route.label, `${method} /channels/{channel_id}`);
  }
});

Deno.test("a deletion's place ages with its message", () => {
  const placeOf = createPlaceReader(RULES);
  const target = `/channels/1/messages/${idAt(NOW_MS)}`;
  const keyAt = (wallMs: number) => {
    const place = placeOf("DELETE", target, wallMs);
    assert.ok(!(place instanceof Refusal));
    return place.route.key;
  };
  const young = keyAt(NOW_MS + 1_000);
  assert.notEqual(keyAt(NOW_MS + 60_000), young);
});

Deno.test("a refused target stays refused", () => {
  const placeOf = createPlaceReader(RULES);
  for (let turn = 0; turn < 2; turn++) {
    const refused = placeOf("GET", "/api/v10/../x", NOW_MS);
    assert.ok(refused instanceof Refusal);
    assert.equal(refused.code, "bad_path");
    assert.ok(placeOf("BREW", "/users/@me", NOW_MS) instanceof Refusal);
  }
});
