import { append, insertBefore, turn, unlink } from "../collections/circle.ts";
import type { Urgency } from "../domain/request.ts";
import type { Caller } from "./callers.ts";
import {
  addCaller,
  addKey,
  type CallerTurn,
  dropCaller,
  type FairEntry,
  findCaller,
  findKey,
  type Ring,
} from "./turns.ts";

export type { FairEntry } from "./turns.ts";

/**
 * Who is next: the most urgent first, in turn within one urgency, and nobody
 * starved.
 *
 * Each urgency is a circle of keys, each key a circle of its callers, each
 * caller a line of entries, first in, first out. Who was served goes to the end
 * of both circles, so callers with much waiting and callers with little
 * alternate; and a key that invents callers gains no turns by it. Who has
 * nothing left leaves its circle, so names do not pile up. Ageing needs no
 * moving about: only the head of each urgency can be next, so comparing the
 * heads by urgency less age is enough. Every operation takes constant time.
 */

/** A waiting entry gains one urgency per this time, so that 7 overtakes a stream of 0s within 14 s. */
const AGEING_STEP_MS = 2_000;

export class FairQueue<T> {
  /** One for each urgency that somebody waits at: seldom more than one or two. */
  readonly #rings: Ring<T>[] = [];
  /** Who came when nobody waited stands outside the circles until another one comes: most are served before that. */
  #sole: FairEntry<T> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** How many callers it remembers, counted for each urgency. */
  get turns(): number {
    let turns = this.#sole === undefined ? 0 : 1;
    for (const { first } of this.#rings) {
      let key = first;
      do {
        turns += key?.count ?? 0;
        key = key?.next;
      } while (key !== first);
    }
    return turns;
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
    else append(this.#turnOf(entry), entry);
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
    const callerTurn = this.#turnOf(entry);
    const { first } = callerTurn;
    const later = laterOf(callerTurn, sinceMs);
    if (later === undefined) {
      append(callerTurn, entry);
    } else {
      insertBefore(later, entry);
      if (later === first) callerTurn.first = entry;
    }
    return entry;
  }

  /** The entry whose turn it is at `nowMs`; it stays where it is. */
  peek(nowMs: number): FairEntry<T> | undefined {
    if (this.#sole !== undefined) return this.#sole;
    let best: FairEntry<T> | undefined;
    let bestUrgency = Infinity;
    for (const ring of this.#rings) {
      const head = ring.first?.first?.first;
      if (head === undefined) continue;
      // Alone it is the next one, however old it is.
      if (this.#rings.length === 1) return head;
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

  /** Takes an entry out, served or not; the head's caller has then had its turn. */
  remove(entry: FairEntry<T>): void {
    if (entry === this.#sole) {
      this.#sole = undefined;
      this.#size = 0;
      return;
    }
    const { turn: callerTurn } = entry;
    if (callerTurn === undefined) return;
    const { key } = callerTurn;
    const { ring } = key;
    const wasKeysTurn = ring.first === key;
    const wasHead = key.first === callerTurn && callerTurn.first === entry;
    entry.turn = undefined;
    this.#size--;
    unlink(callerTurn, entry);
    if (--callerTurn.count === 0) dropCaller(key, callerTurn);
    else if (wasHead && wasKeysTurn) turn(key);
    if (key.first === undefined) unlink(ring, key);
    else if (wasHead && wasKeysTurn) turn(ring);
    // An empty urgency owes nobody a turn.
    if (ring.first === undefined) this.#drop(ring);
  }

  /** How many of this caller's wait at this urgency or a higher one. */
  countOf(caller: Caller, urgency: Urgency): number {
    if (this.#sole !== undefined) {
      const isMeant = this.#sole.caller === caller &&
        this.#sole.urgency <= urgency;
      return isMeant ? 1 : 0;
    }
    let count = 0;
    for (const ring of this.#rings) {
      if (ring.urgency > urgency) continue;
      const key = findKey(ring, caller.key);
      count += key === undefined ? 0 : findCaller(key, caller)?.count ?? 0;
    }
    return count;
  }

  /** Among whom the entry takes its place. */
  #turnOf(entry: FairEntry<T>): CallerTurn<T> {
    this.#seatSole();
    const { urgency, caller } = entry;
    const ring = this.#ringOf(urgency);
    const key = findKey(ring, caller.key) ?? addKey(ring, caller.key);
    const callerTurn = findCaller(key, caller) ?? addCaller(key, caller);
    callerTurn.count++;
    entry.turn = callerTurn;
    return callerTurn;
  }

  #seatSole(): void {
    const sole = this.#sole;
    if (sole === undefined) return;
    this.#sole = undefined;
    append(this.#turnOf(sole), sole);
  }

  #ringOf(urgency: Urgency): Ring<T> {
    for (const known of this.#rings) {
      if (known.urgency === urgency) return known;
    }
    const ring: Ring<T> = { first: undefined, urgency };
    this.#rings.push(ring);
    return ring;
  }

  #drop(ring: Ring<T>): void {
    const last = this.#rings.pop();
    if (last === undefined || last === ring) return;
    this.#rings[this.#rings.indexOf(ring)] = last;
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
    turn: undefined,
    next: undefined,
    previous: undefined,
  };
}

/** The first entry that one which comes again, waiting since `sinceMs`, goes before; undefined: none. */
function laterOf<T>(
  { first }: CallerTurn<T>,
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
