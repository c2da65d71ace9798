import type { JournalChange } from "../../domain/journal_store.ts";
import { keyOf, scopeOf } from "./store_change.ts";

/** A change, and where in its batch it stands. */
interface Placed<Kind> {
  readonly at: number;
  readonly change: Extract<JournalChange, { readonly kind: Kind }>;
}

type Place = readonly [put: Placed<"put">, gone: Placed<"delete">];

const NONE: readonly Place[] = [];

/**
 * New rows of a batch, each with a row of its scope that goes and may leave it its
 * place. None where a row is changed twice, since then the order of the changes matters.
 */
export function placesIn(changes: readonly JournalChange[]): readonly Place[] {
  const puts: Placed<"put">[] = [];
  const gone: Placed<"delete">[] = [];
  for (const [at, change] of changes.entries()) {
    if (change.kind === "put") puts.push({ at, change });
    else if (change.kind === "delete") gone.push({ at, change });
  }
  if (puts.length === 0 || gone.length === 0) return NONE;
  if (isAnyTwice(changes)) return NONE;
  const places: Place[] = [];
  for (const [at, put] of puts.entries()) {
    const place = gone[at];
    if (place === undefined) continue;
    const isOfOneScope = scopeOf(put.change) === scopeOf(place.change);
    if (isOfOneScope) places.push([put, place]);
  }
  return places;
}

function isAnyTwice(changes: readonly JournalChange[]): boolean {
  return new Set(changes.map(keyOf)).size < changes.length;
}
