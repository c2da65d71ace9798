import type { JournalRow } from "../../domain/journal_store.ts";
import type { LearntIdentity, LearntState } from "../../domain/learnt_state.ts";

/** Whose row it is what all identities share. */
export const COMMON_SCOPE = "common";

const LEARNT_ID = "learnt";

/** What was learnt as rows: one for what is common, one for each identity, so that an identity's can go where its requests go. */
export function encodeLearnt(
  { identities, ...common }: LearntState,
): JournalRow[] {
  const { version, savedAtWallMs, isFinal, offsetMs } = common;
  const saving = { version, savedAtWallMs, isFinal, offsetMs };
  return [
    rowOf(COMMON_SCOPE, common),
    ...identities.map((identity) =>
      rowOf(identity.id, { ...saving, identity })
    ),
  ];
}

function rowOf(scope: string, head: unknown): JournalRow {
  return {
    id: LEARNT_ID,
    scope,
    kind: "learnt",
    state: "queued",
    head: JSON.stringify(head),
    body: undefined,
    outcome: undefined,
    untilWallMs: undefined,
  };
}

/**
 * The same where identities come and go one by one: each row has all that its
 * identity needs. What several proxies tell each other anyway, or would count
 * twice, is left out.
 */
export function encodeApart(
  { identities, ...common }: LearntState,
  isMeant: (identityId: string) => boolean,
): JournalRow[] {
  const { version, savedAtWallMs, isFinal, offsetMs, hashes, routes } = common;
  const told = { version, savedAtWallMs, isFinal, offsetMs, hashes, routes };
  return identities.filter(({ id }) => isMeant(id)).map((identity) => {
    const guilds = guildsOf(identity, common.guilds);
    return rowOf(identity.id, { ...told, guilds, identity });
  });
}

/** The channels whose guild says which counter they share. */
function guildsOf(
  { counters }: LearntIdentity,
  guilds: LearntState["guilds"],
): LearntState["guilds"] {
  const places = new Set(
    counters.flatMap(({ role, place }) => role === "common" ? [place] : []),
  );
  return guilds.filter(([, guild]) => places.has(guild));
}

/** What rows say was learnt, each whole by itself; none where nothing was, or another version wrote it. */
export function decodeLearnt(rows: readonly JournalRow[]): LearntState[] {
  const heads = rows.filter(({ id }) => id === LEARNT_ID)
    .map(({ scope, head }) => ({ scope, head: JSON.parse(head) }));
  const common = heads.find(({ scope }) => scope === COMMON_SCOPE)?.head;
  if (common === undefined) {
    return heads.filter(({ head }) => head.version === 1 && head.hashes)
      .map(({ head: { identity, ...told } }) => ({
        ...told,
        invalid: { all: [], keys: [] },
        rejections: [],
        identities: [identity],
      }));
  }
  if (common.version !== 1) return [];
  const identities = heads.flatMap(({ head }): LearntIdentity[] =>
    // Those of an earlier saving had nothing to say when the last one was.
    head.identity !== undefined && head.savedAtWallMs === common.savedAtWallMs
      ? [head.identity]
      : []
  );
  return [{ ...common, identities }];
}
