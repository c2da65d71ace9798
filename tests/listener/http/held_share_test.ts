import assert from "node:assert/strict";
import {
  HeldBytes,
  SMALL_BODY_BYTES,
} from "../../../rest/listener/http/held_bytes.ts";
import { HeldShare } from "../../../rest/listener/http/held_share.ts";
import { createManualClock } from "../../_manual_clock.ts";

const ALL = 10 * SMALL_BODY_BYTES;
const SHARE = 2 * SMALL_BODY_BYTES;
const STAYS = new AbortController().signal;

function shareOf() {
  const clock = createManualClock();
  const all = new HeldBytes(ALL, clock);
  return { clock, all, share: new HeldShare(SHARE, all, clock) };
}

Deno.test("a share takes up to its own limit, and what it takes is taken from all", () => {
  const { all, share } = shareOf();
  assert.ok(share.tryTake(SHARE));
  assert.ok(!share.tryTake(1));
  assert.equal(all.usedBytes, SHARE);
  share.give(SHARE);
  assert.equal(all.usedBytes, 0);
  assert.ok(share.tryTake(1));
});

Deno.test("a share cannot take what others hold, and keeps nothing of the attempt", () => {
  const { all, share } = shareOf();
  assert.ok(all.tryTake(ALL));
  assert.ok(!share.tryTake(1));
  all.give(ALL);
  assert.ok(share.tryTake(SHARE));
});

Deno.test("who waits in a full share does not keep the others waiting", async () => {
  const { clock, all, share } = shareOf();
  assert.ok(share.tryTake(SHARE));
  const waiting = share.take(SMALL_BODY_BYTES + 1, 1_000, STAYS);
  assert.ok(all.tryTake(ALL - SHARE));
  all.give(ALL - SHARE);
  share.give(SHARE);
  assert.equal(await waiting, "taken");
  assert.equal(all.usedBytes, SMALL_BODY_BYTES + 1);
  await clock.settle();
});

Deno.test("a share that waits in vain for what others hold gives its own part back", async () => {
  const { clock, all, share } = shareOf();
  assert.ok(all.tryTake(ALL));
  const waiting = share.take(SHARE, 1_000, STAYS);
  await clock.advance(1_000);
  assert.equal(await waiting, "late");
  all.give(ALL);
  assert.ok(share.tryTake(SHARE));
});
