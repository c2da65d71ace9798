import { type HeapNode, IndexedHeap } from "../collections/indexed_heap.ts";
import type { Urgency } from "../domain/request.ts";

/**
 * Who is next: the most urgent first, callers in turn within one urgency, and
 * nobody starved.
 *
 * Each urgency has a heap ordered by *turn*. A caller's entry gets the turn
 * after its own last one, but never one that has already passed: callers with
 * much waiting and callers with little therefore alternate (start-time fair
 * queueing), and one caller alone is served first in, first out. Ageing needs
 * no moving about: only the head of each urgency can be next, so comparing the
 * eight heads by urgency less age is enough.
 */

/** A waiting entry gains one urgency per this time, so that 7 overtakes a stream of 0s within 14 s. */
const AGEING_STEP_MS = 2_000;

const LEVELS = 8;

/** One place in the queue. */
export interface FairEntry<T> extends HeapNode {
  readonly value: T;
  readonly urgency: Urgency;
  readonly caller: string;
  readonly sinceMs: number;
  readonly turn: number;
  readonly seq: number;
}

interface Level<T> {
  readonly heap: IndexedHeap<FairEntry<T>>;
  readonly lastTurns: Map<string, number>;
  turn: number;
}

export class FairQueue<T> {
  readonly #levels: (Level<T> | undefined)[] = [];
  #seq = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(
    value: T,
    urgency: Urgency,
    caller: string,
    sinceMs: number,
  ): FairEntry<T> {
    const level = this.#levelOf(urgency);
    const turn = Math.max(level.turn, level.lastTurns.get(caller) ?? 0) + 1;
    level.lastTurns.set(caller, turn);
    return this.#add(level, { value, urgency, caller, sinceMs, turn });
  }

  /** Puts `value` before everything of its urgency: it was already first once. */
  pushFront(
    value: T,
    urgency: Urgency,
    caller: string,
    sinceMs: number,
  ): FairEntry<T> {
    const level = this.#levelOf(urgency);
    return this.#add(level, { value, urgency, caller, sinceMs, turn: 0 });
  }

  /** The entry whose turn it is at `nowMs`; it stays where it is. */
  peek(nowMs: number): FairEntry<T> | undefined {
    let best: FairEntry<T> | undefined;
    let bestUrgency = Infinity;
    for (const level of this.#levels) {
      const head = level?.heap.peek();
      if (head === undefined) continue;
      const aged = agedUrgency(head, nowMs);
      if (
        aged < bestUrgency ||
        (best !== undefined && aged === bestUrgency &&
          head.sinceMs < best.sinceMs)
      ) {
        best = head;
        bestUrgency = aged;
      }
    }
    return best;
  }

  /** Takes an entry out, served or not. */
  remove(entry: FairEntry<T>): void {
    if (entry.heapIndex < 0) return;
    const level = this.#levels[entry.urgency] as Level<T>;
    if (level.heap.peek() === entry) {
      level.turn = Math.max(level.turn, entry.turn);
    }
    level.heap.remove(entry);
    this.#size--;
    // An empty urgency owes nobody a turn, and names of callers do not pile up.
    if (level.heap.size === 0) this.#levels[entry.urgency] = undefined;
  }

  #add(
    level: Level<T>,
    place: Omit<FairEntry<T>, "seq" | "heapIndex">,
  ): FairEntry<T> {
    const entry: FairEntry<T> = {
      value: place.value,
      urgency: place.urgency,
      caller: place.caller,
      sinceMs: place.sinceMs,
      turn: place.turn,
      seq: this.#seq++,
      heapIndex: -1,
    };
    level.heap.push(entry);
    this.#size++;
    return entry;
  }

  #levelOf(urgency: Urgency): Level<T> {
    let level = this.#levels[urgency];
    if (level === undefined) {
      while (this.#levels.length < LEVELS) this.#levels.push(undefined);
      level = {
        heap: new IndexedHeap<FairEntry<T>>(isBefore),
        lastTurns: new Map(),
        turn: 0,
      };
      this.#levels[urgency] = level;
    }
    return level;
  }
}

function isBefore<T>(a: FairEntry<T>, b: FairEntry<T>): boolean {
  return a.turn < b.turn || (a.turn === b.turn && a.seq < b.seq);
}

function agedUrgency<T>(entry: FairEntry<T>, nowMs: number): number {
  const steps = Math.floor((nowMs - entry.sinceMs) / AGEING_STEP_MS);
  return Math.max(0, entry.urgency - steps);
}
