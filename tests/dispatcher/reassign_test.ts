import assert from "node:assert/strict";
import type { Identity } from "../../rest/domain/identity.ts";
import { Secret } from "../../rest/domain/secret.ts";
import {
  answerOf,
  type Bench,
  benchOf,
  endOf,
  refusalOf,
  requestOf,
  submitWith,
} from "./_builders.ts";
import { queueOf } from "./_queue.ts";
import { unsent } from "./_scripted_upstream.ts";

const OLD = bearer("old");
const NEW = bearer("new");
const everybody = () => true;

function bearer(token: string): Identity {
  return {
    id: `bearer:${token}`,
    kind: "bearer",
    authorization: new Secret(`Bearer ${token}`),
    isOwn: false,
  };
}

function write(text: string, change = {}) {
  return requestOf("POST", { text, identity: OLD, ...change });
}

function move(
  bench: Bench,
  isIncluded: (caller: string) => boolean = everybody,
) {
  return bench.dispatcher.reassign({ fromId: OLD.id, to: NEW, isIncluded });
}

/** What was sent: the token, and the body. */
function sent(bench: Bench): string[] {
  return bench.upstream.sends.map(({ request: { identity, body } }) =>
    `${identity.authorization?.reveal()} ${new TextDecoder().decode(body)}`
  );
}

Deno.test("what waits leaves with the new token, in the order it came", async () => {
  const bench = benchOf();
  bench.scheduler.isHeld = true;
  for (const text of ["1", "2", "3"]) bench.dispatcher.submit(write(text));
  await bench.clock.settle();
  assert.equal(move(bench), 3);
  bench.scheduler.isHeld = false;
  await bench.clock.settle();
  assert.deepEqual(sent(bench), [
    "Bearer new 1",
    "Bearer new 2",
    "Bearer new 3",
  ]);
});

Deno.test("the scheduler hears of the new identity, and the deadline stays where it was", async () => {
  const bench = benchOf();
  bench.scheduler.isHeld = true;
  bench.dispatcher.submit(write("1", { leaveWithinMs: 5_000 }));
  await bench.clock.settle();
  const before = bench.scheduler.asks[0];
  await bench.clock.advance(1_000);
  move(bench);
  const after = bench.scheduler.asks[1];
  assert.equal(after?.identityId, NEW.id);
  assert.equal(after?.deadlineAtMs, before?.deadlineAtMs);
});

Deno.test("what has left keeps its token", async () => {
  const bench = benchOf();
  bench.dispatcher.submit(write("1"));
  await bench.clock.settle();
  assert.equal(move(bench), 0);
  assert.deepEqual(sent(bench), ["Bearer old 1"]);
});

Deno.test("only the old token's requests of the callers that are meant move", async () => {
  const bench = benchOf();
  bench.scheduler.isHeld = true;
  bench.dispatcher.submit(write("mine", { caller: "a/x" }));
  bench.dispatcher.submit(write("theirs", { caller: "b/x" }));
  bench.dispatcher.submit(write("another token", { identity: bearer("3") }));
  await bench.clock.settle();
  assert.equal(move(bench, (caller) => caller.startsWith("a/")), 1);
  bench.scheduler.isHeld = false;
  await bench.clock.settle();
  assert.deepEqual(sent(bench).sort(), [
    "Bearer 3 another token",
    "Bearer new mine",
    "Bearer old theirs",
  ]);
});

Deno.test("what finds no room with its new token is refused, and was not sent", async () => {
  const bench = benchOf();
  bench.scheduler.isHeld = true;
  const { answer } = bench.dispatcher.submit(write("1"));
  const refusal = refusalOf(answer);
  await bench.clock.settle();
  bench.scheduler.turnAway = () => ({
    code: "overloaded",
    message: "Cannot queue request: full",
    retryAfterMs: 1_000,
  });
  assert.equal(move(bench), 0);
  const { code, sent: wasSent } = await refusal;
  assert.deepEqual({ code, wasSent }, { code: "overloaded", wasSent: false });
});

