/** Scopes that come and go faster than what they bring with them is read. */
import assert from "node:assert/strict";
import type { HandedOver, Owners } from "../../rest/domain/owners.ts";
import type { ScopeLease } from "../../rest/journal_keeper.ts";
import { clusterPartOf } from "../../rest/scope_keeper.ts";
import { createManualClock } from "../_manual_clock.ts";

type Parts = Parameters<typeof clusterPartOf>[1];

/** A keeper whose requests under way end, and whose rows are read, when the test says so. */
function benchOf() {
  const told: string[] = [];
  const release = Promise.withResolvers<void>();
  const read = Promise.withResolvers<void>();
  const rest = Promise.withResolvers<void>();
  const failures: Error[] = [];
  const clock = createManualClock();
  const parts = {
    clock,
    facts: () => {},
    queue: { health: { own: () => ({ invalid: 0 }), heard: () => {} } },
    dispatcher: { release: () => release.promise },
    sockets: { release: () => void told.push("sockets closed") },
    kept: {
      async takeUp(_scope: string, { isStillOurs, letSend }: ScopeLease) {
        told.push("read");
        await read.promise;
        told.push(isStillOurs() ? "gone on with" : "passed over");
        letSend();
        return async () => {
          for (;;) {
            await rest.promise;
            const failure = failures.pop();
            if (failure === undefined) break;
            throw failure;
          }
          told.push(isStillOurs() ? "rest gone on with" : "rest passed over");
        };
      },
      handOver: (_handed: HandedOver) =>
        Promise.resolve(void told.push("let go of")),
    },
  } as unknown as Parts;
  const part = clusterPartOf({} as Owners, parts);
  assert.ok(part !== undefined);
  const { keeper } = part;
  const gained = (scope: string, epoch: number) =>
    keeper.gained(scope, epoch, () => told.push("may send"));
  return { told, release, read, rest, failures, clock, keeper, gained };
}

Deno.test("a scope that is handed over before its rows have been read is not gone on with", async () => {
  const { told, release, read, rest, keeper, gained: gain } = benchOf();
  rest.resolve();
  const gained = gain("7", 1);
  await Promise.resolve();
  release.resolve();
  await keeper.handOver("7");
  read.resolve();
  await gained;
  assert.deepEqual(told, [
    "read",
    "sockets closed",
    "let go of",
    "passed over",
    "may send",
    "rest passed over",
  ]);
});

Deno.test("a scope that comes back is read when it has been let go of, and not before", async () => {
  const { told, release, read, rest, keeper, gained: gain } = benchOf();
  rest.resolve();
  read.resolve();
  await gain("7", 1);
  keeper.lost("7");
  const gained = gain("7", 2);
  for (let step = 0; step < 20; step++) await Promise.resolve();
  const whole = ["read", "gone on with", "may send", "rest gone on with"];
  assert.deepEqual(told, whole);
  release.resolve();
  await gained;
  assert.deepEqual(told, [...whole, "sockets closed", "let go of", ...whole]);
});

Deno.test("what waits is sent while the rest is read, and callers are served when that is done, however often it fails", async () => {
  const { told, read, rest, failures, clock, gained } = benchOf();
  failures.push(new Error("Redis is away"), new Error("Redis is away"));
  read.resolve();
  let isServed = false;
  const ready = gained("7", 1).then(() => void (isServed = true));
  await clock.advance(0);
  assert.deepEqual(told, ["read", "gone on with", "may send"]);
  rest.resolve();
  await clock.advance(400);
  assert.ok(!isServed);
  await clock.advance(700);
  await ready;
  assert.deepEqual(told.slice(3), ["rest gone on with"]);
});

Deno.test("a scope that is handed over while the rest of it is read is let go of when that has been read, so that what is answered has its REPLY", async () => {
  const { told, release, read, rest, keeper, gained, clock } = benchOf();
  release.resolve();
  read.resolve();
  const ready = gained("7", 1);
  await clock.advance(0);
  const handed = keeper.handOver("7");
  await clock.advance(500);
  assert.equal(told.at(-1), "may send");
  rest.resolve();
  await Promise.all([ready, handed]);
  assert.deepEqual(told.slice(3), [
    "rest gone on with",
    "sockets closed",
    "let go of",
  ]);
});

Deno.test("a scope that is lost while the rest of it is read is let go of at once, and nothing is gone on with later", async () => {
  const { told, release, read, rest, keeper, gained, clock } = benchOf();
  release.resolve();
  read.resolve();
  const ready = gained("7", 1);
  await clock.advance(0);
  keeper.lost("7");
  await clock.advance(0);
  assert.deepEqual(told.slice(3), ["sockets closed", "let go of"]);
  rest.resolve();
  await ready;
  assert.deepEqual(told.slice(5), ["rest passed over"]);
});

Deno.test("a scope that is lost while it is handed over, and gained anew, stays with whoever has it now", async () => {
  const { told, release, read, rest, keeper, gained, clock } = benchOf();
  release.resolve();
  read.resolve();
  const first = gained("7", 1);
  await clock.advance(0);
  const handed = keeper.handOver("7");
  keeper.lost("7");
  const second = gained("7", 2);
  await clock.advance(2_000);
  await handed;
  rest.resolve();
  await Promise.all([first, second]);
  assert.deepEqual(told.slice(3), [
    "sockets closed",
    "let go of",
    "read",
    "gone on with",
    "may send",
    "rest passed over",
    "rest gone on with",
  ]);
});

Deno.test("last answers have their time also where the rows took long to read", async () => {
  const { told, release, read, rest, keeper, gained, clock } = benchOf();
  read.resolve();
  const ready = gained("7", 1);
  await clock.advance(0);
  let isHandedOver = false;
  const handed = keeper.handOver("7").then(() => void (isHandedOver = true));
  await clock.advance(1_900);
  rest.resolve();
  await ready;
  await clock.advance(500);
  assert.ok(!isHandedOver);
  release.resolve();
  await handed;
  assert.equal(told.at(-1), "let go of");
});
