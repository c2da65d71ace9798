import assert from "node:assert/strict";
import { Expiries } from "../../../rest/scheduler/queues/expiries.ts";
import type { Waiting } from "../../../rest/scheduler/state.ts";
import { fc } from "../../deps.ts";

/** As much of a waiting request as expiries are about. */
function waitingUntil(expiresAtMs: number): Waiting {
  const waiting: Pick<
    Waiting,
    "expiresAtMs" | "next" | "previous" | "heapIndex"
  > = { expiresAtMs, next: undefined, previous: undefined, heapIndex: -1 };
  return waiting as Waiting;
}

Deno.test("Expiries tells who is first, whatever order they came in and whoever left", () => {
  const step = fc.tuple(fc.integer({ min: 0, max: 30 }), fc.boolean());
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const expiries = new Expiries();
      const inside: Waiting[] = [];
      for (const [number, isRemoval] of steps) {
        if (isRemoval && inside.length > 0) {
          const [gone] = inside.splice(number % inside.length, 1);
          if (gone !== undefined) expiries.remove(gone);
        } else {
          const waiting = waitingUntil(number);
          inside.push(waiting);
          expiries.add(waiting);
        }
        const soonest = Math.min(...inside.map((one) => one.expiresAtMs));
        assert.equal(expiries.peek()?.expiresAtMs ?? Infinity, soonest);
      }
    }),
    { seed: 5 },
  );
});

Deno.test("Expiries leaves a request alone that is not among them", () => {
  const expiries = new Expiries();
  expiries.add(waitingUntil(1));
  expiries.remove(waitingUntil(1));
  assert.equal(expiries.peek()?.expiresAtMs, 1);
});