Deno.test("a caller that comes back with its new token adopts the write it left behind", async () => {
  const bench = benchOf();
  bench.scheduler.isHeld = true;
  const first = submitWith(bench, write("1"));
  await bench.clock.settle();
  await bench.clock.advance(15_000);
  first.leave();
  move(bench);
  const again = bench.dispatcher.submit(write("1", { identity: NEW }));
  bench.scheduler.isHeld = false;
  await bench.clock.settle();
  assert.equal(sent(bench).length, 1);
  bench.upstream.sends[0]?.answer(answerOf(204));
  const end = await endOf(bench, again.answer);
  assert.ok(end !== "open" && "status" in end && end.status === 204);
});

Deno.test("a deadline that was met stays met: what has left once moves without it", async () => {
  for (const isSent of [false, true]) {
    const bench = benchOf();
    bench.scheduler.isHeld = !isSent;
    bench.dispatcher.submit(write("1", { leaveWithinMs: 2_000 }));
    await bench.clock.settle();
    if (isSent) bench.upstream.next.fail(unsent());
    await bench.clock.settle();
    assert.equal(move(bench), 1);
    const { deadlineAtMs } = bench.scheduler.asks.at(-1) ?? {};
    assert.equal(deadlineAtMs, isSent ? undefined : 2_000);
    await bench.dispatcher.drain(0);
  }
});

Deno.test("an identical read joins one that was moved, by its new token alone", async () => {
  const bench = benchOf({ isSingleFlight: true });
  bench.scheduler.isHeld = true;
  const read = (identity: Identity) =>
    bench.dispatcher.submit(requestOf("GET", { identity }));
  read(OLD);
  await bench.clock.settle();
  move(bench);
  read(NEW);
  read(OLD);
  bench.scheduler.isHeld = false;
  await bench.clock.settle();
  assert.deepEqual(sent(bench).sort(), ["Bearer new ", "Bearer old "]);
});

Deno.test("with the real scheduler a line that waits for its limit moves whole", async () => {
  const { clock, upstream, scheduler, dispatcher } = queueOf();
  for (const text of ["1", "2", "3"]) dispatcher.submit(write(text));
  await clock.settle();
  // The first is on its way; the others wait for its answer.
  assert.equal(
    dispatcher.reassign({ fromId: OLD.id, to: NEW, isIncluded: everybody }),
    2,
  );
  await clock.settle();
  const tokens = () =>
    upstream.sends.map(({ request }) =>
      request.identity.authorization?.reveal()
    );
  assert.deepEqual(tokens(), ["Bearer old", "Bearer new"]);
  upstream.sends[1]?.answer(answerOf(200));
  await clock.settle();
  assert.deepEqual(tokens(), ["Bearer old", "Bearer new", "Bearer new"]);
  for (const one of upstream.sends) one.answer(answerOf(200));
  await clock.settle();
  assert.equal(scheduler.snapshot(clock.nowMs()).inFlight, 0);
});

Deno.test("what moved waits no longer than it would have: its longest wait counts from when it came", async () => {
  const { clock, dispatcher } = queueOf({ maxWaitMs: 60_000 });
  // Each token has one on its way, behind which the next one waits.
  dispatcher.submit(write("0", { identity: NEW })).answer.catch(() => {});
  dispatcher.submit(write("1")).answer.catch(() => {});
  const waiting = dispatcher.submit(write("2"));
  await clock.advance(40_000);
  assert.equal(
    dispatcher.reassign({ fromId: OLD.id, to: NEW, isIncluded: everybody }),
    1,
  );
  let refusedAtMs: number | undefined;
  waiting.answer.catch(() => refusedAtMs = clock.nowMs());
  const movedAtMs = clock.nowMs();
  await clock.advance(19_000);
  assert.equal(refusedAtMs, undefined);
  await clock.advance(2_000);
  assert.ok(refusedAtMs !== undefined && refusedAtMs - movedAtMs <= 21_000);
  assert.equal((await refusalOf(waiting.answer)).code, "wait_too_long");
  await dispatcher.drain(0);
});
