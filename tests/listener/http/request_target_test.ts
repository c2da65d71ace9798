import assert from "node:assert/strict";
import { createTargetReader } from "../../../rest/listener/http/request_target.ts";
import { Refusal } from "../../../rest/domain/refusal.ts";

const RULES = { apiVersion: 10, hasUpgrade: true };
const NOW_MS = 1_700_000_000_000;

/** A message's id made at `atMs` (docs: snowflakes). */
function idAt(atMs: number): string {
  return String(BigInt(atMs - 1_420_070_400_000) << 22n);
}

Deno.test("a target that was read before is told the same, whatever came between", () => {
  const targetOf = createTargetReader(RULES);
  const targets = ["/api/v10/channels/1/messages?limit=5", "/users/@me"];
  const first = targets.map((target) => targetOf("GET", target, NOW_MS));
  for (let turn = 0; turn < 5_000; turn++) {
    targetOf("GET", `/channels/${turn}`, NOW_MS);
  }
  const again = targets.map((target) => targetOf("GET", target, NOW_MS));
  assert.deepEqual(again, first);
});

Deno.test("interactions, called back once each, push no channel out however many they are", () => {
  const targetOf = createTargetReader(RULES);
  const read = () => targetOf("POST", "/channels/1/messages", NOW_MS);
  const first = read();
  for (let turn = 0; turn < 5_000; turn++) {
    targetOf("POST", `/interactions/${turn}/token/callback`, NOW_MS);
  }
  assert.equal(read(), first, "it was read anew");
});

Deno.test("the same target by another method is another place", () => {
  const targetOf = createTargetReader(RULES);
  for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "GET"]) {
    const place = targetOf(method, "/channels/1", NOW_MS);
    assert.ok(!(place instanceof Refusal));
    assert.equal(place.method, method);
    assert.equal(place.route.label, `${method} /channels/{channel_id}`);
  }
});

Deno.test("a deletion's place ages with its message", () => {
  const targetOf = createTargetReader(RULES);
  const target = `/channels/1/messages/${idAt(NOW_MS)}`;
  const keyAt = (wallMs: number) => {
    const place = targetOf("DELETE", target, wallMs);
    assert.ok(!(place instanceof Refusal));
    return place.route.key;
  };
  const young = keyAt(NOW_MS + 1_000);
  assert.notEqual(keyAt(NOW_MS + 60_000), young);
});

Deno.test("a refused target stays refused", () => {
  const targetOf = createTargetReader(RULES);
  for (let turn = 0; turn < 2; turn++) {
    const refused = targetOf("GET", "/api/v10/../x", NOW_MS);
    assert.ok(refused instanceof Refusal);
    assert.equal(refused.code, "bad_path");
    assert.ok(targetOf("BREW", "/users/@me", NOW_MS) instanceof Refusal);
  }
});
