import assert from "node:assert/strict";
import type { JournalRow, RowState } from "../../rest/domain/journal_store.ts";
import type { Method } from "../../rest/domain/request.ts";
import { encodeEntry } from "../../rest/journal/codec/entry_codec.ts";
import { encodeOutcome } from "../../rest/journal/codec/outcome_codec.ts";
import {
  encodeReply,
  encodeSession,
} from "../../rest/journal/codec/session_codec.ts";
import {
  isAnotherStart,
  machineRow,
} from "../../rest/journal/machine_start.ts";
import { readJournal } from "../../rest/journal/read_journal.ts";
import { tellFound } from "../../rest/journal/tell_found.ts";
import { UnknownOutcomes } from "../../rest/journal/unknown_outcomes.ts";
import { BOT } from "../dispatcher/_builders.ts";
import { entryOf, SESSION } from "./_driver.ts";

const NOW_MS = 1_790_000_000_000;

interface Case {
  readonly method?: Method;
  readonly state?: RowState;
  readonly ageMs?: number;
  readonly waitsMs?: number;
  readonly leaveWithinMs?: number;
  readonly nonceAgeMs?: number;
}

/** The row of a request that was accepted some time ago. */
function rowOf(
  { method = "POST", state = "queued", ageMs = 1_000, ...change }: Case = {},
): JournalRow {
  const { waitsMs = 240_000, leaveWithinMs, nonceAgeMs } = change;
  const entry = entryOf(method);
  const request = { ...entry.request, leaveWithinMs };
  const acceptedWallMs = NOW_MS - ageMs;
  return encodeEntry({ ...entry, request }, state, {
    acceptedWallMs,
    expiresWallMs: acceptedWallMs + Math.min(waitsMs, leaveWithinMs ?? waitsMs),
    ...nonceAgeMs === undefined
      ? {}
      : { nonce: { added: "n", sentWallMs: NOW_MS - nonceAgeMs } },
  });
}

function found(
  rows: readonly JournalRow[],
  { hasBot = true, mayLackMarks = false } = {},
) {
  return readJournal(rows, {
    nowWallMs: NOW_MS,
    identityOf: (id) => hasBot && id === BOT.id ? BOT : undefined,
    mayLackMarks,
    printOf: ({ target }) => `print of ${target.path}`,
    adoptMs: 60_000,
  });
}

function outcomeOf(row: JournalRow, change?: Parameters<typeof found>[1]) {
  const [one] = found([row], change).entries;
  return {
    recovery: one?.recovery,
    code: one?.outcome?.kind === "refusal"
      ? one.outcome.refusal.code
      : undefined,
    sent: one?.outcome?.kind === "refusal"
      ? one.outcome.refusal.sent
      : undefined,
  };
}

Deno.test("a message that was under way is unknown, a role that was goes again", () => {
  assert.deepEqual(outcomeOf(rowOf({ state: "sent" })), {
    recovery: "unknown",
    code: "outcome_unknown",
    sent: null,
  });
  const { recovery } = outcomeOf(rowOf({ method: "PUT", state: "sent" }));
  assert.equal(recovery, "again");
});

Deno.test("a message with a nonce goes again within two minutes of its first sending, and not after", () => {
  const at = (nonceAgeMs: number) =>
    outcomeOf(rowOf({ state: "sent", nonceAgeMs })).recovery;
  assert.equal(at(119_000), "again");
  assert.equal(at(121_000), "unknown");
});

Deno.test("what waited too long is refused as it would have been: by its own deadline, or by the longest wait", () => {
  assert.deepEqual(outcomeOf(rowOf({ ageMs: 241_000 })), {
    recovery: "expired",
    code: "wait_too_long",
    sent: false,
  });
  assert.deepEqual(outcomeOf(rowOf({ ageMs: 3_000, leaveWithinMs: 2_000 })), {
    recovery: "expired",
    code: "deadline",
    sent: false,
  });
});

