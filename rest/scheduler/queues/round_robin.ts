import {
  append,
  type Ring,
  type RingNode,
  unlink,
} from "../../collections/ring.ts";
import type { Urgency } from "../../domain/urgency.ts";
import type { ApiKey, Caller } from "./callers.ts";

/**
 * What a fair queue is built of: rings of keys, of callers and of entries. The
 * first of each ring is served next.
 */

/** From so many callers of one key on they are looked up by a map instead of one after the other. */
const LOOKED_THROUGH_MAX = 8;

/** One place in the queue. */
export interface FairEntry<T> extends RingNode<FairEntry<T>> {
  readonly value: T;
  readonly urgency: Urgency;
  readonly caller: Caller;
  readonly sinceMs: number;
  /** It was first once: its place among its caller's that were, and come before all others; else Infinity. */
  readonly again: number;
  /** Undefined while it is alone in the queue, and once it has left. */
  queue: CallerQueue<T> | undefined;
}

/** What one caller has waiting at one urgency. */
export interface CallerQueue<T>
  extends Ring<FairEntry<T>>, RingNode<CallerQueue<T>> {
  readonly caller: Caller;
  readonly key: KeyQueue<T>;
  count: number;
}

/** The callers of one key. */
export interface KeyQueue<T>
  extends Ring<CallerQueue<T>>, RingNode<KeyQueue<T>> {
  readonly key: ApiKey;
  readonly urgencyQueue: UrgencyQueue<T>;
  count: number;
  byCaller: Map<Caller, CallerQueue<T>> | undefined;
}

/** The keys with something of one urgency. */
export interface UrgencyQueue<T> extends Ring<KeyQueue<T>> {
  readonly urgency: Urgency;
}

/** The key's place at this urgency, if it has one. */
export function findKey<T>(
  urgencyQueue: UrgencyQueue<T>,
  key: ApiKey,
): KeyQueue<T> | undefined {
  const { first } = urgencyQueue;
  let keyQueue = first;
  while (keyQueue !== undefined && keyQueue.key !== key) {
    keyQueue = keyQueue.next;
    // A hundred keys at most can be configured: looking at each is quick enough.
    if (keyQueue === first) return undefined;
  }
  return keyQueue;
}

/** Gives a key a place, at the end. */
export function addKey<T>(
  urgencyQueue: UrgencyQueue<T>,
  key: ApiKey,
): KeyQueue<T> {
  const keyQueue: KeyQueue<T> = {
    key,
    urgencyQueue,
    count: 0,
    byCaller: undefined,
    first: undefined,
    next: undefined,
    previous: undefined,
  };
  append(urgencyQueue, keyQueue);
  return keyQueue;
}

/** The caller's place among those of its key, if it has one. */
export function findCaller<T>(
  key: KeyQueue<T>,
  caller: Caller,
): CallerQueue<T> | undefined {
  if (key.byCaller !== undefined) return key.byCaller.get(caller);
  const { first } = key;
  let callerQueue = first;
  while (callerQueue !== undefined && callerQueue.caller !== caller) {
    callerQueue = callerQueue.next;
    if (callerQueue === first) return undefined;
  }
  return callerQueue;
}

/** Gives a caller a place, at the end of its key's. */
export function addCaller<T>(key: KeyQueue<T>, caller: Caller): CallerQueue<T> {
  const callerQueue: CallerQueue<T> = {
    caller,
    key,
    count: 0,
    first: undefined,
    next: undefined,
    previous: undefined,
  };
  append(key, callerQueue);
  key.byCaller?.set(caller, callerQueue);
  if (++key.count > LOOKED_THROUGH_MAX && key.byCaller === undefined) {
    key.byCaller = mapOf(key);
  }
  return callerQueue;
}

function mapOf<T>({ first }: KeyQueue<T>): Map<Caller, CallerQueue<T>> {
  const byCaller = new Map<Caller, CallerQueue<T>>();
  let callerQueue = first;
  while (callerQueue !== undefined && !byCaller.has(callerQueue.caller)) {
    byCaller.set(callerQueue.caller, callerQueue);
    callerQueue = callerQueue.next;
  }
  return byCaller;
}

/** Takes a caller out that has nothing left; if it was to be served next, the one behind it is. */
export function dropCaller<T>(
  key: KeyQueue<T>,
  callerQueue: CallerQueue<T>,
): void {
  unlink(key, callerQueue);
  key.byCaller?.delete(callerQueue.caller);
  if (--key.count === 0) key.byCaller = undefined;
}
