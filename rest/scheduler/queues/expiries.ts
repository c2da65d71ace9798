import type { HeapNode } from "../../collections/indexed_heap.ts";
import {
  append,
  type Ring,
  type RingNode,
  unlink,
} from "../../collections/ring.ts";
import { IndexedHeap } from "../../collections/indexed_heap.ts";

/** What has a time by which it is over, and carries its place among the others. */
export interface Expiring<T> extends HeapNode, RingNode<T> {
  readonly expiresAtMs: number;
}

/**
 * Whose time is up next. Most requests may wait equally long, so they come in
 * the order they will expire in: those stand in a ring. What does not, for a
 * deadline or for having come before, is in a heap. With all of it in the heap
 * a request took 7.4 to 9.7 µs instead of 5.9, with 100 waiting in 10 lines
 * (2026-11-30).
 */
export class Expiries<T extends Expiring<T>> {
  readonly #inOrder: Ring<T> = { first: undefined };
  readonly #others = new IndexedHeap<T>(({ expiresAtMs }) => expiresAtMs);

  add(item: T): void {
    const last = this.#inOrder.first?.previous;
    if (last === undefined || last.expiresAtMs <= item.expiresAtMs) {
      append(this.#inOrder, item);
    } else {
      this.#others.push(item);
    }
  }

  /** Nothing happens if it is not among them. */
  remove(item: T): void {
    if (item.next === undefined) this.#others.remove(item);
    else unlink(this.#inOrder, item);
  }

  peek(): T | undefined {
    const { first } = this.#inOrder;
    const other = this.#others.peek();
    if (first === undefined || other === undefined) return first ?? other;
    return other.expiresAtMs < first.expiresAtMs ? other : first;
  }
}
