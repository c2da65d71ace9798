import { keyNameOf } from "../../domain/caller.ts";

/** Callers remembered before those that hold nothing are dropped: names can be made up without end. */
const CALLERS_MAX = 4_096;

/** One key of the operator's, and what its requests hold. */
export interface ApiKey {
  readonly name: string;
  /** Its callers that are remembered. */
  callers: number;
  waiting: number;
  /** Body bytes of those that wait. */
  bytes: number;
}

/** One client of a key: who shares fairly with whom. The same name is the same object while it has requests. */
export interface Caller {
  readonly name: string;
  readonly key: ApiKey;
  /** Its requests, waiting or leased. */
  requests: number;
}

/** Who has requests here; each name is cut once and compared as an object from then on. */
export class Callers {
  readonly #callers = new Map<string, Caller>();
  readonly #keys = new Map<string, ApiKey>();
  #sweepAt = CALLERS_MAX;

  get size(): number {
    return this.#callers.size;
  }

  of(name: string): Caller {
    const known = this.#callers.get(name);
    if (known !== undefined) return known;
    if (this.#callers.size >= this.#sweepAt) this.#sweep();
    const key = this.#keyOf(keyNameOf(name));
    key.callers++;
    const caller: Caller = { name, key, requests: 0 };
    this.#callers.set(name, caller);
    return caller;
  }

  #keyOf(name: string): ApiKey {
    let key = this.#keys.get(name);
    if (key === undefined) {
      key = { name, callers: 0, waiting: 0, bytes: 0 };
      this.#keys.set(name, key);
    }
    return key;
  }

  /** Drops who has no request; seldom, so that each pays for one look. */
  #sweep(): void {
    for (const [name, { key, requests }] of this.#callers) {
      if (requests > 0) continue;
      this.#callers.delete(name);
      if (--key.callers === 0) this.#keys.delete(key.name);
    }
    this.#sweepAt = Math.max(CALLERS_MAX, 2 * this.#callers.size);
  }
}
