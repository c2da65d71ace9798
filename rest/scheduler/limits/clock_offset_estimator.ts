import type { BucketReport, LimitReport } from "../../domain/limit_report.ts";

/**
 * Tells when a request sent now will reach Discord, on Discord's own clock.
 *
 * `Reset` minus `Reset-After` is the moment Discord decided on a request, to
 * the millisecond; minus our moment of sending, it is clock offset plus way
 * in, together. That sum is all a sender needs: a token free at server time X
 * may be asked for at X minus the smallest sum seen lately, whatever part of
 * it is offset. Nothing is assumed about the way back.
 */

/** Samples kept whole: enough to tell how far the fast end of the spread lies from its middle. */
const SAMPLES_MAX = 64;
/** Older samples are forgotten, to follow a changed path: and two clocks may drift apart by some 20 millionths. */
const SAMPLE_AGE_MAX_MS = 60_000;
/**
 * What is sent before the first answer of a round, or this soon after its
 * beginning, is of that round: it meets the same queues, those of a process
 * that has just started, of a burst, of a network. However many the requests
 * of a round are, they prove one thing.
 */
const ROUND_MS = 200;
/** A round that was no faster than those before it leaves this share of the doubt. */
const DOUBT_LEFT = 1 / 4;
/** A round that comes so long after the last one may meet a process, and connections, gone cold: it proves nothing of warm ones. */
const SILENCE_MS = 10_000;
/**
 * The extremes of so long are kept together. Kept by time, not by number: at
 * 1,000 a second 64 samples are one busy moment of one end, and the first
 * request after it would arrive before the "fastest lately".
 */
const SPAN_MS = 5_000;
/** `Reset` and `Reset-After` are each cut or rounded to a millisecond: their difference is off by at most one. */
const ROUNDING_MS = 1;
/** Samples in a row that contradict the rest before the rest is dropped: the clock was set. */
const CONTRADICTIONS_MAX = 3;

/** The extremes of some seconds' samples, and how many rounds began in them. */
interface Span {
  readonly sinceMs: number;
  rounds: number;
  leastWayInMs: number;
  highestFloorMs: number;
}

interface Bounds {
  /** Discord's clock at the decision, minus ours at sending: an upper bound of the offset. */
  readonly wayInMs: number;
  /** Discord's clock at the decision, minus ours at receipt: a lower bound of the offset. */
  readonly floorMs: number;
}

interface Sample extends Bounds {
  readonly sentAtMs: number;
  readonly atMs: number;
}

/**
 * The whole window is looked at anew each time this many samples came, but at
 * 10,000 a second no more than twenty times in one: sorting costs more than the
 * rest of settling. What comes between counts at once for the extremes.
 */
const REVIEW_EVERY = 64;
const REVIEW_GAP_MS = 50;

/** Learns from answers when a request sent now will arrive, on Discord's clock. */
export class ClockOffsetEstimator {
  #samples: Sample[] = [];
  #spans: Span[] = [];
  #contradictions: Sample[] = [];
  #leastWayInMs = Infinity;
  #highestFloorMs = -Infinity;
  #rounds = 0;
  #roundEndsAtMs = -Infinity;
  /** The fastest before this round. */
  #formerLeastMs = Infinity;
  #doubtMs = Infinity;
  #chanceMs = 0;
  #sinceReview = 0;
  #reviewedAtMs = -Infinity;
  #setByMs = 0;
  /** What was known before the first answer. */
  #assumedMs: number | undefined;

