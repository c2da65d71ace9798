/** Forgets the oldest entries of an insertion-ordered collection beyond `max`. */
export function forgetOldest(
  collection: Map<unknown, unknown> | Set<unknown>,
  max: number,
): void {
  for (const oldest of collection.keys()) {
    if (collection.size <= max) return;
    collection.delete(oldest);
  }
}
