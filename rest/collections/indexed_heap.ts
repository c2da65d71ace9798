/** What a member of an `IndexedHeap` carries: its place, -1 while outside. */
export interface HeapNode {
  heapIndex: number;
}

/**
 * A binary heap whose members know their place, so that one that is settled
 * early leaves at once instead of lingering until it would have been first.
 */
export class IndexedHeap<T extends HeapNode> {
  readonly #items: T[] = [];
  readonly #isBefore: (a: T, b: T) => boolean;

  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    item.heapIndex = this.#items.length;
    this.#items.push(item);
    this.#rise(item);
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
    if (last === item) return;
    this.#items[index] = last;
    last.heapIndex = index;
    this.#rise(last);
    this.#sink(last);
  }

  #rise(item: T): void {
    const items = this.#items;
    let index = item.heapIndex;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = items[parentIndex] as T;
      if (!this.#isBefore(item, parent)) break;
      items[index] = parent;
      parent.heapIndex = index;
      index = parentIndex;
    }
    items[index] = item;
    item.heapIndex = index;
  }

  #sink(item: T): void {
    const items = this.#items;
    const half = items.length >> 1;
    let index = item.heapIndex;
    while (index < half) {
      let childIndex = 2 * index + 1;
      const right = items[childIndex + 1];
      if (
        right !== undefined && this.#isBefore(right, items[childIndex] as T)
      ) childIndex++;
      const child = items[childIndex] as T;
      if (!this.#isBefore(child, item)) break;
      items[index] = child;
      child.heapIndex = index;
      index = childIndex;
    }
    items[index] = item;
    item.heapIndex = index;
  }
}