  /**
   * Learns from one answer. False when its two headers contradict the clock
   * seen so far; then its `Reset` must not be used (#5621 of Discord's docs
   * repository: the headers have disagreed before).
   */
  learn(report: LimitReport): boolean {
    const { bucket } = report;
    if (bucket === undefined) return true;
    const sample = sampleOf(report, bucket);
    if (!this.#contradicts(sample)) {
      this.#contradictions = [];
      this.#admit(sample);
      return true;
    }
    // Two that cannot both be true do not bear each other out.
    if (this.#contradictions.some((other) => disagree(sample, other))) {
      this.#contradictions = [];
    }
    this.#contradictions.push(sample);
    if (this.#contradictions.length < CONTRADICTIONS_MAX) return false;
    this.#set(this.#contradictions);
    this.#contradictions = [];
    return true;
  }

  /**
   * What to add to our clock to get Discord's when a request sent now arrives,
   * at the earliest; undefined before the first answer. So none waits more
   * than a millisecond longer than `Reset-After` counted from its receipt.
   */
  get offsetMs(): number | undefined {
    if (this.#samples.length === 0) return this.#assumedMs;
    const allowanceMs = Math.min(this.#chanceMs + this.#doubtMs, this.#mostMs);
    return this.#leastWayInMs - allowanceMs - ROUNDING_MS;
  }

  /** What to add to our clock to get no less than Discord's at the fastest arrival seen; undefined before the first answer. */
  get latestOffsetMs(): number | undefined {
    if (this.#samples.length === 0) return this.#assumedMs;
    return this.#leastWayInMs + ROUNDING_MS;
  }

  /** How far Discord's clock was found to have been set, in all: moments told before are of another clock. */
  get setByMs(): number {
    return this.#setByMs;
  }

  /**
   * The latest moment at which another request would have had to be sent to
   * arrive when this one did; undefined where its answer does not tell.
   */
  sentAsIfAtMs(report: LimitReport): number | undefined {
    const { offsetMs } = this;
    const { bucket, sentAtMs, receivedAtMs } = report;
    if (bucket === undefined || offsetMs === undefined) return undefined;
    if (this.#contradicts(sampleOf(report, bucket))) return undefined;
    const decidedAtServerMs = bucket.resetAtServerMs - bucket.resetAfterMs;
    const asIfMs = decidedAtServerMs - offsetMs;
    return Math.min(receivedAtMs, Math.max(sentAtMs, asIfMs));
  }

  /** Goes by another process's offset until the first answer. Moments of Discord's clock mean the same then, even where the calendar was set meanwhile. */
  assume(offsetMs: number): void {
    if (this.#samples.length === 0) this.#assumedMs = offsetMs;
  }

  /** How much faster than the fastest any can be: no way in is shorter than none. */
  get #mostMs(): number {
    return this.#leastWayInMs - this.#highestFloorMs;
  }

  #contradicts(sample: Sample): boolean {
    return disagree(sample, {
      wayInMs: this.#leastWayInMs,
      floorMs: this.#highestFloorMs,
    });
  }

  /** Begins anew with samples of a clock that was set: with no round before theirs, the doubt is whole again. */
  #set(samples: readonly Sample[]): void {
    const formerMs = this.#leastWayInMs;
    this.#samples = [];
    this.#spans = [];
    this.#leastWayInMs = Infinity;
    this.#highestFloorMs = -Infinity;
    this.#rounds = 0;
    this.#roundEndsAtMs = -Infinity;
    for (const sample of samples) this.#admit(sample);
    // Both without allowances, which say nothing of the clock.
    this.#setByMs += this.#leastWayInMs - formerMs;
  }

  #admit(sample: Sample): void {
    this.#samples.push(sample);
    const isRound = sample.sentAtMs >= this.#roundEndsAtMs;
    if (isRound) this.#beginRound(sample);
    this.#noteSpan(sample, isRound ? 1 : 0);
    this.#leastWayInMs = Math.min(this.#leastWayInMs, sample.wayInMs);
    this.#highestFloorMs = Math.max(this.#highestFloorMs, sample.floorMs);
    // What this round is faster by, the next may be once more.
    const undercutMs = this.#formerLeastMs - this.#leastWayInMs;
    this.#doubtMs = Math.max(this.#doubtMs, undercutMs);
    // The first few samples and rounds teach the most.
    const isFew = isMilestone(this.#samples.length) ||
      (isRound && isMilestone(this.#rounds));
    if (isFew || this.#isReviewDue(sample.atMs)) this.#review(sample.atMs);
  }

  #beginRound({ sentAtMs, atMs }: Sample): void {
    if (sentAtMs - this.#roundEndsAtMs < SILENCE_MS) {
      this.#doubtMs = Math.min(this.#doubtMs, this.#mostMs) * DOUBT_LEFT;
    }
    this.#formerLeastMs = this.#leastWayInMs;
    this.#roundEndsAtMs = Math.max(atMs, sentAtMs + ROUND_MS);
    this.#rounds++;
  }

  #isReviewDue(nowMs: number): boolean {
    return ++this.#sinceReview >= REVIEW_EVERY &&
      nowMs - this.#reviewedAtMs >= REVIEW_GAP_MS;
  }

  #noteSpan({ atMs, wayInMs, floorMs }: Sample, rounds: number): void {
    const span = this.#spans.at(-1);
    if (span === undefined || atMs - span.sinceMs >= SPAN_MS) {
      this.#spans.push({
        sinceMs: atMs,
        rounds,
        leastWayInMs: wayInMs,
        highestFloorMs: floorMs,
      });
      return;
    }
    span.rounds += rounds;
    span.leastWayInMs = Math.min(span.leastWayInMs, wayInMs);
    span.highestFloorMs = Math.max(span.highestFloorMs, floorMs);
  }

  #review(nowMs: number): void {
    this.#sinceReview = 0;
    this.#reviewedAtMs = nowMs;
    const oldestMs = nowMs - SAMPLE_AGE_MAX_MS;
    const newest = this.#samples.slice(-SAMPLES_MAX);
    this.#samples = newest.filter(({ atMs }, index) =>
      atMs >= oldestMs || index === newest.length - 1
    );
    this.#spans = this.#spans.filter(({ sinceMs }, index) =>
      sinceMs >= oldestMs || index === this.#spans.length - 1
    );
    const formerLeastMs = this.#leastWayInMs;
    this.#leastWayInMs = Infinity;
    this.#highestFloorMs = -Infinity;
    this.#rounds = 0;
    for (const { rounds, leastWayInMs, highestFloorMs } of this.#spans) {
      this.#rounds += rounds;
      this.#leastWayInMs = Math.min(this.#leastWayInMs, leastWayInMs);
      this.#highestFloorMs = Math.max(this.#highestFloorMs, highestFloorMs);
    }
    const least = this.#leastWayInMs;
    // As fast as what has just been forgotten the next may still be.
    this.#doubtMs = Math.max(this.#doubtMs, least - formerLeastMs);
    // Of n rounds a minute the next one is the fastest with a chance of 1 in
    // n + 1; this is about what it would then undercut the others by. The
    // median may still hold some that are forgotten as extremes.
    const median = medianWayInMs(this.#samples) ?? least;
    this.#chanceMs = Math.max(0, median - least) / (this.#rounds + 1);
  }
}

/** The true offset lies in every sample's [floor, way in]: two that do not overlap cannot both be true. */
function disagree(one: Bounds, other: Bounds): boolean {
  return one.floorMs > other.wayInMs + ROUNDING_MS ||
    one.wayInMs < other.floorMs - ROUNDING_MS;
}

/** 1, 2, 3, 4, 8, 16 and 32. */
function isMilestone(count: number): boolean {
  return count <= 4 || (count < REVIEW_EVERY && (count & (count - 1)) === 0);
}

function sampleOf(report: LimitReport, bucket: BucketReport): Sample {
  const serverMs = bucket.resetAtServerMs - bucket.resetAfterMs;
  return {
    sentAtMs: report.sentAtMs,
    atMs: report.receivedAtMs,
    wayInMs: serverMs - report.sentAtMs,
    floorMs: serverMs - report.receivedAtMs,
  };
}

/** Sorted as numbers in a row: with a function to compare them it took several times as long. */
function medianWayInMs(samples: readonly Sample[]): number | undefined {
  const waysIn = new Float64Array(samples.length);
  for (const [index, { wayInMs }] of samples.entries()) waysIn[index] = wayInMs;
  return waysIn.sort()[waysIn.length >> 1];
}
