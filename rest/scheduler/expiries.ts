import { append, type Circle, unlink } from "../collections/circle.ts";
import { IndexedHeap } from "../collections/indexed_heap.ts";
import type { Waiting } from "./state.ts";

/**
 * Whose time is up next. Most requests may wait equally long, so they come in
 * the order they will expire in: those stand in a line. What does not, for a
 * deadline or for having come before, is in a heap.
 */
export class Expiries {
  readonly #inOrder: Circle<Waiting> = { first: undefined };
  readonly #others = new IndexedHeap<Waiting>((waiting) => waiting.expiresAtMs);

  add(waiting: Waiting): void {
    const last = this.#inOrder.first?.previous;
    if (last === undefined || last.expiresAtMs <= waiting.expiresAtMs) {
      append(this.#inOrder, waiting);
    } else {
      this.#others.push(waiting);
    }
  }

  /** Nothing happens if it is not among them. */
  remove(waiting: Waiting): void {
    if (waiting.next === undefined) this.#others.remove(waiting);
    else unlink(this.#inOrder, waiting);
  }

  peek(): Waiting | undefined {
    const { first } = this.#inOrder;
    const other = this.#others.peek();
    if (first === undefined || other === undefined) return first ?? other;
    return other.expiresAtMs < first.expiresAtMs ? other : first;
  }
}
