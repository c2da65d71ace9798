import type { FormerEnd } from "../limits/doubt.ts";
import type { FormerUse } from "../limits/global_limit.ts";

/** What the process before this one left for lanes and lines that are not made yet. */
export interface Former<Counter> {
  /** What it had used of global limits, by identity. */
  readonly globals: Map<string, FormerUse>;
  /** Until when global limits are closed, by identity. */
  readonly locks: Map<string, number>;
  /** When it may have sent its last request, where it was killed: of identities that it wrote nothing of. */
  end: FormerEnd | undefined;
  /** Sub-limits, by the line that they will belong to. */
  readonly subs: Map<string, readonly FormerSub<Counter>[]>;
}

/** A sub-limit that waits for its line. */
interface FormerSub<Counter> {
  readonly fields: readonly string[];
  readonly counter: Counter;
}

/** Of a process that had none before it. */
export function noFormer<Counter>(): Former<Counter> {
  return {
    globals: new Map(),
    locks: new Map(),
    end: undefined,
    subs: new Map(),
  };
}
