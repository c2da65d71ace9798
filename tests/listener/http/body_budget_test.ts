import assert from "node:assert/strict";
import {
  BodyBudget,
  SMALL_BODY_BYTES,
} from "../../../rest/listener/http/body_budget.ts";
import { fc } from "../../deps.ts";

const KIB = 1024;
/** 128 KiB for small bodies, as many for callbacks, 768 KiB for the others. */
const LIMIT = 1024 * KIB;

const ALONE = undefined;
const OTHER = { isCallback: false };

function openOther(budget: BodyBudget, bytes: number, holder?: string) {
  return budget.open(bytes, OTHER.isCallback, holder);
}

Deno.test("what was announced takes no room; what has arrived does", () => {
  const budget = new BodyBudget(LIMIT);
  const announced = openOther(budget, 700 * KIB);
  assert.equal(budget.usedBytes, 0);
  assert.ok(announced.take(10 * KIB));
  assert.equal(budget.usedBytes, 10 * KIB);
  announced.release();
  assert.equal(budget.usedBytes, 0);
});

Deno.test("what the oldest may still need is kept free of the others, just below, at and above it", () => {
  const budget = new BodyBudget(LIMIT);
  openOther(budget, 500 * KIB);
  const younger = openOther(budget, 500 * KIB);
  assert.ok(younger.take(267 * KIB));
  assert.ok(younger.take(KIB));
  assert.ok(!younger.take(1));
});

Deno.test("a small body and a callback find room while uploads hold all of theirs", () => {
  const budget = new BodyBudget(LIMIT);
  assert.ok(openOther(budget, 768 * KIB).take(768 * KIB));
  assert.ok(openOther(budget, SMALL_BODY_BYTES).take(SMALL_BODY_BYTES));
  assert.ok(budget.open(100 * KIB, !OTHER.isCallback, ALONE).take(100 * KIB));
  assert.ok(!openOther(budget, 100 * KIB).take(1));
});

Deno.test("of several that send one leaves the others a fifth of what there is", () => {
  const budget = new BodyBudget(LIMIT);
  const oldest = openOther(budget, 65 * KIB, "b");
  const body = openOther(budget, 700 * KIB, "a");
  // Four fifths of 768 KiB are 614.4.
  assert.ok(body.take(614 * KIB));
  assert.ok(!body.take(KIB));
  assert.ok(oldest.take(65 * KIB));
});

Deno.test("who waits is let in as soon as there is room, the oldest first", () => {
  const budget = new BodyBudget(LIMIT);
  const full = openOther(budget, 768 * KIB);
  assert.ok(full.take(768 * KIB));
  full.finish();
  const told: string[] = [];
  const first = openOther(budget, 500 * KIB);
  const second = openOther(budget, 500 * KIB);
  second.whenTaken(500 * KIB, () => told.push("second"));
  first.whenTaken(500 * KIB, () => told.push("first"));
  assert.equal(budget.waiting, 2);
  full.release();
  assert.deepEqual(told, ["first"]);
  first.release();
  assert.deepEqual(told, ["first", "second"]);
  assert.equal(budget.waiting, 0);
});

Deno.test("halves never wait for each other: whatever comes in whatever order, all bodies become whole, and the limit holds", () => {
  const body = fc.integer({ min: 1, max: 700 });
  fc.assert(
    fc.property(
      fc.array(body, { minLength: 1, maxLength: 12 }),
      fc.array(fc.nat(), { minLength: 1, maxLength: 60 }),
      (sizes, order) => {
        const budget = new BodyBudget(LIMIT);
        const bodies = sizes.map((kib) => ({
          leftBytes: kib * KIB,
          isWaiting: false,
          account: openOther(budget, kib * KIB),
        }));
        let done = 0;
        const deliver = (one: (typeof bodies)[number]) => {
          if (one.isWaiting || one.leftBytes === 0) return;
          const bytes = Math.min(64 * KIB, one.leftBytes);
          const arrived = () => {
            one.isWaiting = false;
            one.leftBytes -= bytes;
            if (one.leftBytes > 0) return;
            one.account.finish();
            // Answered at once, as soon as it is whole.
            one.account.release();
            done++;
          };
          if (one.account.take(bytes)) return arrived();
          one.isWaiting = true;
          one.account.whenTaken(bytes, arrived);
        };
        for (let turn = 0; turn < 2_000 && done < bodies.length; turn++) {
          // In any order first, and then whoever has something left in turn.
          const at = order[turn] ?? turn;
          const one = bodies[at % bodies.length];
          if (one !== undefined) deliver(one);
          assert.ok(budget.usedBytes <= LIMIT);
        }
        assert.equal(done, bodies.length);
        assert.equal(budget.usedBytes, 0);
        assert.equal(budget.waiting, 0);
      },
    ),
    { seed: 20261130, numRuns: 500 },
  );
});
