/** What a keeper still has to write of a scope that it lost and has again. */
import assert from "node:assert/strict";
import { JournalFailure } from "../../rest/domain/journal_store.ts";
import type { TakeUp } from "../../rest/journal/going_on.ts";
import { JournalKeeper } from "../../rest/journal_keeper.ts";
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
  const rig = { isLate: false, isOurs: true, readable: Infinity };
  const keeper = new JournalKeeper({
    open: {
      store: {
        ...inner,
        async append(changes) {
          await inner.append(changes);
          if (rig.isLate) throw new JournalFailure("store_unreachable", "Late");
        },
        async *load(scope) {
          let read = 0;
          for await (const row of inner.load(scope)) {
            if (read++ >= rig.readable) throw new Error("Redis is away");
            yield row;
          }
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
    "identities" | "printOf" | "takeLearnt" | "restoring"
  > = {
    identities: () => [BOT],
    printOf: () => "print",
    takeLearnt: () => {},
    restoring: () => ({
      add: ({ entries }) =>
        void restored.push(...entries.map(({ entry }) => entry.entryId)),
      end: () => void restored.push("end"),
      drop: () => void restored.push("drop"),
    }),
  };
  /** As who has gained a scope does: until it is done. */
  const takeUp = async () => {
    const lease = { isStillOurs: () => rig.isOurs, letSend: () => {} };
    for (;;) {
      try {
        return await keeper.takeUpScope(BOT.id, into as TakeUp, lease);
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
  await (await takeUp())();
  await clock.advance(500);
  await keeper.driver.writer.flush();
  const ids = [...journal.rows.values()].map(({ id }) => id);
  assert.deepEqual(restored, [...ids, "end"]);
  await keeper.end();
});

/** Some requests of an earlier process that wait, and 200 of which the outcome is kept. */
async function leftTo(keeper: JournalKeeper): Promise<{
  readonly waiting: readonly string[];
  readonly ended: readonly string[];
}> {
  const { driver } = keeper;
  const ids = Array.from({ length: 203 }, (_, at) => `${1_000 + at}`);
  const entries = ids.map((entryId) =>
    entryOf("POST", { entryId, guarantee: PROMISED })
  );
  await Promise.all(entries.map((entry) => driver.accepted(entry)));
  const isWaiting = (at: number) => at % 100 === 1;
  const answer = { status: 200, headers: [], body: undefined };
  await Promise.all(entries.flatMap((entry, at) => {
    if (isWaiting(at)) return [];
    return [driver.ended(entry, { kind: "answer", answer }, 60_000)];
  }));
  await keeper.handOver({ hasIdentity: () => true });
  return {
    waiting: ids.filter((_, at) => isWaiting(at)),
    ended: ids.filter((_, at) => !isWaiting(at)),
  };
}

Deno.test("what waits is gone on with before the outcomes that are kept are read, and those come each once though the store fails between them", async () => {
  const { rig, keeper, restored, takeUp } = rigOf();
  const { waiting, ended } = await leftTo(keeper);
  rig.readable = waiting.length + 150;
  const readRest = await takeUp();
  assert.deepEqual(restored, waiting);
  await assert.rejects(readRest());
  const read = restored.length - waiting.length;
  assert.ok(read > 0 && read < 150, `${read}`);
  rig.readable = Infinity;
  await readRest();
  assert.deepEqual(restored, [...waiting, ...ended, "end"]);
  await keeper.end();
});

Deno.test("what ends while the rest is read is not gone on with once more, and what is accepted meanwhile is not either", async () => {
  const { rig, keeper, restored, takeUp } = rigOf();
  const { waiting, ended } = await leftTo(keeper);
  rig.readable = waiting.length + 1;
  const readRest = await takeUp();
  await assert.rejects(readRest());
  const [entryId = ""] = waiting;
  const { driver } = keeper;
  const answer = { status: 200, headers: [], body: undefined };
  const through = entryOf("POST", { entryId, guarantee: PROMISED });
  await driver.ended(through, { kind: "answer", answer }, 60_000);
  await driver.accepted(
    entryOf("POST", { entryId: "9000", guarantee: PROMISED }),
  );
  rig.readable = Infinity;
  await readRest();
  assert.deepEqual(restored, [...waiting, ...ended, "end"]);
  await keeper.end();
});

Deno.test("of a scope that is lost while the rest is read nothing more is gone on with, and it is dropped", async () => {
  const { rig, keeper, restored, takeUp } = rigOf();
  const { waiting } = await leftTo(keeper);
  const readRest = await takeUp();
  rig.isOurs = false;
  await readRest();
  assert.deepEqual(restored, [...waiting, "drop"]);
  await keeper.end();
});
