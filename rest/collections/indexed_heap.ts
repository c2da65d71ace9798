/** What a member of an `IndexedHeap` carries: its place, -1 while outside. */
export interface HeapNode {
  heapIndex: number;
}

/** Children of each place: a level less to go down is a miss of the cache less, and four keys lie side by side. */
const FAN = 4;

/**
 * A heap, the smallest key first, whose members know their place, so that one
 * that is settled early leaves at once instead of lingering until it would have
 * been first. Keys are read when a member joins and kept beside each other:
 * comparing touches no member.
 */
export class IndexedHeap<T extends HeapNode> {
  readonly #items: T[] = [];
  readonly #keys: number[] = [];
  readonly #keyOf: (item: T) => number;

  constructor(keyOf: (item: T) => number) {
    this.#keyOf = keyOf;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    const key = this.#keyOf(item);
    const index = this.#items.length;
    this.#items.push(item);
    this.#keys.push(key);
    this.#rise(index, item, key);
  }

  pop(): T | undefined {
    const first = this.#items[0];
    if (first !== undefined) this.remove(first);
    return first;
  }

  /** Takes `item` out, wherever it stands; nothing happens if it is outside. */
  remove(item: T): void {
    const index = item.heapIndex;
    if (index < 0) return;
    item.heapIndex = -1;
    const last = this.#items.pop() as T;
    const key = this.#keys.pop() as number;
    if (last === item) return;
    const parentKey = this.#keys[(index - 1) >> 2] ?? -Infinity;
    if (index > 0 && key < parentKey) this.#rise(index, last, key);
    else this.#sink(index, last, key);
  }

  #rise(from: number, item: T, key: number): void {
    const keys = this.#keys;
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 2;
      const parentKey = keys[parentIndex] as number;
      if (key >= parentKey) break;
      this.#put(index, this.#items[parentIndex] as T, parentKey);
      index = parentIndex;
    }
    this.#put(index, item, key);
  }

  #sink(from: number, item: T, key: number): void {
    const keys = this.#keys;
    const { length } = keys;
    let index = from;
    for (;;) {
      const firstIndex = FAN * index + 1;
      if (firstIndex >= length) break;
      const endIndex = Math.min(firstIndex + FAN, length);
      let childIndex = firstIndex;
      let childKey = keys[firstIndex] as number;
      for (let other = firstIndex + 1; other < endIndex; other++) {
        const otherKey = keys[other] as number;
        if (otherKey >= childKey) continue;
        childIndex = other;
        childKey = otherKey;
      }
      if (childKey >= key) break;
      this.#put(index, this.#items[childIndex] as T, childKey);
      index = childIndex;
    }
    this.#put(index, item, key);
  }

  #put(index: number, item: T, key: number): void {
    this.#items[index] = item;
    this.#keys[index] = key;
    item.heapIndex = index;
  }
}
