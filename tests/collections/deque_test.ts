import assert from "node:assert/strict";
import { Deque } from "../../rest/collections/deque.ts";

Deno.test("Deque gives back what came in, first in first out, across its inner cut", () => {
  const deque = new Deque<number>();
  let next = 0;
  for (let round = 0; round < 3_000; round++) {
    deque.push(2 * round);
    deque.push(2 * round + 1);
    assert.equal(deque.shift(), next++);
  }
  assert.equal(deque.size, 3_000);
  while (deque.size > 0) assert.equal(deque.shift(), next++);
  assert.equal(next, 6_000);
  assert.equal(deque.shift(), undefined);
});
