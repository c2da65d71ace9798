import { WAIT_REASONS, type WaitReason } from "../domain/wait_reason.ts";

/** Changes remembered; a line that changed more often while a request waited is told by its last ones. */
const CHANGES_MAX = 32;

/** Why a line's requests have been waiting lately: each reason with the moment it began. */
export class WaitHistory {
  readonly #reasons: (WaitReason | undefined)[] = [];
  readonly #sinceMs: number[] = [];

  /** Notes what the line waits for from now on; undefined: nothing waits. */
  note(reason: WaitReason | undefined, nowMs: number): void {
    // What lasted no time is forgotten: a line that opens leases at once.
    if (this.#sinceMs.at(-1) === nowMs) this.#drop();
    if (this.#reasons.length > 0 && this.#reasons.at(-1) === reason) return;
    this.#reasons.push(reason);
    this.#sinceMs.push(nowMs);
    if (this.#reasons.length <= CHANGES_MAX) return;
    this.#reasons.shift();
    this.#sinceMs.shift();
  }

  /** The reason that lasted longest between the two moments; undefined where there was none. */
  longest(fromMs: number, toMs: number): WaitReason | undefined {
    const sums = new Map<WaitReason, number>();
    let endMs = toMs;
    for (let at = this.#reasons.length - 1; at >= 0 && endMs > fromMs; at--) {
      const sinceMs = this.#sinceMs[at] ?? 0;
      const reason = this.#reasons[at];
      if (reason !== undefined) {
        const lastedMs = endMs - Math.max(sinceMs, fromMs);
        sums.set(reason, (sums.get(reason) ?? 0) + lastedMs);
      }
      endMs = Math.min(endMs, sinceMs);
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

  #drop(): void {
    this.#reasons.pop();
    this.#sinceMs.pop();
  }
}
