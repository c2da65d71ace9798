import assert from "node:assert/strict";
import {
  HeldBytes,
  SMALL_BODY_BYTES,
  type Taking,
} from "../../../rest/listener/http/held_bytes.ts";
import { createManualClock } from "../../_manual_clock.ts";

const LIMIT = 10 * SMALL_BODY_BYTES;
/** Just large enough to have to stand in line. */
const LARGE = SMALL_BODY_BYTES + 1;
const STAYS = new AbortController().signal;

/** Notes how each waiting ends, in the order in which they end. */
function lineOf(held: HeldBytes) {
  const ends: string[] = [];
  return {
    ends,
    join(name: string, bytes: number, untilMs = 1_000, callerGone = STAYS) {
      held.take(bytes, untilMs, callerGone).then((taking: Taking) =>
        ends.push(`${name} ${taking}`)
      );
    },
  };
}

Deno.test("tryTake() takes up to the limit and not a byte more", () => {
  for (
    const [bytes, isTaken] of [[LIMIT - 1, true], [LIMIT, true], [
      LIMIT + 1,
      false,
    ]] as const
  ) {
    const held = new HeldBytes(LIMIT, createManualClock());
    assert.equal(held.tryTake(bytes), isTaken, String(bytes));
    assert.equal(held.usedBytes, isTaken ? bytes : 0);
  }
});

Deno.test("those who wait get room in the order in which they came", async () => {
  const clock = createManualClock();
  const held = new HeldBytes(LIMIT, clock);
  const { ends, join } = lineOf(held);
  held.tryTake(LIMIT);
  join("first", LARGE * 2);
  join("second", LARGE);
  join("third", LARGE);
  held.give(LARGE * 2);
  await clock.settle();
  assert.deepEqual(ends, ["first taken"]);
  held.give(LARGE * 2);
  await clock.settle();
  assert.deepEqual(ends, ["first taken", "second taken", "third taken"]);
});

Deno.test("a large body does not overtake a larger one that waits", () => {
  const held = new HeldBytes(LIMIT, createManualClock());
  held.tryTake(LIMIT - LARGE);
  lineOf(held).join("larger", LARGE + 1);
  assert.ok(!held.tryTake(LARGE));
});

Deno.test("a small body passes those who wait where there is room for it", () => {
  const held = new HeldBytes(LIMIT, createManualClock());
  held.tryTake(LIMIT - LARGE);
  lineOf(held).join("large", LARGE + 1);
  assert.ok(held.tryTake(SMALL_BODY_BYTES));
  assert.ok(!held.tryTake(SMALL_BODY_BYTES));
});

Deno.test("waiting ends at its time, not before", async () => {
  const clock = createManualClock();
  const held = new HeldBytes(LIMIT, clock);
  const { ends, join } = lineOf(held);
  held.tryTake(LIMIT);
  join("one", LARGE, 1_000);
  await clock.advance(999);
  assert.deepEqual(ends, []);
  await clock.advance(1);
  assert.deepEqual(ends, ["one late"]);
  assert.equal(held.waiting, 0);
});

Deno.test("a caller that leaves the line lets those behind it pass", async () => {
  const clock = createManualClock();
  const held = new HeldBytes(LIMIT, clock);
  const { ends, join } = lineOf(held);
  const leaving = new AbortController();
  held.tryTake(LIMIT - LARGE);
  join("head", LIMIT, 1_000, leaving.signal);
  join("behind", LARGE);
  leaving.abort();
  await clock.settle();
  assert.deepEqual(ends, ["head gone", "behind taken"]);
  assert.equal(clock.timerCount, 0);
});

Deno.test("a caller that has left already never stands in line", async () => {
  const held = new HeldBytes(LIMIT, createManualClock());
  held.tryTake(LIMIT);
  assert.equal(await held.take(LARGE, 1_000, AbortSignal.abort()), "gone");
  assert.equal(held.waiting, 0);
});

Deno.test("the line takes a thousand and refuses the next", async () => {
  const clock = createManualClock();
  const held = new HeldBytes(LIMIT, clock);
  const { ends, join } = lineOf(held);
  held.tryTake(LIMIT);
  for (let index = 0; index < 1_000; index++) join("waits", LARGE);
  await clock.settle();
  assert.deepEqual(ends, []);
  assert.equal(await held.take(LARGE, 1_000, STAYS), "crowded");
});

Deno.test("what was taken is free again once all is given back", async () => {
  const clock = createManualClock();
  const held = new HeldBytes(LIMIT, clock);
  const { ends, join } = lineOf(held);
  held.tryTake(LIMIT);
  for (let index = 0; index < 50; index++) join("waits", LARGE * (index % 5));
  held.give(LIMIT);
  for (let index = 0; index < 50; index++) {
    await clock.settle();
    held.give(LARGE * (index % 5));
  }
  assert.equal(ends.length, 50);
  assert.equal(held.usedBytes, 0);
});
