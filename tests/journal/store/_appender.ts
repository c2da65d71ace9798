/**
 * A process that takes rows through their lives, several at a time, and prints
 * a line for each change that was acknowledged. Tests end it at any moment.
 * Arguments: the journal, what it survives, a name of this process, rows.
 */
// deno-lint-ignore-file no-console -- What it prints is what it is for.
import {
  type JournalChange,
  JournalFailure,
  type JournalStore,
} from "../../../rest/domain/journal_store.ts";
import { openSqliteStore } from "../../../rest/journal/store/open_sqlite_store.ts";
import { bodyOf, rowOf, SCOPE } from "./_rows.ts";

const LANES = 4;

const [path = "", sync = "", name = "", rows = ""] = Deno.args;
if (import.meta.main) await main();

async function main(): Promise<void> {
  try {
    const { store } = await openSqliteStore({
      path,
      sync: sync === "machine" ? "machine" : "process",
      limitBytes: 1024 * 1024 * 1024,
      isReset: false,
      wallMs: Date.now,
      bootedAtWallMs: 0,
    });
    await store.claimEpoch(SCOPE);
    const lanes = Array.from({ length: LANES }, (_, lane) => run(store, lane));
    await Promise.all(lanes);
    await store.close();
    console.log("done");
  } catch (error) {
    console.log(`refused ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}

async function run(store: JournalStore, lane: number): Promise<void> {
  for (let at = lane; at < Number(rows); at += LANES) {
    for (const [step, change] of lifeOf(`${name}-${at}`)) {
      console.log(`try ${step} ${name}-${at}`);
      try {
        await store.append([change]);
      } catch (error) {
        if (!(error instanceof JournalFailure)) throw error;
        console.log(`${error.code} ${step} ${name}-${at} ${error.message}`);
        break;
      }
      console.log(`ok ${step} ${name}-${at}`);
    }
    // As between two turns of the event loop, so that others get their turn.
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/** The changes of one row; each third row is gone at the end. */
function lifeOf(id: string): readonly (readonly [string, JournalChange])[] {
  const row = { scope: SCOPE, id };
  const body = bodyOf(id);
  const outcome = { head: JSON.stringify(id), body };
  const untilWallMs = Date.now() + 3_600_000;
  const life: (readonly [string, JournalChange])[] = [
    ["queued", { kind: "put", row: rowOf({ id, body }) }],
    ["sent", { kind: "mark", ...row, state: "sent" }],
    ["ended", { kind: "end", ...row, outcome, untilWallMs }],
  ];
  if (body.length % 3 === 0) life.push(["gone", { kind: "delete", ...row }]);
  return life;
}
