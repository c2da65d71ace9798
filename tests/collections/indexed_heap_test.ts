import assert from "node:assert/strict";
import { IndexedHeap } from "../../rest/collections/indexed_heap.ts";
import { fc } from "../deps.ts";

interface Item {
  readonly value: number;
  heapIndex: number;
}

const heapOf = (): IndexedHeap<Item> =>
  new IndexedHeap<Item>((item) => item.value);

Deno.test("IndexedHeap pops in order whatever was pushed and removed in between", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 50 }), fc.boolean())),
      (steps) => {
        const heap = heapOf();
        const inside: Item[] = [];
        for (const [value, isRemoval] of steps) {
          if (isRemoval && inside.length > 0) {
            const [item] = inside.splice(value % inside.length, 1);
            if (item !== undefined) heap.remove(item);
          } else {
            const item = { value, heapIndex: -1 };
            inside.push(item);
            heap.push(item);
          }
        }
        const popped: number[] = [];
        for (;;) {
          const item = heap.pop();
          if (item === undefined) break;
          popped.push(item.value);
        }
        const expected = inside.map((item) => item.value).sort((a, b) => a - b);
        assert.deepEqual(popped, expected);
      },
    ),
    { seed: 7 },
  );
});

Deno.test("IndexedHeap.remove() leaves a member that is outside alone", () => {
  const heap = heapOf();
  heap.push({ value: 1, heapIndex: -1 });
  heap.remove({ value: 1, heapIndex: -1 });
  assert.equal(heap.size, 1);
});
