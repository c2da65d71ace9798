/**
 * Remembers what was asked for lately: at least the last `keptMin` different
 * keys, never more than twice as many. Two generations instead of a list of
 * uses: what is found in the old one moves to the young one, and when that is
 * full, the old one is dropped whole.
 */
export class RecentMap<Key, Value> {
  readonly #keptMin: number;
  #young = new Map<Key, Value>();
  #old = new Map<Key, Value>();

  constructor(keptMin: number) {
    this.#keptMin = keptMin;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: Key): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old === undefined) return undefined;
    this.#old.delete(key);
    this.set(key, old);
    return old;
  }

  /** Everything it remembers, in no order to rely on. */
  *entries(): Generator<[Key, Value]> {
    yield* this.#old;
    yield* this.#young;
  }

  set(key: Key, value: Value): void {
    this.#young.set(key, value);
    if (this.#young.size < this.#keptMin) return;
    this.#old = this.#young;
    this.#young = new Map();
  }
}
