import {
  type JournalChange,
  JournalRefusal,
  type JournalRow,
  type RowKind,
  type RowOutcome,
  type RowState,
} from "../../domain/journal_store.ts";
import type { Word } from "../redis/link.ts";

/**
 * How a row lies in Redis: as fields of its scope's hash, each named by a letter
 * and the row's id, so that a mark rewrites some bytes and no body.
 *
 * - `m`: version, state, kind, where its body is, end (15 digits), and the head.
 * - `b`, `B`: the body; the capital one is read by itself.
 * - `o`: the outcome: length of its head (10 digits), whether it has a body, head, body.
 */
const VERSION = "1";

/** Larger bodies are read one by one, so that many together fit into memory. */
const SMALL_BYTES_MAX = 64 * 1024;

const STATES = { q: "queued", s: "sent", e: "ended" } as const;
const KINDS = { r: "request", s: "session", l: "learnt" } as const;

const NOWHERE = "-";
const SMALL = "b";
const LARGE = "B";

const PLACE_AT = 3;
const UNTIL_AT = 4;

/** As many digits as the latest moment a clock can show has. */
const UNTIL_CHARS = 15;
const LENGTH_CHARS = 10;
const HEAD_AT = UNTIL_AT + UNTIL_CHARS;
const NO_END = "-".repeat(UNTIL_CHARS);

type Bytes = Uint8Array<ArrayBuffer>;

/** The words of a change for the script that makes it; `key` is the place of its hash among the keys. */
export function changeWords(change: JournalChange, key: number): Word[] {
  const at = String(key);
  switch (change.kind) {
    case "put": {
      const { row } = change;
      const { id, body, outcome } = row;
      const place = placeOf(body);
      return [
        "put",
        at,
        id,
        mainText(row),
        place,
        body ?? "",
        outcomeOf(outcome),
      ];
    }
    case "mark":
      return ["mark", at, change.id, letterOf(STATES, change.state)];
    case "end": {
      const { id, outcome, untilWallMs } = change;
      return ["end", at, id, untilText(untilWallMs), outcomeOf(outcome)];
    }
    case "delete":
      return ["delete", at, change.id];
  }
}

/** Reads a row; `body` is its small one or its large one. */
export function readRow(
  id: string,
  scope: string,
  fields: {
    readonly main: Uint8Array;
    readonly body: Uint8Array | undefined;
    readonly outcome: Uint8Array | undefined;
  },
): JournalRow {
  const main = new TextDecoder().decode(fields.main);
  if (main[0] !== VERSION) {
    throw new JournalRefusal(
      "newer",
      `A row of the journal in Redis is of version ${
        main[0]
      }: want ${VERSION}; use the Sluice that wrote it, or a later one`,
    );
  }
  const until = main.slice(UNTIL_AT, HEAD_AT);
  return {
    id,
    scope,
    kind: KINDS[main[2] as keyof typeof KINDS],
    state: STATES[main[1] as keyof typeof STATES],
    head: main.slice(HEAD_AT),
    body: bytesOf(fields.body),
    outcome: readOutcome(fields.outcome),
    untilWallMs: until === NO_END ? undefined : Number(until),
  };
}

/** The letter of a row's body where that has to be read by itself: a large one, or one that nobody expected. */
export function bodyApart(
  main: Uint8Array,
  small: Uint8Array | undefined,
): string | undefined {
  const place = String.fromCharCode(main[PLACE_AT] ?? 0);
  if (place === LARGE) return LARGE;
  return place === SMALL && small === undefined ? SMALL : undefined;
}

function mainText(
  { state, kind, body, untilWallMs, head }: JournalRow,
): string {
  return VERSION + letterOf(STATES, state) + letterOf(KINDS, kind) +
    placeOf(body) + untilText(untilWallMs) + head;
}

function placeOf(body: Bytes | undefined): string {
  if (body === undefined) return NOWHERE;
  return body.length <= SMALL_BYTES_MAX ? SMALL : LARGE;
}

function letterOf<T extends RowState | RowKind>(
  letters: Readonly<Record<string, T>>,
  word: T,
): string {
  return Object.keys(letters).find((letter) => letters[letter] === word) ?? "";
}

function untilText(untilWallMs: number | undefined): string {
  return untilWallMs === undefined
    ? NO_END
    : String(Math.ceil(untilWallMs)).padStart(UNTIL_CHARS, "0");
}

function outcomeOf(outcome: RowOutcome | undefined): Word {
  if (outcome === undefined) return "";
  const head = new TextEncoder().encode(outcome.head);
  const body = outcome.body ?? new Uint8Array();
  const length = String(head.length).padStart(LENGTH_CHARS, "0");
  const start = new TextEncoder().encode(
    length + (outcome.body === undefined ? "-" : "b"),
  );
  const all = new Uint8Array(start.length + head.length + body.length);
  all.set(start);
  all.set(head, start.length);
  all.set(body, start.length + head.length);
  return all;
}

function readOutcome(bytes: Uint8Array | undefined): RowOutcome | undefined {
  if (bytes === undefined) return undefined;
  const start = LENGTH_CHARS + 1;
  const text = new TextDecoder();
  const length = Number(text.decode(bytes.subarray(0, LENGTH_CHARS)));
  const hasBody = text.decode(bytes.subarray(LENGTH_CHARS, start)) === "b";
  return {
    head: text.decode(bytes.subarray(start, start + length)),
    body: hasBody ? bytesOf(bytes.subarray(start + length)) : undefined,
  };
}

function bytesOf(bytes: Uint8Array | undefined): Bytes | undefined {
  return bytes === undefined ? undefined : new Uint8Array(bytes);
}
