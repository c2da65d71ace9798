import type { JournalRow } from "../../domain/journal_store.ts";
import type { LearntIdentity, LearntState } from "../../domain/learnt_state.ts";

/** Whose row it is what all identities share. */
export const COMMON_SCOPE = "common";

const LEARNT_ID = "learnt";

/** Who goes on with an identity: the next process with all of them, or any proxy with each. */
export type LearntReaders = "one process" | "any proxy";

/** Channels whose guild goes with each identity: one that is not known costs a 429 at most. */
const GUILDS_APART_MAX = 1_000;

/**
 * What was learnt as rows, one for each identity, so that an identity's can go
 * where its requests go. What all of them share is a row of its own; where any
 * proxy may go on with an identity, its row has to be enough by itself.
 */
export function encodeLearnt(
  { identities, ...common }: LearntState,
  readers: LearntReaders,
): JournalRow[] {
  if (readers === "any proxy") {
    const shared = JSON.stringify({
      ...common,
      ...OTHERWISE_SHARED,
      guilds: common.guilds.slice(-GUILDS_APART_MAX),
    });
    return identities.map((identity) =>
      rowOf(
        identity.id,
        `${shared.slice(0, -1)},"identities":[${JSON.stringify(identity)}]}`,
      )
    );
  }
  const { version, savedAtWallMs, isFinal, offsetMs } = common;
  const saving = { version, savedAtWallMs, isFinal, offsetMs };
  return [
    rowOf(COMMON_SCOPE, JSON.stringify(common)),
    ...identities.map((identity) =>
      rowOf(identity.id, JSON.stringify({ ...saving, identity }))
    ),
  ];
}

/** Proxies that live count these together. */
const OTHERWISE_SHARED = {
  invalid: { all: [], keys: [] },
  breaker: undefined,
} as const;

function rowOf(scope: string, head: string): JournalRow {
  return {
    id: LEARNT_ID,
    scope,
    kind: "learnt",
    state: "queued",
    head,
    body: undefined,
    outcome: undefined,
    untilWallMs: undefined,
  };
}

/** What rows say was learnt: by one process, or by several of one identity each; nothing where another version wrote it. */
export function decodeLearnt(rows: readonly JournalRow[]): LearntState[] {
  const heads = rows.filter(({ id }) => id === LEARNT_ID)
    .map(({ scope, head }) => ({ scope, head: JSON.parse(head) }))
    .filter(({ head }) => head.version === 1);
  const apart = heads.flatMap(({ head }): LearntState[] =>
    head.identities === undefined ? [] : [head]
  );
  const common = heads.find(({ scope }) => scope === COMMON_SCOPE)?.head;
  if (common === undefined) return apart;
  const identities = heads.flatMap(({ head }): LearntIdentity[] =>
    // Those of an earlier saving had nothing to say when the last one was.
    head.identity !== undefined && head.savedAtWallMs === common.savedAtWallMs
      ? [head.identity]
      : []
  );
  return [...apart, { ...common, identities }];
}
