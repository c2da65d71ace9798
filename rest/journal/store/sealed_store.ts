import {
  type JournalChange,
  JournalRefusal,
  type JournalRow,
  type JournalStore,
  type RowOutcome,
} from "../../domain/journal_store.ts";
import { NotOurs, RowCipher } from "./row_cipher.ts";
import { RowOrder } from "./row_order.ts";
import { joined, parted, TEXT, UTF8 } from "./outcome_bytes.ts";
import { bodiesOf, keyOf, rowKey } from "./store_change.ts";

type Bytes = Uint8Array<ArrayBuffer>;
type RowName = Pick<JournalRow, "id" | "scope">;
type Column = "head" | "body" | "outcome" | "outcome head" | "outcome body";

interface Bodies {
  readonly body: Bytes | undefined;
  readonly outcome: Bytes | undefined;
}

/** Begins an encrypted head, and no JSON. */
const SEALED = "aes256gcm:";

/**
 * In place of an outcome's head that is sealed with its body as one, which takes
 * half as long as two. Earlier versions sealed them apart.
 */
const IN_BODY = `${SEALED}+`;

/**
 * Encrypts what rows say in any store, each part for its place alone: a body
 * put into another row does not open. Rows that were written before there was a
 * key are read as they are; encrypted ones are refused where no key is given.
 *
 * Where others can write to the store as well, `onForeign` is told after each
 * reading how many rows were not written with this key; they are passed over,
 * those that are not encrypted, too.
 */
export function sealedStore(
  store: JournalStore,
  key: Bytes | undefined,
  onForeign?: (rows: number) => void,
): JournalStore {
  const cipher = key && new RowCipher(key);
  const order = new RowOrder();
  return {
    claimEpoch: (scope) => store.claimEpoch(scope),
    partOf: store.partOf,
    append(changes) {
      if (cipher === undefined) return store.append(changes);
      const bodies = changes.map((change) => sealBodies(cipher, change));
      return order.take(
        () => changes.map(keyOf),
        bodies.every(isThere) ? bodies : Promise.all(bodies),
        (sealed) =>
          store.append(
            changes.map((change, at) => seal(cipher, change, sealed[at])),
          ),
      );
    },
    async *load(scope) {
      const mustBeSealed = onForeign !== undefined;
      let foreign = 0;
      for await (const row of store.load(scope)) {
        try {
          const opened = openRow(cipher, row, mustBeSealed);
          yield opened instanceof Promise ? await opened : opened;
        } catch (error) {
          if (!(error instanceof NotOurs)) throw error;
          if (!mustBeSealed) throw refusal(cipher);
          foreign++;
        }
      }
      if (foreign > 0) onForeign?.(foreign);
    },
    figures: () => store.figures(),
    close: () => store.close(),
  };
}

/** Large bodies are sealed on another thread: what is said of them waits, and what is said of other rows does not. */
function sealBodies(
  cipher: RowCipher,
  change: JournalChange,
): Bodies | Promise<Bodies> {
  const row = rowOf(change);
  const { body } = bodiesOf(change);
  const outcome = outcomeOf(change);
  const own = body && cipher.seal(body, placeOf(row, "body"));
  const other = outcome &&
    cipher.seal(joined(outcome), placeOf(row, "outcome"));
  return own instanceof Promise || other instanceof Promise
    ? Promise.all([own, other]).then(([body, outcome]) => ({ body, outcome }))
    : { body: own, outcome: other };
}

function isThere(bodies: Bodies | Promise<Bodies>): bodies is Bodies {
  return !(bodies instanceof Promise);
}

function seal(
  cipher: RowCipher,
  change: JournalChange,
  bodies: Bodies | undefined,
): JournalChange {
  if (change.kind === "mark" || change.kind === "delete") return change;
  const row = rowOf(change);
  const sealed = { head: IN_BODY, body: bodies?.outcome };
  if (change.kind === "end") return { ...change, outcome: sealed };
  const { head, outcome } = change.row;
  const place = placeOf(row, "head");
  return {
    kind: "put",
    row: {
      ...change.row,
      head: SEALED + cipher.sealNow(UTF8.encode(head), place).toBase64(),
      body: bodies?.body,
      outcome: outcome && sealed,
    },
  };
}

/** At once, where no part is large. */
function openRow(
  cipher: RowCipher | undefined,
  row: JournalRow,
  mustBeSealed: boolean,
): JournalRow | Promise<JournalRow> {
  const { outcome } = row;
  const isPlain = [row, outcome].some((part) =>
    part !== undefined && !part.head.startsWith(SEALED)
  );
  if (isPlain && mustBeSealed) throw new NotOurs();
  // One after the other: what fails leaves nothing behind that is still opened.
  const own = open(cipher, row, row, ["head", "body"]);
  return own instanceof Promise
    ? own.then((opened) => withOutcome(cipher, row, opened))
    : withOutcome(cipher, row, own);
}

function withOutcome(
  cipher: RowCipher | undefined,
  row: JournalRow,
  own: Pick<JournalRow, "head" | "body">,
): JournalRow | Promise<JournalRow> {
  const outcome = row.outcome && openOutcome(cipher, row, row.outcome);
  return outcome instanceof Promise
    ? outcome.then((outcome) => ({ ...row, ...own, outcome }))
    : { ...row, ...own, outcome };
}

function openOutcome(
  cipher: RowCipher | undefined,
  row: RowName,
  outcome: RowOutcome,
): RowOutcome | Promise<RowOutcome> {
  const { head, body } = outcome;
  if (head !== IN_BODY) {
    return open(cipher, row, outcome, ["outcome head", "outcome body"]);
  }
  if (cipher === undefined || body === undefined) throw new NotOurs();
  const opened = cipher.open(body, placeOf(row, "outcome"));
  return opened instanceof Promise ? opened.then(parted) : parted(opened);
}

/** A head and the body that was sealed with it. */
function open(
  cipher: RowCipher | undefined,
  row: RowName,
  { head, body }: RowOutcome,
  [headColumn, bodyColumn]: readonly [Column, Column],
): RowOutcome | Promise<RowOutcome> {
  if (!head.startsWith(SEALED)) return { head, body };
  if (cipher === undefined) throw new NotOurs();
  const sealed = bytesIn(head.slice(SEALED.length));
  const text = TEXT.decode(cipher.openNow(sealed, placeOf(row, headColumn)));
  const opened = body && cipher.open(body, placeOf(row, bodyColumn));
  return opened instanceof Promise
    ? opened.then((body) => ({ head: text, body }))
    : { head: text, body: opened };
}

function bytesIn(base64: string): Bytes {
  try {
    return Uint8Array.fromBase64(base64);
  } catch {
    throw new NotOurs();
  }
}

function outcomeOf(change: JournalChange): RowOutcome | undefined {
  return change.kind === "put"
    ? change.row.outcome
    : change.kind === "end"
    ? change.outcome
    : undefined;
}

function rowOf(change: JournalChange): RowName {
  return change.kind === "put" ? change.row : change;
}

function placeOf(row: RowName, column: Column): string {
  return `${rowKey(row)}\0${column}`;
}

function refusal(cipher: RowCipher | undefined): JournalRefusal {
  const what = cipher === undefined
    ? "The journal is encrypted: set REST_JOURNAL_KEY to the key that it was written with"
    : "The journal was encrypted with another key than that of REST_JOURNAL_KEY: set the one that it was written with";
  return new JournalRefusal("key", `${what}, or move its file away`);
}
