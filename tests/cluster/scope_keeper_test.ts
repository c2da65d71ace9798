/** Scopes that come and go faster than what they bring with them is read. */
import assert from "node:assert/strict";
import type { HandedOver, Owners } from "../../rest/domain/owners.ts";
import { clusterPartOf } from "../../rest/scope_keeper.ts";
import { createManualClock } from "../_manual_clock.ts";

type Parts = Parameters<typeof clusterPartOf>[1];

/** A keeper whose requests under way end, and whose rows are read, when the test says so. */
function benchOf() {
  const told: string[] = [];
  const release = Promise.withResolvers<void>();
  const read = Promise.withResolvers<void>();
  const parts = {
    clock: createManualClock(),
    facts: () => {},
    queue: { health: { own: () => ({ invalid: 0 }), heard: () => {} } },
    dispatcher: { release: () => release.promise },
    sockets: { release: () => void told.push("sockets closed") },
    kept: {
      async takeUp(_scope: string, isStillOurs: () => boolean) {
        told.push("read");
        await read.promise;
        told.push(isStillOurs() ? "gone on with" : "passed over");
      },
      handOver: (_handed: HandedOver) =>
        Promise.resolve(void told.push("let go of")),
    },
  } as unknown as Parts;
  const part = clusterPartOf({} as Owners, parts);
  assert.ok(part !== undefined);
  return { told, release, read, keeper: part.keeper };
}

Deno.test("a scope that is handed over before its rows have been read is not gone on with", async () => {
  const { told, release, read, keeper } = benchOf();
  const gained = keeper.gained("7", 1);
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
  ]);
});

Deno.test("a scope that comes back is read when it has been let go of, and not before", async () => {
  const { told, release, read, keeper } = benchOf();
  read.resolve();
  await keeper.gained("7", 1);
  keeper.lost("7");
  const gained = keeper.gained("7", 2);
  for (let step = 0; step < 20; step++) await Promise.resolve();
  assert.deepEqual(told, ["read", "gone on with"]);
  release.resolve();
  await gained;
  assert.deepEqual(told, [
    "read",
    "gone on with",
    "sockets closed",
    "let go of",
    "read",
    "gone on with",
  ]);
});
