import type { RefusalCode } from "./refusal.ts";

/**
 * What was learnt of Discord, as JSON, for the next process. Moments of
 * Discord's clock end in `ServerMs`, others are of the calendar (`WallMs`).
 * Members that would be infinite are left out.
 */
export interface LearntState {
  readonly version: 1;
  readonly savedAtWallMs: number;
  /** Nothing was sent after it was saved. */
  readonly isFinal: boolean;
  /** Discord's clock minus the calendar's; left out before the first answer. */
  readonly offsetMs?: number;
  readonly hashes: readonly LearntHash[];
  readonly routes: readonly LearntRoute[];
  /** Channels and their guilds. */
  readonly guilds: ReadonlyArray<readonly [channel: string, guild: string]>;
  readonly invalid: LearntInvalid;
  readonly breaker?: {
    readonly untilWallMs: number;
    readonly openings: number;
  };
  readonly rejections: readonly LearntRejection[];
  readonly identities: readonly LearntIdentity[];
}

/** What is known of all buckets of one hash. */
export interface LearntHash {
  readonly hash: string;
  readonly limit: number;
  readonly kind: "unknown" | "sliding" | "fixed";
  readonly intervalMs?: number;
  readonly windowMs: number;
  readonly isWindowExact: boolean;
  readonly burst?: number;
  readonly spread: "unknown" | "separate" | "common";
}

/** What is known of a route. */
export interface LearntRoute {
  readonly key: string;
  readonly hash?: string;
  readonly isHeaderless?: true;
  readonly isShared?: true;
  readonly seconds?: readonly string[];
}

/** Invalid requests of the last ten minutes: seconds of the calendar and how many were in them. */
export interface LearntInvalid {
  readonly all: LearntCounts;
  readonly keys: ReadonlyArray<
    readonly [keyName: string, counts: LearntCounts]
  >;
}

/** Pairs of a second of the calendar and a count. */
export type LearntCounts = ReadonlyArray<
  readonly [atWallS: number, count: number]
>;

/** One thing that Discord refuses for good. */
export interface LearntRejection {
  readonly name: string;
  readonly untilWallMs: number;
  readonly times: number;
  readonly code: RefusalCode;
  readonly message: string;
}

/** What belongs to one token, named by its identity. */
export interface LearntIdentity {
  readonly id: string;
  readonly isOwn: boolean;
  /** Requests that count against its global limit now. */
  readonly globalUsed: number;
  readonly globalLockedUntilWallMs?: number;
  readonly counters: readonly LearntCounter[];
  readonly subLimits: readonly LearntSubLimit[];
}

/** One of Discord's counters that is not full. */
export interface LearntCounter {
  readonly role: "own" | "common" | "second" | "hidden";
  readonly name: string;
  readonly place: string;
  /** The hash whose bucket it is; left out of a hidden limit. */
  readonly hash?: string;
  /** What a hidden limit was found to be; left out before that. */
  readonly facts?: LearntHash;
  readonly bucket?: LearntBucket;
  /** What has passed since the last 429 of a counter that only 429s tell of. */
  readonly learning?: {
    readonly deniedAtServerMs: number;
    readonly opensAtServerMs: number;
    readonly passed: number;
    readonly firstAtServerMs?: number;
  };
  readonly pausedUntilWallMs?: number;
  readonly isCautious?: true;
  readonly consecutive429s?: number;
  readonly last429AtWallMs?: number;
  /** Requests were under way, or had been a moment before. */
  readonly isActive?: true;
}

/** What is left in a bucket. */
export interface LearntBucket {
  readonly resetAtServerMs: number;
  readonly remaining: number;
  readonly decidedAtServerMs?: number;
  readonly openedAtServerMs?: number;
}

/** A hidden limit on some members of the bodies of one line. */
export interface LearntSubLimit {
  readonly routeKey: string;
  readonly major: string;
  readonly fields: readonly string[];
  readonly counter: LearntCounter;
}

/** When something is written down for the next process. */
export interface Saving extends Moment {
  /** Nothing is sent after this. */
  readonly isFinal: boolean;
  /** Identities that are written down; all where this is left out. */
  readonly hasIdentity?: ((identityId: string) => boolean) | undefined;
}

/** One moment on both clocks. */
export interface Moment {
  /** Monotonic. */
  readonly nowMs: number;
  /** Since 1970. */
  readonly wallMs: number;
}
