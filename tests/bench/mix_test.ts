import assert from "node:assert/strict";
import { requestOf } from "../../bench/mix.ts";
import { routeOf } from "../../rest/routes/route_of.ts";

const OWNERS = 64;
const TURNS = 8;

Deno.test("of two owners none waits for the other: neither line nor order is shared", () => {
  const ownerOf = new Map<string, number>();
  for (let owner = 0; owner < OWNERS; owner++) {
    for (let turn = 0; turn < TURNS; turn++) {
      const { method, target } = requestOf(owner, turn);
      const path = target.slice("/api/v10".length);
      const route = routeOf(method as "GET", path, 0);
      const { key, major, orderKey, orderPlace } = route;
      const order = orderKey === undefined ? [] : [`${orderKey} ${orderPlace}`];
      for (const shared of [`${key} ${major}`, ...order]) {
        assert.equal(ownerOf.get(shared) ?? owner, owner, shared);
        ownerOf.set(shared, owner);
      }
    }
  }
});

Deno.test("no interaction is answered twice", () => {
  const seen = new Set<string>();
  for (let owner = 0; owner < OWNERS; owner++) {
    for (let turn = 3; turn < 400; turn += 4) {
      const { target } = requestOf(owner, turn);
      assert.ok(target.startsWith("/api/v10/interactions/"));
      assert.ok(!seen.has(target), target);
      seen.add(target);
    }
  }
});
