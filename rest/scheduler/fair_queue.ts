import { Deque } from "../collections/deque.ts";
import type { Urgency } from "../domain/request.ts";

/**
 * Who is next: the most urgent first, callers in turn within one urgency, and
 * nobody starved.
 *
 * Each urgency is a ring of callers, each caller a line of entries, first in,
 * first out. Who was served goes to the end of the ring, so callers with much
 * waiting and callers with little alternate. Ageing needs no moving about:
 * only the head of each urgency can be next, so comparing the eight heads by
 * urgency less age is enough. An entry that leaves early is marked and swept
 * when it is met, so every operation takes constant time.
 */

/** A waiting entry gains one urgency per this time, so that 7 overtakes a stream of 0s within 14 s. */
const AGEING_STEP_MS = 2_000;

/** Marked entries a ring may hold beside twice its live ones before they are swept at once. */
const MARKED_SLACK = 64;

/** One place in the queue. */
export interface FairEntry<T> {
  readonly value: T;
  readonly urgency: Urgency;
  readonly caller: string;
  readonly sinceMs: number;
  isGone: boolean;
}

/** What one caller has waiting at one urgency. */
interface CallerLine<T> {
  readonly caller: string;
  readonly entries: Deque<FairEntry<T>>;
  /** Those that were first once and come before all others, the oldest last. */
  readonly again: FairEntry<T>[];
}

interface Ring<T> {
  /** In the order of their turns: a `Map` keeps insertion order, and re-inserting is going to the end. */
  readonly callers: Map<string, CallerLine<T>>;
  live: number;
  marked: number;
}

export class FairQueue<T> {
  readonly #rings: (Ring<T> | undefined)[] = new Array(8);
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
    const entry = { value, urgency, caller, sinceMs, isGone: false };
    this.#lineOf(entry).entries.push(entry);
    return entry;
  }

  /** Puts `value` before everything of its caller and urgency: it was already first once. */
  pushFront(
    value: T,
    urgency: Urgency,
    caller: string,
    sinceMs: number,
  ): FairEntry<T> {
    const entry = { value, urgency, caller, sinceMs, isGone: false };
    const { again } = this.#lineOf(entry);
    let index = again.length;
    while (index > 0 && (again[index - 1] as FairEntry<T>).sinceMs < sinceMs) {
      index--;
    }
    again.splice(index, 0, entry);
    return entry;
  }

  /** The entry whose turn it is at `nowMs`; it stays where it is. */
  peek(nowMs: number): FairEntry<T> | undefined {
    if (this.#size === 0) return undefined;
    let best: FairEntry<T> | undefined;
    let bestUrgency = Infinity;
    for (let urgency = 0; urgency < this.#rings.length; urgency++) {
      const ring = this.#rings[urgency];
      if (ring === undefined || ring.live === 0) continue;
      const head = headOf(ring);
      if (head === undefined) continue;
      const aged = agedUrgency(head, nowMs);
      const isOlder = best !== undefined && head.sinceMs < best.sinceMs;
      if (aged < bestUrgency || (aged === bestUrgency && isOlder)) {
        best = head;
        bestUrgency = aged;
      }
    }
    return best;
  }

  /** Takes an entry out, served or not; the head's caller has then had its turn. */
  remove(entry: FairEntry<T>): void {
    const ring = this.#rings[entry.urgency];
    if (entry.isGone || ring === undefined) return;
    const wasHead = ring.callers.size > 1 && headOf(ring) === entry;
    entry.isGone = true;
    this.#size--;
    ring.live--;
    ring.marked++;
    // An empty urgency owes nobody a turn, and names of callers do not pile up.
    if (ring.live === 0) this.#rings[entry.urgency] = undefined;
    else if (wasHead) rotate(ring);
    if (ring.marked > 2 * ring.live + MARKED_SLACK) sweep(ring);
  }

  #lineOf({ urgency, caller }: FairEntry<T>): CallerLine<T> {
    let ring = this.#rings[urgency];
    if (ring === undefined) {
      ring = { callers: new Map(), live: 0, marked: 0 };
      this.#rings[urgency] = ring;
    }
    ring.live++;
    this.#size++;
    let line = ring.callers.get(caller);
    if (line === undefined) {
      line = { caller, entries: new Deque(), again: [] };
      ring.callers.set(caller, line);
    }
    return line;
  }
}

/** The first live entry of the caller whose turn it is; what is marked before it is dropped. */
function headOf<T>(ring: Ring<T>): FairEntry<T> | undefined {
  for (const line of ring.callers.values()) {
    const head = headOfLine(ring, line);
    if (head !== undefined) return head;
    ring.callers.delete(line.caller);
  }
  return undefined;
}

function headOfLine<T>(
  ring: Ring<T>,
  { again, entries }: CallerLine<T>,
): FairEntry<T> | undefined {
  for (;;) {
    const last = again.at(-1);
    const first = last ?? entries.peek();
    if (first === undefined || !first.isGone) return first;
    ring.marked--;
    if (last === undefined) entries.shift();
    else again.pop();
  }
}

/** Sends the caller whose turn it was to the end. */
function rotate<T>(ring: Ring<T>): void {
  for (const line of ring.callers.values()) {
    ring.callers.delete(line.caller);
    ring.callers.set(line.caller, line);
    return;
  }
}

function sweep<T>(ring: Ring<T>): void {
  const isLive = (entry: FairEntry<T>) => !entry.isGone;
  for (const line of ring.callers.values()) {
    line.entries.retain(isLive);
    const live = line.again.filter(isLive);
    line.again.splice(0, line.again.length, ...live);
  }
  ring.marked = 0;
}

function agedUrgency<T>(entry: FairEntry<T>, nowMs: number): number {
  const steps = Math.floor((nowMs - entry.sinceMs) / AGEING_STEP_MS);
  return Math.max(0, entry.urgency - steps);
}
