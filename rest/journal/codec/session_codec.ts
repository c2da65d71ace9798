import type { ReplyRecord, SessionRecord } from "../../domain/entry.ts";
import type { JournalRow, RowOutcome } from "../../domain/journal_store.ts";

/** Names the row of a session. The name of a session holds no blank, so no two share a row. */
export function sessionRowId(
  { owner, name }: Pick<SessionRecord, "owner" | "name">,
): string {
  return `session ${owner} ${name}`;
}

/** Names the row of a REPLY whose request has no row. */
export function replyRowId(session: SessionRecord, seq: number): string {
  return `${REPLY_ROW}${session.owner} ${session.name} ${seq}`;
}

/** Whether a row is a REPLY's whose request has none. The id of a request holds no blank. */
export function isReplyRow({ id }: Pick<JournalRow, "id">): boolean {
  return id.startsWith(REPLY_ROW);
}

const REPLY_ROW = "reply ";

/** Makes the row of a session. */
export function encodeSession(session: SessionRecord): JournalRow {
  const { owner, name, expiryMs, seq, ackedSeq, identityId } = session;
  return {
    id: sessionRowId(session),
    scope: identityId,
    kind: "session",
    state: "queued",
    head: JSON.stringify({ v: 1, owner, name, expiryMs, seq, ackedSeq }),
    body: undefined,
    outcome: undefined,
    untilWallMs: undefined,
  };
}

/** Reads the row of a session; throws where it is of another make. */
export function decodeSession(
  { id, head: text, scope }: JournalRow,
): SessionRecord {
  const { v, owner, name, expiryMs, seq, ackedSeq } = JSON.parse(text);
  const isSession = v === 1 && typeof owner === "string" &&
    typeof name === "string" && typeof expiryMs === "number" &&
    typeof seq === "number" && typeof ackedSeq === "number";
  if (!isSession) {
    throw new Error(`Cannot read ${id} of the journal: its row is damaged`);
  }
  return { owner, name, identityId: scope, expiryMs, seq, ackedSeq };
}

/** A REPLY in JSON; its body stands in the bytes beside it. */
type ReplyHead = Omit<ReplyRecord, "bodyText"> & {
  readonly hasBody?: true;
};

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Writes a REPLY down as the outcome of its request. */
export function encodeReply({ bodyText, ...rest }: ReplyRecord): RowOutcome {
  const head: ReplyHead = bodyText === undefined
    ? rest
    : { ...rest, hasBody: true };
  return {
    head: JSON.stringify({ reply: head }),
    body: bodyText === undefined ? undefined : encoder.encode(bodyText),
  };
}

/** Begins the JSON of a REPLY, and of no other outcome. */
const REPLY = '{"reply":';

/** Reads a REPLY; undefined where the outcome is none. */
export function decodeReply(
  { head: text, body }: RowOutcome,
): ReplyRecord | undefined {
  // Others may have kilobytes of headers.
  if (!text.startsWith(REPLY)) return undefined;
  const head: ReplyHead = JSON.parse(text).reply;
  const { seq, reqKey, reqText, targetText, verb, status } = head;
  const { headersText, atWallMs, fingerprint, hasBody } = head;
  return {
    seq,
    reqKey,
    ...fingerprint === undefined ? {} : { fingerprint },
    reqText,
    targetText,
    verb,
    status,
    headersText,
    bodyText: hasBody === true ? decoder.decode(body) : undefined,
    atWallMs,
  };
}
