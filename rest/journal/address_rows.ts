import type { JournalRow } from "../domain/journal_store.ts";
import {
  type AddressBook,
  type KeptAddress,
  KNOWN_MS,
} from "../domain/kept_address.ts";
import { COMMON_SCOPE } from "./codec/learnt_codec.ts";
import type { JournalWriter } from "./writer.ts";

/** Stands before the address; no other row of this kind has a blank in its id. */
const PREFIX = "address ";

/** Keeps known addresses as rows, one for each, until nobody believes them any more. */
export function addressesInRows(
  writer: Pick<JournalWriter, "note">,
): AddressBook {
  const scope = COMMON_SCOPE;
  return {
    keep: (kept) => writer.note({ kind: "put", row: rowOf(kept) }),
    forget: (address) =>
      writer.note({ kind: "delete", scope, id: PREFIX + address }),
  };
}

function rowOf({ address, ...said }: KeptAddress): JournalRow {
  return {
    id: PREFIX + address,
    scope: COMMON_SCOPE,
    kind: "learnt",
    state: "queued",
    head: JSON.stringify({ version: 1, ...said }),
    body: undefined,
    outcome: undefined,
    untilWallMs: said.usedAtWallMs + KNOWN_MS,
  };
}

/** The known addresses among these rows; of another version none. */
export function addressesIn(rows: readonly JournalRow[]): KeptAddress[] {
  return rows.filter(isOfAddress).flatMap(({ id, head }) => {
    const { version, ...said } = JSON.parse(head);
    return version === 1 ? [{ ...said, address: id.slice(PREFIX.length) }] : [];
  });
}

function isOfAddress({ kind, scope, id }: JournalRow): boolean {
  return kind === "learnt" && scope === COMMON_SCOPE && id.startsWith(PREFIX);
}
