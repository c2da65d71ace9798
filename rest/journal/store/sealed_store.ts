import {
  type JournalChange,
  JournalRefusal,
  type JournalRow,
  type JournalStore,
  type RowOutcome,
} from "../../domain/journal_store.ts";
import { NotOurs, RowCipher } from "./row_cipher.ts";
import { RowOrder } from "./row_order.ts";
import { bodiesOf, keyOf, rowKey } from "./store_change.ts";

type Bytes = Uint8Array<ArrayBuffer>;
type RowName = Pick<JournalRow, "id" | "scope">;
type Column = "head" | "body" | "outcome head" | "outcome body";

interface Bodies {
  readonly body: Bytes | undefined;
  readonly outcome: Bytes | undefined;
}

const UTF8 = new TextEncoder();

/** Begins an encrypted head, and no JSON. */
const SEALED = "aes256gcm:";

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
          yield await openRow(cipher, row, mustBeSealed);
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
  const { body, outcome } = bodiesOf(change);
  const own = body && cipher.seal(body, placeOf(row, "body"));
  const other = outcome && cipher.seal(outcome, placeOf(row, "outcome body"));
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
  const sealHead = (head: string, column: Column) =>
    SEALED + cipher.sealNow(UTF8.encode(head), placeOf(row, column)).toBase64();
  const sealOutcome = ({ head }: RowOutcome): RowOutcome => ({
    head: sealHead(head, "outcome head"),
    body: bodies?.outcome,
  });
  if (change.kind === "end") {
    return { ...change, outcome: sealOutcome(change.outcome) };
  }
  const { head, outcome } = change.row;
  const sealed = {
    ...change.row,
    head: sealHead(head, "head"),
    body: bodies?.body,
    outcome: outcome && sealOutcome(outcome),
  };
  return { kind: "put", row: sealed };
}

async function openRow(
  cipher: RowCipher | undefined,
  row: JournalRow,
  mustBeSealed: boolean,
): Promise<JournalRow> {
  const { outcome } = row;
  const parts = [row, outcome];
  const isPlain = parts.some((part) => part && !part.head.startsWith(SEALED));
  if (isPlain && mustBeSealed) throw new NotOurs();
  const own = await open(cipher, row, row, ["head", "body"]);
  const other = outcome &&
    await open(cipher, row, outcome, ["outcome head", "outcome body"]);
  return { ...row, ...own, outcome: other };
}

/** A head and the body that was sealed with it. */
async function open(
  cipher: RowCipher | undefined,
  row: RowName,
  { head, body }: RowOutcome,
  [headColumn, bodyColumn]: readonly [Column, Column],
): Promise<RowOutcome> {
  if (!head.startsWith(SEALED)) return { head, body };
  if (cipher === undefined) throw new NotOurs();
  const sealed = bytesIn(head.slice(SEALED.length));
  const opened = cipher.openNow(sealed, placeOf(row, headColumn));
  return {
    head: new TextDecoder().decode(opened),
    body: body && await cipher.open(body, placeOf(row, bodyColumn)),
  };
}

function bytesIn(base64: string): Bytes {
  try {
    return Uint8Array.fromBase64(base64);
  } catch {
    throw new NotOurs();
  }
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
