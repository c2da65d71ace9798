import type { Entry, SessionRecord } from "../../rest/domain/entry.ts";
import { entryIdOf } from "../../rest/domain/entry_id.ts";
import {
  type JournalChange,
  JournalFailure,
  type JournalFailureCode,
  type JournalRow,
  type JournalStore,
} from "../../rest/domain/journal_store.ts";
import type { Method } from "../../rest/domain/request.ts";
import { JournalDriver } from "../../rest/journal/driver.ts";
import type { Keeping } from "../../rest/journal/keeping.ts";
import {
  createMemoryStore,
  MemoryJournal,
} from "../../rest/journal/store/memory_store.ts";
import { createManualClock, type ManualClock } from "../_manual_clock.ts";
import { BOT, requestOf } from "../dispatcher/_builders.ts";

/** A driver over a store in memory, whose turns end when the test says so. */
export interface DriverBench {
  readonly driver: JournalDriver;
  readonly clock: ManualClock;
  readonly journal: MemoryJournal;
  /** What was written together, batch by batch. */
  readonly batches: JournalChange[][];
  /** The codes the store was said to fail with; undefined: that it works again. */
  readonly health: (JournalFailureCode | undefined)[];
  /** Set: the store fails with it. */
  failing: JournalFailureCode | undefined;
  /** Ends the turn of the event loop, and waits until what it brought is written; deletions after 25 ms. */
  endTurn(afterMs?: number): Promise<void>;
  rows(): JournalRow[];
}

export function driverBench(
  keeping: Partial<Keeping> = {},
): DriverBench {
  const clock = createManualClock();
  const journal = new MemoryJournal();
  const inner = createMemoryStore(journal, clock.wallMs);
  let ends: (() => void)[] = [];
  const batches: JournalChange[][] = [];
  const health: DriverBench["health"] = [];
  const store: JournalStore = {
    ...inner,
    append(changes) {
      const { failing } = bench;
      const isFull = failing === "journal_full" &&
        changes.some(({ kind }) => kind === "put");
      if (isFull || (failing !== undefined && failing !== "journal_full")) {
        return Promise.reject(new JournalFailure(failing, "It does not work"));
      }
      batches.push([...changes]);
      return inner.append(changes);
    },
  };
  const driver = new JournalDriver({
    store,
    clock,
    keeping: { writes: "promised", isEncrypted: false, ...keeping },
    maxWaitMs: 240_000,
    afterTurn: (end) => void ends.push(end),
    onHealth: (failure) => void health.push(failure?.code),
  });
  const bench: DriverBench = {
    driver,
    clock,
    journal,
    batches,
    health,
    failing: undefined,
    async endTurn(afterMs = 0) {
      if (afterMs > 0) await clock.advance(afterMs);
      const due = ends;
      ends = [];
      for (const end of due) end();
      for (let step = 0; step < 20; step++) await Promise.resolve();
    },
    rows: () => [...journal.rows.values()],
  };
  return bench;
}

let counter = 0;

/** An entry of the register. */
export function entryOf(
  method: Method,
  change: Partial<Entry> & { readonly path?: string; readonly text?: string } =
    {},
): Entry {
  const { path = "/channels/1/messages", text = '{"content":"x"}', ...rest } =
    change;
  return {
    entryId: entryIdOf(1_000, ++counter),
    request: requestOf(method, { path, text, identity: BOT }),
    guarantee: undefined,
    queuedAtMs: 0,
    attempts: 0,
    mayHaveRun: false,
    nonce: undefined,
    print: "",
    ...rest,
  };
}

export const PROMISED = {
  owner: "default own",
  idempotencyKey: "k-1",
  fingerprint: "f",
} as const;

export const SESSION: SessionRecord = {
  owner: "default own",
  name: "shard-0",
  identityId: BOT.id,
  expiryMs: 300_000,
  seq: 0,
  ackedSeq: 0,
};
