import type { Guarantee } from "../domain/entry.ts";
import type { UnknownOutcome } from "../domain/request_row.ts";
import { type FoundEntry, isUnknown } from "./read_journal.ts";

/** Outcomes that are listed; the rest is counted. */
const LISTED_MAX = 10_000;

/** Requests of which nobody can know whether Discord executed them, for whoever wants to look. */
export class UnknownOutcomes {
  #rows: UnknownOutcome[] = [];
  readonly #listed = new Set<string>();
  /** What ended in an earlier process is read behind what waited in the last one. */
  #isSorted = true;
  #count = 0;

  /** All of them, those that are not listed included. */
  get count(): number {
    return this.#count;
  }

  /** Takes in what was found in the journal. */
  note(found: Iterable<FoundEntry>): void {
    for (const one of found) {
      const place = `${one.scope} ${one.entry.entryId}`;
      // A scope of a cluster may come back.
      if (!isUnknown(one) || this.#listed.has(place)) continue;
      this.#count++;
      if (this.#rows.length >= LISTED_MAX) continue;
      const { request, acceptedWallMs, entryId, guarantee } = one.entry;
      const { method, target, route, identity, caller } = request;
      this.#isSorted = false;
      this.#listed.add(place);
      this.#rows.push({
        id: entryId,
        route: route.label,
        target: route.carriesToken
          ? null
          : `${method} ${target.path}${target.query}`,
        identity: identity.id,
        caller,
        name: guarantee === undefined ? null : nameOf(guarantee),
        acceptedAt: acceptedWallMs,
      });
    }
  }

  /** Those of the callers that are meant, by their acceptance. */
  list(
    isMeant: (caller: string) => boolean,
    offset: number,
    limit: number,
  ): readonly UnknownOutcome[] {
    if (!this.#isSorted) this.#rows = this.#rows.toSorted(byAcceptance);
    this.#isSorted = true;
    return this.#rows.filter(({ caller }) => isMeant(caller))
      .slice(offset, offset + limit);
  }
}

function byAcceptance(one: UnknownOutcome, other: UnknownOutcome): number {
  return one.id < other.id ? -1 : 1;
}

/** How its caller would ask for it. */
function nameOf({ idempotencyKey, asyncId, frame }: Guarantee): string | null {
  if (idempotencyKey !== undefined) return `Idempotency-Key: ${idempotencyKey}`;
  if (asyncId !== undefined) return `/_rep/requests/${asyncId}`;
  const { session, reqText } = frame ?? {};
  return session === undefined || reqText === undefined
    ? null
    : `session ${session}, req ${reqText}`;
}
