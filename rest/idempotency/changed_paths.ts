/** A thousand changes later a write of before is as good as overtaken, and is sent again. */
const REMEMBERED_MAX = 1_000;

interface Change {
  readonly id: number;
  /** Its path without escapes. */
  readonly plain: string;
}

/**
 * Where PUTs, PATCHes and DELETEs were accepted lately. What changes a path
 * changes what lies below and above it, too: DELETE of all reactions ends one
 * reaction, DELETE of a role changes its member.
 */
export class ChangedPaths {
  /** The newest change of each, oldest first. */
  readonly #newest = new Map<string, Change>();
  /** Of changes up to this id some are forgotten. */
  #forgottenId = 0;

  /** `id` counts upwards in the order of acceptance. */
  note(path: string, id: number): void {
    this.#newest.delete(path);
    this.#newest.set(path, { id, plain: unescaped(path) });
    if (this.#newest.size <= REMEMBERED_MAX) return;
    for (const [oldest, change] of this.#newest) {
      this.#newest.delete(oldest);
      this.#forgottenId = change.id;
      return;
    }
  }

  /** Whether something above or below a path was changed since; not the path itself in the same spelling. */
  isChangedAround(path: string, sinceId: number): boolean {
    if (sinceId < this.#forgottenId) return true;
    const here = unescaped(path);
    for (const [changed, { id, plain }] of this.#newest) {
      if (id <= sinceId || changed === path) continue;
      if (isWithin(here, plain) || isWithin(plain, here)) return true;
    }
    return false;
  }
}

function isWithin(path: string, place: string): boolean {
  return path === place ||
    (path.startsWith(place) && path[place.length] === "/");
}

/** Libraries escape emoji in their own ways. */
function unescaped(path: string): string {
  if (!path.includes("%")) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
