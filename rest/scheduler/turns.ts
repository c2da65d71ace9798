import {
  append,
  type Circle,
  type CircleNode,
  unlink,
} from "../collections/circle.ts";
import type { Urgency } from "../domain/request.ts";
import type { Caller, Key } from "./callers.ts";

/**
 * What a fair queue is built of: circles of keys, of callers and of entries,
 * each one's first being the one whose turn it is.
 */

/** From so many callers of one key on they are looked up by a map instead of one after the other. */
const LOOKED_THROUGH_MAX = 8;

/** One place in the queue. */
export interface FairEntry<T> extends CircleNode<FairEntry<T>> {
  readonly value: T;
  readonly urgency: Urgency;
  readonly caller: Caller;
  readonly sinceMs: number;
  /** It was first once, and comes before all of its caller's that were not. */
  readonly isAgain: boolean;
  /** Undefined while it is alone in the queue, and once it has left. */
  turn: CallerTurn<T> | undefined;
}

/** What one caller has waiting at one urgency. */
export interface CallerTurn<T>
  extends Circle<FairEntry<T>>, CircleNode<CallerTurn<T>> {
  readonly caller: Caller;
  readonly key: KeyTurn<T>;
  count: number;
}

/** The callers of one key. */
export interface KeyTurn<T>
  extends Circle<CallerTurn<T>>, CircleNode<KeyTurn<T>> {
  readonly key: Key;
  readonly ring: Ring<T>;
  count: number;
  byCaller: Map<Caller, CallerTurn<T>> | undefined;
}

/** The keys with something of one urgency. */
export interface Ring<T> extends Circle<KeyTurn<T>> {
  readonly urgency: Urgency;
}

/** The key's place in this ring, if it has one. */
export function findKey<T>(ring: Ring<T>, key: Key): KeyTurn<T> | undefined {
  const { first } = ring;
  let keyTurn = first;
  while (keyTurn !== undefined && keyTurn.key !== key) {
    keyTurn = keyTurn.next;
    // A hundred keys at most can be configured: looking at each is quick enough.
    if (keyTurn === first) return undefined;
  }
  return keyTurn;
}

/** Gives a key a place, at the end. */
export function addKey<T>(ring: Ring<T>, key: Key): KeyTurn<T> {
  const keyTurn: KeyTurn<T> = {
    key,
    ring,
    count: 0,
    byCaller: undefined,
    first: undefined,
    next: undefined,
    previous: undefined,
  };
  append(ring, keyTurn);
  return keyTurn;
}

/** The caller's place among those of its key, if it has one. */
export function findCaller<T>(
  key: KeyTurn<T>,
  caller: Caller,
): CallerTurn<T> | undefined {
  if (key.byCaller !== undefined) return key.byCaller.get(caller);
  const { first } = key;
  let callerTurn = first;
  while (callerTurn !== undefined && callerTurn.caller !== caller) {
    callerTurn = callerTurn.next;
    if (callerTurn === first) return undefined;
  }
  return callerTurn;
}

/** Gives a caller a place, at the end of its key's. */
export function addCaller<T>(key: KeyTurn<T>, caller: Caller): CallerTurn<T> {
  const callerTurn: CallerTurn<T> = {
    caller,
    key,
    count: 0,
    first: undefined,
    next: undefined,
    previous: undefined,
  };
  append(key, callerTurn);
  key.byCaller?.set(caller, callerTurn);
  if (++key.count > LOOKED_THROUGH_MAX && key.byCaller === undefined) {
    key.byCaller = mapOf(key);
  }
  return callerTurn;
}

function mapOf<T>({ first }: KeyTurn<T>): Map<Caller, CallerTurn<T>> {
  const byCaller = new Map<Caller, CallerTurn<T>>();
  let callerTurn = first;
  while (callerTurn !== undefined && !byCaller.has(callerTurn.caller)) {
    byCaller.set(callerTurn.caller, callerTurn);
    callerTurn = callerTurn.next;
  }
  return byCaller;
}

/** Takes a caller out that has nothing left; if it was its turn, the next one's comes. */
export function dropCaller<T>(
  key: KeyTurn<T>,
  callerTurn: CallerTurn<T>,
): void {
  unlink(key, callerTurn);
  key.byCaller?.delete(callerTurn.caller);
  if (--key.count === 0) key.byCaller = undefined;
}
