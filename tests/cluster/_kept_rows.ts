/** A bot's kept answers, put into Redis as its owner would have in a day. */
import { changeWords } from "../../rest/cluster/journal/row_fields.ts";
import { rowsKey } from "../../rest/cluster/journal/journal_scripts.ts";
import { scopedStore } from "../../rest/cluster/journal/scoped_store.ts";
import { scopeOfIdentity } from "../../rest/cluster/ownership/scopes.ts";
import type { RedisLink } from "../../rest/cluster/redis/link.ts";
import { rowKeyOf } from "../../rest/cluster/secrets.ts";
import { entryIdOf } from "../../rest/domain/entry_id.ts";
import type {
  JournalRow,
  JournalStore,
} from "../../rest/domain/journal_store.ts";
import type { Secret } from "../../rest/domain/secret.ts";
import { encodeEntry } from "../../rest/journal/codec/entry_codec.ts";
import { encodeOutcome } from "../../rest/journal/codec/outcome_codec.ts";
import { sealedStore } from "../../rest/journal/store/sealed_store.ts";
import { requestOf } from "../dispatcher/_builders.ts";

/** What Discord says of a message, more or less. */
const BODY = new TextEncoder().encode(JSON.stringify({
  id: "1400000000000000003",
  channel_id: "1400000000000000002",
  content: "hello",
  author: { id: "123456789012345678", username: "a bot", global_name: null },
  attachments: [],
  embeds: [],
  mentions: [],
  timestamp: "2026-12-01T00:00:00.000000+00:00",
  flags: 0,
}));

const HOUR_MS = 3_600_000;
const TOGETHER = 500;

/** Puts so many answers under an `Idempotency-Key` each into Redis. */
export async function keepAnswers(
  redis: RedisLink,
  { count, identityId, peerKey }: {
    readonly count: number;
    readonly identityId: string;
    readonly peerKey: Secret;
  },
): Promise<void> {
  const scope = scopeOfIdentity(identityId);
  const inner = {
    // Past the fence, which is the owner's.
    append: async (changes) => {
      const words = ["HSET", rowsKey(scope)];
      const more: (string | Uint8Array)[] = changes.flatMap((change) => {
        const [, , id, main = "", , , outcome = ""] = changeWords(change, 1);
        return [`m${id}`, main, `o${id}`, outcome];
      });
      await redis.call([...words, ...more]);
    },
  } as Pick<JournalStore, "append"> as JournalStore;
  const scoped = scopedStore({
    store: inner,
    scopeOfIdentity,
    isOwned: () => true,
  });
  const store = sealedStore(scoped, rowKeyOf(peerKey));
  const nowMs = Date.now();
  for (let at = 0; at < count; at += TOGETHER) {
    const rows = Array.from(
      { length: Math.min(TOGETHER, count - at) },
      (_, more) => rowOf(at + more, identityId, nowMs),
    );
    await store.append(rows.map((row) => ({ kind: "put", row })));
  }
}

function rowOf(at: number, identityId: string, nowMs: number): JournalRow {
  const request = requestOf("POST", { path: `/channels/${at % 100}/messages` });
  const entry = {
    entryId: entryIdOf(nowMs - HOUR_MS, at),
    request: { ...request, identity: { ...request.identity, id: identityId } },
    guarantee: {
      owner: "somebody",
      idempotencyKey: `order-${at}`,
      asyncId: `${at}-0123-4567-89ab-cdef01234567`,
      fingerprint: "0123456789abcdef0123456789abcdef",
    },
  };
  const row = encodeEntry(entry, "ended", {
    acceptedWallMs: nowMs - HOUR_MS,
    expiresWallMs: nowMs,
  });
  const headers = [["content-type", "application/json"]] as const;
  const answer = { status: 200, headers, body: BODY };
  return {
    ...row,
    body: undefined,
    outcome: encodeOutcome({ kind: "answer", answer }),
    untilWallMs: nowMs + HOUR_MS,
  };
}
