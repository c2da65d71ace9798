import {
  append,
  insertBefore,
  rotate,
  unlink,
} from "../../collections/ring.ts";
import type { Urgency } from "../../domain/request.ts";
import type { Caller } from "./callers.ts";
import {
  addCaller,
  addKey,
  type CallerQueue,
  dropCaller,
  type FairEntry,
  findCaller,
  findKey,
  type UrgencyQueue,
} from "./round_robin.ts";

export type { FairEntry } from "./round_robin.ts";

/**
 * Who is next: the most urgent first, in turn within one urgency, and nobody
 * starved.
 *
 * Each urgency is a circle of keys, each key a circle of its callers, each
 * caller a line of entries, first in, first out. Who was served goes to the end
 * of both circles, so callers with much waiting and callers with little
 * alternate; and a key that invents callers gains nothing by it. Who has
 * nothing left leaves its circle, so names do not pile up. Ageing needs no
 * moving about: only the head of each urgency can be next, so comparing the
 * heads by urgency less age is enough. Every operation takes constant time.
 */

/** A waiting entry gains one urgency per this time, so that 7 overtakes a stream of 0s within 14 s. */
const AGEING_STEP_MS = 2_000;

export class FairQueue<T> {
  /** One for each urgency that somebody waits at: seldom more than one or two. */
  readonly #urgencies: UrgencyQueue<T>[] = [];
  /** An entry that came when nobody waited stands outside the rings until another comes: most are served before that. */
  #sole: FairEntry<T> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** How many callers it remembers, counted for each urgency. */
  get callerCount(): number {
    let count = this.#sole === undefined ? 0 : 1;
    for (const { first } of this.#urgencies) {
      let key = first;
      do {
        count += key?.count ?? 0;
        key = key?.next;
      } while (key !== first);
    }
    return count;
  }

  push(
    value: T,
    urgency: Urgency,
    caller: Caller,
    sinceMs: number,
  ): FairEntry<T> {
    const isAgain = false;
    const entry = newEntry({ value, urgency, caller, sinceMs, isAgain });
    if (this.#size++ === 0) this.#sole = entry;
    else append(this.#queueOf(entry), entry);
    return entry;
  }

  /** Puts `value` before everything of its caller and urgency: it was already first once. */
  pushFront(
    value: T,
    urgency: Urgency,
    caller: Caller,
    sinceMs: number,
  ): FairEntry<T> {
    const isAgain = true;
    const entry = newEntry({ value, urgency, caller, sinceMs, isAgain });
    if (this.#size++ === 0) {
      this.#sole = entry;
      return entry;
    }
    const callerQueue = this.#queueOf(entry);
    const { first } = callerQueue;
    const later = laterOf(callerQueue, sinceMs);
    if (later === undefined) {
      append(callerQueue, entry);
    } else {
      insertBefore(later, entry);
      if (later === first) callerQueue.first = entry;
    }
    return entry;
  }

  /** The entry to be served next at `nowMs`; it stays where it is. */
  peek(nowMs: number): FairEntry<T> | undefined {
    if (this.#sole !== undefined) return this.#sole;
    let best: FairEntry<T> | undefined;
    let bestUrgency = Infinity;
    for (const atUrgency of this.#urgencies) {
      const head = atUrgency.first?.first?.first;
      if (head === undefined) continue;
      // Alone it is the next one, however old it is.
      if (this.#urgencies.length === 1) return head;
      const aged = agedUrgency(head, nowMs);
      const isOlder = best === undefined || head.sinceMs < best.sinceMs ||
        (head.sinceMs === best.sinceMs && head.urgency < best.urgency);
      if (aged < bestUrgency || (aged === bestUrgency && isOlder)) {
        best = head;
        bestUrgency = aged;
      }
    }
    return best;
  }

  /** Takes an entry out, served or not; the head's caller then counts as served. */
  remove(entry: FairEntry<T>): void {
    if (entry === this.#sole) {
      this.#sole = undefined;
      this.#size = 0;
      return;
    }
    const { queue: callerQueue } = entry;
    if (callerQueue === undefined) return;
    const { key } = callerQueue;
    const { urgencyQueue } = key;
    const wasKeyNext = urgencyQueue.first === key;
    const wasHead = key.first === callerQueue && callerQueue.first === entry;
    entry.queue = undefined;
    this.#size--;
    unlink(callerQueue, entry);
    if (--callerQueue.count === 0) dropCaller(key, callerQueue);
    else if (wasHead && wasKeyNext) rotate(key);
    if (key.first === undefined) unlink(urgencyQueue, key);
    else if (wasHead && wasKeyNext) rotate(urgencyQueue);
    // Nobody is left at this urgency.
    if (urgencyQueue.first === undefined) this.#drop(urgencyQueue);
  }

  /** How many of this caller's wait at this urgency or a higher one. */
  countOf(caller: Caller, urgency: Urgency): number {
    if (this.#sole !== undefined) {
      const isMeant = this.#sole.caller === caller &&
        this.#sole.urgency <= urgency;
      return isMeant ? 1 : 0;
    }
    let count = 0;
    for (const atUrgency of this.#urgencies) {
      if (atUrgency.urgency > urgency) continue;
      const key = findKey(atUrgency, caller.key);
      count += key === undefined ? 0 : findCaller(key, caller)?.count ?? 0;
    }
    return count;
  }

  /** Among whom the entry takes its place. */
  #queueOf(entry: FairEntry<T>): CallerQueue<T> {
    this.#seatSole();
    const { urgency, caller } = entry;
    const atUrgency = this.#urgencyOf(urgency);
    const key = findKey(atUrgency, caller.key) ?? addKey(atUrgency, caller.key);
    const callerQueue = findCaller(key, caller) ?? addCaller(key, caller);
    callerQueue.count++;
    entry.queue = callerQueue;
    return callerQueue;
  }

  #seatSole(): void {
    const sole = this.#sole;
    if (sole === undefined) return;
    this.#sole = undefined;
    append(this.#queueOf(sole), sole);
  }

  #urgencyOf(urgency: Urgency): UrgencyQueue<T> {
    for (const known of this.#urgencies) {
      if (known.urgency === urgency) return known;
    }
    const added: UrgencyQueue<T> = { first: undefined, urgency };
    this.#urgencies.push(added);
    return added;
  }

  #drop(emptied: UrgencyQueue<T>): void {
    const last = this.#urgencies.pop();
    if (last === undefined || last === emptied) return;
    this.#urgencies[this.#urgencies.indexOf(emptied)] = last;
  }
}

function newEntry<T>(
  { value, urgency, caller, sinceMs, isAgain }: Pick<
    FairEntry<T>,
    "value" | "urgency" | "caller" | "sinceMs" | "isAgain"
  >,
): FairEntry<T> {
  return {
    value,
    urgency,
    caller,
    sinceMs,
    isAgain,
    queue: undefined,
    next: undefined,
    previous: undefined,
  };
}

/** The first entry that one which comes again, waiting since `sinceMs`, goes before; undefined: none. */
function laterOf<T>(
  { first }: CallerQueue<T>,
  sinceMs: number,
): FairEntry<T> | undefined {
  let entry = first;
  while (entry?.isAgain && entry.sinceMs <= sinceMs) {
    entry = entry.next;
    if (entry === first) return undefined;
  }
  return entry;
}

function agedUrgency<T>(entry: FairEntry<T>, nowMs: number): number {
  const steps = Math.floor((nowMs - entry.sinceMs) / AGEING_STEP_MS);
  return Math.max(0, entry.urgency - steps);
}
