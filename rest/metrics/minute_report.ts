import type { Fact, FactSink } from "../domain/fact.ts";
import type { Clock } from "../domain/ports.ts";
import { RecentDurations } from "./recent_durations.ts";
import type { Reading } from "./types.ts";

const MINUTE_MS = 60_000;
const SLOT_MS = 10_000;
/** One more than a minute has: it need not begin with a slot. */
const SLOTS = 7;

/** Tells once a minute what the minute was like, as long as there is traffic; without any it sets no timer. */
export class MinuteReport {
  readonly #clock: Clock;
  readonly #read: () => Pick<Reading, "waiting" | "oldestWaitMs">;
  readonly #tell: FactSink;
  #queue = new RecentDurations(SLOT_MS, SLOTS);
  #discord = new RecentDurations(SLOT_MS, SLOTS);
  #sent = 0;
  #refused = 0;
  #limited = 0;
  #callOff: (() => void) | undefined;
  #isOver = false;

  constructor(
    clock: Clock,
    read: () => Pick<Reading, "waiting" | "oldestWaitMs">,
    tell: FactSink,
  ) {
    this.#clock = clock;
    this.#read = read;
    this.#tell = tell;
  }

  observe(fact: Fact): void {
    switch (fact.kind) {
      case "leased":
        this.#sent++;
        break;
      case "refused":
        this.#refused++;
        break;
      case "rate_limited":
        this.#limited++;
        break;
      case "answered": {
        const nowMs = this.#clock.nowMs();
        this.#queue.add(fact.waitMs, nowMs);
        this.#discord.add(fact.sendMs, nowMs);
        break;
      }
      default:
        return;
    }
    if (this.#isOver) return;
    this.#callOff ??= this.#clock.wakeAt(
      this.#clock.nowMs() + MINUTE_MS,
      () => this.#report(),
    );
  }

  /** Tells of the minute that has begun, and sets no timer any more. */
  end(): void {
    this.#isOver = true;
    if (this.#callOff === undefined) return;
    this.#callOff();
    this.#report();
  }

  #report(): void {
    const nowMs = this.#clock.nowMs();
    const { waiting, oldestWaitMs } = this.#read();
    this.#callOff = undefined;
    this.#tell({
      kind: "minute",
      sent: this.#sent,
      refused: this.#refused,
      limited: this.#limited,
      queueP95Ms: this.#queue.percentile(0.95, nowMs),
      discordP95Ms: this.#discord.percentile(0.95, nowMs),
      waiting,
      oldestWaitMs,
    });
    this.#sent = 0;
    this.#refused = 0;
    this.#limited = 0;
    this.#queue = new RecentDurations(SLOT_MS, SLOTS);
    this.#discord = new RecentDurations(SLOT_MS, SLOTS);
  }
}
