/** What a keeper still has to write of a scope that it lost and has again. */
import assert from "node:assert/strict";
import { JournalFailure } from "../../rest/domain/journal_store.ts";
import { JournalKeeper, type TakeUp } from "../../rest/journal_keeper.ts";
import {
  createMemoryStore,
  MemoryJournal,
} from "../../rest/journal/store/memory_store.ts";
import { createManualClock } from "../_manual_clock.ts";
import { BOT } from "../dispatcher/_builders.ts";
import { entryOf, PROMISED } from "./_driver.ts";

/** A keeper whose store makes what it is told to make, and may say so too late. */
function rigOf() {
  const clock = createManualClock();
  const journal = new MemoryJournal();
  const inner = createMemoryStore(journal, clock.wallMs);
  const rig = { isLate: false };
  const keeper = new JournalKeeper({
    open: {
      store: {
        ...inner,
        async append(changes) {
          await inner.append(changes);
          if (rig.isLate) throw new JournalFailure("store_unreachable", "Late");
        },
      },
      bootedAtWallMs: undefined,
      isEncrypted: true,
      shared: {
        takeOver: async (scope) => void await inner.claimEpoch(scope),
        epochOf: () => 1,
        isOurs: () => true,
        wallMs: clock.wallMs,
        shareAddresses: () => Promise.resolve(),
      },
    },
    settings: {
      journalWrites: "promised",
      journalSync: "process",
      maxWaitMs: 240_000,
      adoptMs: 60_000,
    },
    clock,
    facts: () => {},
  });
  const restored: string[] = [];
  const into: Pick<
    TakeUp,
    "identities" | "printOf" | "takeLearnt" | "restore"
  > = {
    identities: () => [BOT],
    printOf: () => "print",
    takeLearnt: () => {},
    restore: ({ entries }) =>
      void restored.push(...entries.map(({ entry }) => entry.entryId)),
  };
  /** As who has gained a scope does: until it is done. */
  const takeUp = async () => {
    const isStillOurs = () => true;
    for (;;) {
      try {
        return await keeper.takeUpScope(BOT.id, into as TakeUp, isStillOurs);
      } catch {
        await clock.advance(500);
      }
    }
  };
  return { rig, keeper, clock, journal, restored, takeUp };
}

Deno.test("a row that is gone on with under a new lease is not deleted by what was left to write under the one before", async () => {
  const { rig, keeper, clock, journal, restored, takeUp } = rigOf();
  rig.isLate = true;
  const entry = entryOf("POST", { guarantee: PROMISED });
  await assert.rejects(keeper.driver.accepted(entry) ?? Promise.resolve());
  rig.isLate = false;
  assert.equal(journal.rows.size, 1);
  // The lease is over before the row can be taken back, and taken anew at once.
  await keeper.handOver({ hasIdentity: () => true });
  await takeUp();
  await clock.advance(500);
  await keeper.driver.writer.flush();
  assert.deepEqual(restored, [...journal.rows.values()].map(({ id }) => id));
  await keeper.end();
});
