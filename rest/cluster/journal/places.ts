import type { JournalRow } from "../../domain/journal_store.ts";

/** A row's place among all. */
export interface Place extends Pick<JournalRow, "id" | "scope"> {
  /** It has an outcome, and no body that anybody needs. */
  readonly hasEnded: boolean;
}

/** The rows of a scope by the fields of its hash, those that have ended last: they alone have an outcome (`row_fields.ts`). */
export function placesIn(fields: readonly string[], scope: string): Place[] {
  const outcomes = new Set(fields.filter((field) => field[0] === "o"));
  const places = fields.filter((field) => field[0] === "m").sort()
    .map((field) => {
      const id = field.slice(1);
      return { id, scope, hasEnded: outcomes.has("o" + id) };
    });
  return [
    ...places.filter(({ hasEnded }) => !hasEnded),
    ...places.filter(({ hasEnded }) => hasEnded),
  ];
}

/** The order of the rows of several scopes. */
export function inOrder(one: Place, other: Place): number {
  return Number(one.hasEnded) - Number(other.hasEnded) ||
    compare(one.id, other.id) || compare(one.scope, other.scope);
}

/** The fields that are read of a row together with those of others. */
export function fieldsOf({ id, hasEnded }: Place): string[] {
  const fields = ["m" + id, "o" + id];
  return hasEnded ? fields : [...fields, "b" + id];
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
