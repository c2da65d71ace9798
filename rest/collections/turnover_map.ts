/** Where a value stands for as long as it is in the map. */
interface Seat<Value> {
  value: Value | undefined;
}

/**
 * A map whose entries come and go quickly.
 *
 * When V8 writes the table of a `Map` anew, because those that have left take
 * up its places, the old table goes on pointing to the new one and to all who
 * were there. One that has outlived two collections of the young is not looked
 * at by those any more: so each table keeps the next one, and with it what was
 * in it, and everything that ever came and went is copied and waits for the
 * large collection (Deno 2.9.6, seen 2026-12: a quarter of a request's memory,
 * and a tenth of its processor time). Here the tables know seats only, and a
 * seat is empty once its entry has left.
 */
export class TurnoverMap<Key extends number | string, Value> {
  readonly #seats = new Map<Key, Seat<Value>>();

  get size(): number {
    return this.#seats.size;
  }

  get(key: Key): Value | undefined {
    return this.#seats.get(key)?.value;
  }

  set(key: Key, value: Value): void {
    const seat = this.#seats.get(key);
    if (seat === undefined) this.#seats.set(key, { value });
    else seat.value = value;
  }

  delete(key: Key): void {
    const seat = this.#seats.get(key);
    if (seat === undefined) return;
    seat.value = undefined;
    this.#seats.delete(key);
  }

  /** In the order in which their keys came. */
  *values(): Generator<Value, undefined> {
    for (const { value } of this.#seats.values()) {
      if (value !== undefined) yield value;
    }
  }
}
