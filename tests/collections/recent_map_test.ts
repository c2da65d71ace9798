import assert from "node:assert/strict";
import { fc } from "../deps.ts";
import { RecentMap } from "../../rest/collections/recent_map.ts";

Deno.test("RecentMap knows what was set, and the newest value of it", () => {
  const map = new RecentMap<string, number>(2);
  assert.equal(map.get("a"), undefined);
  map.set("a", 1);
  assert.equal(map.get("a"), 1);
  map.set("a", 2);
  assert.equal(map.get("a"), 2);
});

Deno.test("RecentMap keeps the last keys asked for or set, and twice as many at most", () => {
  const KEPT = 4;
  const calls = fc.array(
    fc.record({ isSet: fc.boolean(), key: fc.nat({ max: 11 }) }),
    { maxLength: 200 },
  );
  fc.assert(fc.property(calls, (list) => {
    const map = new RecentMap<number, string>(KEPT);
    let recent: number[] = [];
    for (const { isSet, key } of list) {
      const value = map.get(key);
      if (recent.includes(key)) assert.equal(value, `of ${key}`);
      if (isSet) map.set(key, `of ${key}`);
      const isKept = isSet || value !== undefined;
      if (isKept) recent = [key, ...recent.filter((k) => k !== key)];
      // The one being asked for may be what starts a new generation.
      recent = recent.slice(0, KEPT - 1);
      assert.ok(map.size <= 2 * KEPT, `${map.size}`);
    }
  }));
});

Deno.test("RecentMap forgets what nobody asks for any more", () => {
  const map = new RecentMap<number, number>(10);
  map.set(-1, -1);
  for (let key = 0; key < 20; key++) map.set(key, key);
  assert.equal(map.get(-1), undefined);
});
