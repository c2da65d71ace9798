import type { JournalRow } from "../domain/journal_store.ts";
import { COMMON_SCOPE } from "./codec/learnt_codec.ts";

const ID = "machine";

/** The uptime is told in whole seconds, and clocks are put right by some: two moments so far apart are two starts. */
const SAME_START_MS = 30_000;

/** The row that says when the machine was started that wrote the journal. */
export function machineRow(bootedAtWallMs: number | undefined): JournalRow {
  return {
    id: ID,
    scope: COMMON_SCOPE,
    kind: "learnt",
    state: "queued",
    head: JSON.stringify({ bootedAtWallMs: bootedAtWallMs ?? null }),
    body: undefined,
    outcome: undefined,
    untilWallMs: undefined,
  };
}

/** Whether the machine was started anew since the journal was written, as far as is known. */
export function isAnotherStart(
  rows: readonly JournalRow[],
  bootedAtWallMs: number | undefined,
): boolean {
  const row = rows.find(({ id, scope }) => id === ID && scope === COMMON_SCOPE);
  if (row === undefined) return false;
  const { bootedAtWallMs: former } = JSON.parse(row.head);
  // Where it is not known, in doubt nothing is sent twice.
  if (typeof former !== "number" || bootedAtWallMs === undefined) return true;
  return Math.abs(former - bootedAtWallMs) > SAME_START_MS;
}
