import type { Clock } from "../api/ports.ts";

/** How long a `PING` may stay unanswered before the socket counts as dead (rule H2). */
const PONG_WITHIN_MS = 10_000;

/** What a heartbeat does and looks at. */
export interface HeartbeatHooks {
  ping(): void;
  /** Bytes that the socket has taken and not yet sent. */
  bufferedBytes(): number;
  /** Nothing came back: the socket is dead, whatever state it reports. */
  dead(): void;
  roundTrip(rttMs: number): void;
}

/**
 * Watches one connection (rules H2, H3): sends `PING` after a silence, and
 * declares the socket dead when nothing at all comes back. Every inbound frame
 * is a sign of life, so `heard()` only notes the time; the timer compares it
 * when it fires.
 */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #hooks: HeartbeatHooks;
  #intervalMs: number;
  #heardAtMs: number;
  #askedAtMs: number | undefined;
  #hasHeardSinceAsking = true;
  /** Bytes up to and including the PING that were unsent when last looked at. */
  #unsentBytes = 0;
  #cancel: () => void;

  constructor(clock: Clock, intervalMs: number, hooks: HeartbeatHooks) {
    this.#clock = clock;
    this.#hooks = hooks;
    this.#intervalMs = intervalMs;
    this.#heardAtMs = clock.nowMs();
    this.#cancel = this.#watchAfter(intervalMs);
  }

  /** Takes the interval the server asks for. */
  setInterval(intervalMs: number): void {
    this.#intervalMs = intervalMs;
    if (this.#askedAtMs !== undefined) return;
    this.#cancel();
    this.#cancel = this.#watchAfter(intervalMs);
  }

  /** A frame came in. */
  heard(isPong: boolean): void {
    this.#heardAtMs = this.#clock.nowMs();
    this.#hasHeardSinceAsking = true;
    if (!isPong || this.#askedAtMs === undefined) return;
    this.#hooks.roundTrip(this.#heardAtMs - this.#askedAtMs);
    this.#askedAtMs = undefined;
  }

  stop(): void {
    this.#cancel();
  }

  #watchAfter(delayMs: number): () => void {
    return this.#clock.afterIdly(delayMs, () => this.#watch());
  }

  #watch(): void {
    if (!this.#hasHeardSinceAsking) return this.#onSilence();
    this.#askedAtMs = undefined;
    const nowMs = this.#clock.nowMs();
    const silentMs = nowMs - this.#heardAtMs;
    if (silentMs < this.#intervalMs) {
      this.#cancel = this.#watchAfter(this.#intervalMs - silentMs);
      return;
    }
    this.#askedAtMs = nowMs;
    this.#hasHeardSinceAsking = false;
    this.#hooks.ping();
    this.#unsentBytes = this.#hooks.bufferedBytes();
    this.#cancel = this.#watchAfter(PONG_WITHIN_MS);
  }

  /**
   * A long upload over a slow network keeps the PING waiting behind it. While
   * the number of unsent bytes falls, the connection is alive.
   */
  #onSilence(): void {
    const unsentBytes = this.#hooks.bufferedBytes();
    if (unsentBytes >= this.#unsentBytes) return this.#hooks.dead();
    this.#unsentBytes = unsentBytes;
    this.#cancel = this.#watchAfter(PONG_WITHIN_MS);
  }
}
