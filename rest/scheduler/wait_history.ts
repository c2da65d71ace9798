import { WAIT_REASONS, type WaitReason } from "../domain/wait_reason.ts";

/** Changes remembered; a line that changed more often while a request waited is told by its last ones. */
const CHANGES_MAX = 32;

/** What a line has been waiting for since a moment, and before that. */
interface Change {
  readonly reason: WaitReason | undefined;
  readonly sinceMs: number;
  before: Change | undefined;
}

/**
 * Why a line's requests have been waiting lately: each reason with the moment it
 * began. A chain from the newest back: most lines have one or two, and an array
 * that is pushed to begins with 17 places.
 */
export class WaitHistory {
  #newest: Change | undefined;
  #size = 0;

  /** Notes what the line waits for from now on; undefined: nothing waits. */
  note(reason: WaitReason | undefined, nowMs: number): void {
    // What lasted no time is forgotten: a line that opens leases at once.
    if (this.#newest?.sinceMs === nowMs) this.#drop(this.#newest);
    const before = this.#newest;
    if (before !== undefined && before.reason === reason) return;
    this.#newest = { reason, sinceMs: nowMs, before };
    if (++this.#size > CHANGES_MAX) this.#forgetOldest();
  }

  /** The reason that lasted longest between the two moments; undefined where there was none. */
  longest(fromMs: number, toMs: number): WaitReason | undefined {
    const sums = new Map<WaitReason, number>();
    let endMs = toMs;
    let change = this.#newest;
    while (change !== undefined && endMs > fromMs) {
      const { reason, sinceMs, before } = change;
      if (reason !== undefined) {
        const lastedMs = endMs - Math.max(sinceMs, fromMs);
        sums.set(reason, (sums.get(reason) ?? 0) + lastedMs);
      }
      endMs = Math.min(endMs, sinceMs);
      change = before;
    }
    let longest: WaitReason | undefined;
    for (const reason of WAIT_REASONS) {
      const lastedMs = sums.get(reason) ?? 0;
      if (lastedMs <= 0) continue;
      const mostMs = longest === undefined ? 0 : sums.get(longest) ?? 0;
      if (lastedMs > mostMs) longest = reason;
    }
    return longest;
  }

  #drop({ before }: Change): void {
    this.#newest = before;
    this.#size--;
  }

  #forgetOldest(): void {
    let change = this.#newest;
    for (let kept = 1; kept < CHANGES_MAX; kept++) change = change?.before;
    if (change !== undefined) change.before = undefined;
    this.#size = CHANGES_MAX;
  }
}
