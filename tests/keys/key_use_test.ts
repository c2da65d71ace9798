import assert from "node:assert/strict";
import { ALL_RIGHTS, type KeyRights } from "../../rest/domain/access.ts";
import { Refusal } from "../../rest/domain/refusal.ts";
import { KeyUse } from "../../rest/listener/access/key_use.ts";

const rightsOf = (rights: Partial<KeyRights>) => ({ ...ALL_RIGHTS, ...rights });

/** Sends one if it may, at that moment; else how long it was told to wait. */
function trySend(use: KeyUse, rights: KeyRights, nowMs: number): number {
  try {
    use.enter(rights, nowMs)();
    use.spend(rights, nowMs);
    return 0;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return error.retryAfterMs ?? NaN;
  }
}

Deno.test("a rate of 4 lets 4 go at once, and the next a quarter of a second later", () => {
  const use = new KeyUse("k");
  const rights = rightsOf({ rate: 4 });
  for (let n = 0; n < 4; n++) assert.equal(trySend(use, rights, 1_000), 0);
  assert.equal(trySend(use, rights, 1_000), 250);
  assert.equal(trySend(use, rights, 1_249), 1);
  assert.equal(trySend(use, rights, 1_250), 0);
  assert.equal(trySend(use, rights, 1_250), 250);
});

for (const rate of [1, 3, 7, 10_000]) {
  Deno.test(`within three seconds a rate of ${rate} lets at most ${4 * rate} go, and hardly fewer`, () => {
    const use = new KeyUse("k");
    const rights = rightsOf({ rate });
    let sent = 0;
    for (let ms = 0; ms < 3_000; ms++) {
      while (trySend(use, rights, ms) === 0) sent++;
    }
    // A second's worth at once, and two more and all but the last as they come back.
    assert.ok(
      sent <= 4 * rate && sent >= 4 * rate - 1 - rate / 1_000,
      `${sent}`,
    );
  });
}

Deno.test("a rate that was not used does not pile up", () => {
  const use = new KeyUse("k");
  const rights = rightsOf({ rate: 2 });
  assert.equal(trySend(use, rights, 0), 0);
  for (let n = 0; n < 2; n++) assert.equal(trySend(use, rights, 60_000), 0);
  assert.equal(trySend(use, rights, 60_000), 500);
});

Deno.test("the rate's refusal says whose it is, how much it is and when to come back", () => {
  const use = new KeyUse("k");
  const rights = rightsOf({ rate: 1 });
  trySend(use, rights, 0);
  assert.throws(() => use.enter(rights, 0), {
    code: "overloaded",
    message: "Cannot take the request: key k may send 1 a second",
    retryAfterMs: 1_000,
    sent: false,
  });
});

Deno.test("a concurrency of 2 takes two, and a third when one is done", () => {
  const use = new KeyUse("k");
  const rights = rightsOf({ concurrency: 2 });
  const leave = use.enter(rights, 0);
  use.enter(rights, 0);
  assert.throws(() => use.enter(rights, 0), {
    code: "overloaded",
    message: "Cannot take the request: key k may have 2 without an answer",
    retryAfterMs: 1_000,
  });
  leave();
  use.enter(rights, 0);
  assert.throws(() => use.enter(rights, 0), Refusal);
});

Deno.test("a place is given back once, however often it is said", () => {
  const use = new KeyUse("k");
  const rights = rightsOf({ concurrency: 1 });
  const leave = use.enter(rights, 0);
  leave();
  leave();
  use.enter(rights, 0);
  assert.throws(() => use.enter(rights, 0), Refusal);
});
