/**
 * Stops everything when Cloudflare, not Discord, turns requests away: such a
 * block is on the address, so every bot behind it is meant, and asking again
 * prolongs it (docs repository #5810: staff call it an IP ban).
 */

/** First wait when Cloudflare names none; doubled each time, as long as blocks usually last. */
const WAIT_FIRST_MS = 60_000;
const WAIT_MAX_MS = 3_600_000;
/** One 403 block may be about one request; three on two routes this close together are about the address. */
const BLOCKS_403 = 3;
const BLOCKS_403_WITHIN_MS = 10_000;

/** Tells when anything may be sent again after Cloudflare has blocked the address. */
export class Breaker {
  #untilMs: number | undefined;
  #openings = 0;
  #probeId: number | undefined;
  #blocks403: { readonly atMs: number; readonly routeKey: string }[] = [];

  get untilMs(): number | undefined {
    return this.#untilMs;
  }

  /** How often it has opened since all was well. */
  get openings(): number {
    return this.#openings;
  }

  /** Goes on with a block that another process met. */
  restore(untilMs: number, openings: number): void {
    this.#untilMs = Math.max(this.#untilMs ?? 0, untilMs);
    this.#openings = Math.max(this.#openings, openings);
  }

  get state(): "closed" | "open" | "probing" {
    if (this.#untilMs === undefined) return "closed";
    return this.#probeId === undefined ? "open" : "probing";
  }

  /** 0: may send; else when to ask again; Infinity: the probe's answer decides. */
  opensAtMs(nowMs: number): number {
    if (this.#untilMs === undefined) return 0;
    if (this.#probeId !== undefined) return Infinity;
    return nowMs >= this.#untilMs ? 0 : this.#untilMs;
  }

  /** Tells of a lease: while the breaker is not closed, that request is the probe. */
  leased(id: number): void {
    if (this.#untilMs !== undefined) this.#probeId = id;
  }

  /** Cloudflare turned a request away; returns when to try again. */
  open(retryAfterMs: number | undefined, nowMs: number): number {
    // Those that were under way when it opened tell the same block once more.
    if (!this.isWaiting(nowMs)) this.#openings++;
    const backOffMs = Math.min(
      WAIT_MAX_MS,
      WAIT_FIRST_MS * 2 ** (this.#openings - 1),
    );
    this.#probeId = undefined;
    const untilMs = nowMs + (retryAfterMs ?? backOffMs);
    this.#untilMs = Math.max(this.#untilMs ?? 0, untilMs);
    return this.#untilMs;
  }

  /** Another proxy behind the same address was blocked, too. */
  heard(untilMs: number): void {
    this.#untilMs = Math.max(this.#untilMs ?? 0, untilMs);
  }

  /** True while not even a probe may go. */
  isWaiting(nowMs: number): boolean {
    return this.#untilMs !== undefined && nowMs < this.#untilMs;
  }

  /** A 403 of Cloudflare's; true when it was one too many and the breaker opened. */
  note403(id: number, routeKey: string, nowMs: number): boolean {
    this.#blocks403 = this.#blocks403.filter((block) =>
      nowMs - block.atMs <= BLOCKS_403_WITHIN_MS
    );
    this.#blocks403.push({ atMs: nowMs, routeKey });
    const routes = new Set(this.#blocks403.map((block) => block.routeKey));
    const isMany = this.#blocks403.length >= BLOCKS_403 && routes.size >= 2;
    if (this.isWaiting(nowMs) || !(isMany || this.#probeId === id)) {
      return false;
    }
    this.#blocks403 = [];
    this.open(undefined, nowMs);
    return true;
  }

  /** An answer came through to Discord: if it was the probe's, all is well again. */
  passed(id: number): void {
    if (this.#probeId !== id) return;
    this.#untilMs = undefined;
    this.#probeId = undefined;
    this.#openings = 0;
  }

  /** The probe brought no answer at all: another may try. */
  lost(id: number): void {
    if (this.#probeId === id) this.#probeId = undefined;
  }
}