Deno.test("what was in memory only is refused as unsent, or unknown where it was under way, whoever it was for", () => {
  const of = (state: RowState) => {
    const entry = entryOf("POST", { path: "/webhooks/1/token" });
    const facts = { acceptedWallMs: NOW_MS, expiresWallMs: Infinity };
    const row = encodeEntry(entry, state, { ...facts, isNameOnly: true });
    assert.doesNotMatch(row.head, /webhooks\/1/);
    return outcomeOf(row, { hasBot: false });
  };
  assert.deepEqual(of("queued"), {
    recovery: "forgotten",
    code: "draining",
    sent: false,
  });
  assert.equal(of("sent").code, "outcome_unknown");
});

Deno.test("a bot that is not configured any more has its requests refused, unsent ones as such", () => {
  assert.deepEqual(outcomeOf(rowOf(), { hasBot: false }), {
    recovery: "nobody",
    code: "no_token",
    sent: false,
  });
  const sent = outcomeOf(rowOf({ state: "sent" }), { hasBot: false });
  assert.equal(sent.code, "outcome_unknown");
});

Deno.test("outcomes, sessions and their replies are there again, and rows of another make are left alone and told", () => {
  const ended = {
    ...rowOf({ state: "ended" }),
    outcome: encodeOutcome({ kind: "shortened", status: 204 }),
  };
  const replied = {
    ...rowOf({ state: "ended" }),
    outcome: encodeReply({
      seq: 4,
      reqKey: "s1",
      reqText: '"1"',
      targetText: '"/x"',
      verb: "ACTION",
      status: 200,
      headersText: undefined,
      bodyText: "{}",
      atWallMs: 1,
    }),
  };
  const strange = { ...rowOf(), id: "strange", head: '{"v":7}' };
  const rows = [encodeSession(SESSION), ended, replied, strange];
  const journal = found(rows);
  assert.deepEqual(journal.sessions, [SESSION]);
  assert.deepEqual(
    journal.entries.map(({ outcome, reply }) => [outcome?.kind, reply?.seq]),
    [["shortened", undefined], [undefined, 4]],
  );
  assert.deepEqual(journal.unreadable.map(({ id }) => id), ["strange"]);
  assert.match(
    tellFound([journal], 0),
    /2 outcomes are kept, 1 session, 1 row cannot be read and is left alone/,
  );
});

Deno.test("whoever asks gets what nobody can know of its own requests, without a webhook's token", () => {
  const unknown = new UnknownOutcomes();
  unknown.note(found([rowOf({ state: "sent" }), rowOf()]).entries);
  assert.equal(unknown.count, 1);
  const [row] = unknown.list(() => true, 0, 10);
  assert.equal(row?.target, "POST /channels/1/messages");
  assert.equal(row?.acceptedAt, NOW_MS - 1_000);
  assert.deepEqual(unknown.list(() => false, 0, 10), []);
});

Deno.test("an unknown outcome is still listed after the next start", () => {
  const [one] = found([rowOf({ state: "sent" })]).entries;
  assert.ok(one?.outcome !== undefined);
  const row = {
    ...rowOf({ state: "ended" }),
    outcome: encodeOutcome(one.outcome),
  };
  const unknown = new UnknownOutcomes();
  unknown.note(found([row]).entries);
  assert.equal(unknown.count, 1);
});

Deno.test("what nobody can know is listed once and by its acceptance, whatever was read first", () => {
  const unknown = new UnknownOutcomes();
  for (const id of ["c", "a", "b"]) {
    unknown.note(found([{ ...rowOf({ state: "sent" }), id }]).entries);
  }
  const idsOf = (limit: number) =>
    unknown.list(() => true, 0, limit).map(({ id }) => id);
  assert.deepEqual(idsOf(2), ["a", "b"]);
  // As when a scope comes back.
  unknown.note(found([{ ...rowOf({ state: "sent" }), id: "b" }]).entries);
  assert.deepEqual([unknown.count, ...idsOf(10)], [3, "a", "b", "c"]);
});

Deno.test("a machine that was started anew is told from one whose clock was put right a little", () => {
  const rows = [machineRow(NOW_MS)];
  assert.ok(!isAnotherStart(rows, NOW_MS + 2_000));
  assert.ok(isAnotherStart(rows, NOW_MS + 120_000));
  assert.ok(isAnotherStart(rows, undefined));
  assert.ok(!isAnotherStart([], NOW_MS));
});
