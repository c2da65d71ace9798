import assert from "node:assert/strict";
import { fc } from "../deps.ts";
import { TurnoverMap } from "../../rest/collections/turnover_map.ts";

Deno.test("TurnoverMap holds what a Map would, in the same order, whatever comes and goes", () => {
  const calls = fc.array(
    fc.record({
      isSet: fc.boolean(),
      key: fc.nat({ max: 9 }),
      value: fc.nat(),
    }),
    { maxLength: 200 },
  );
  fc.assert(fc.property(calls, (list) => {
    const map = new TurnoverMap<number, number>();
    const model = new Map<number, number>();
    for (const { isSet, key, value } of list) {
      if (isSet) map.set(key, value);
      else map.delete(key);
      if (isSet) model.set(key, value);
      else model.delete(key);
      assert.equal(map.get(key), model.get(key));
      assert.equal(map.size, model.size);
    }
    assert.deepEqual([...map.values()], [...model.values()]);
  }));
});

Deno.test("TurnoverMap goes on to those that are left when one is taken out on the way", () => {
  const map = new TurnoverMap<string, string>();
  for (const key of ["a", "b", "c"]) map.set(key, `of ${key}`);
  const seen: string[] = [];
  for (const value of map.values()) {
    seen.push(value);
    map.delete("a");
    map.delete("b");
  }
  assert.deepEqual(seen, ["of a", "of c"]);
});
