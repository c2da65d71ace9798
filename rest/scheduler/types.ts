import type { LearntState, Moment, Saving } from "../domain/learnt_state.ts";
import type { SharedHealth } from "../domain/shared_health.ts";
import type { LimitReport } from "../domain/limit_report.ts";
import type { RefusalCode } from "../domain/refusal.ts";
import type { Method } from "../domain/request.ts";
import type { Urgency } from "../domain/urgency.ts";
import type { RouteFacts } from "../domain/route.ts";
import type { Wait, WaitReason } from "../domain/wait_reason.ts";

/** How long a request may wait. */
export interface Terms {
  /** When its waiting began (monotonic); undefined: when it is enqueued. */
  readonly sinceMs?: number | undefined;
  /**
   * Must have left by then (monotonic), which its first lease fulfils;
   * undefined: the longest wait alone.
   */
  readonly deadlineAtMs: number | undefined;
  /** Its own longest wait, where that is shorter than the one of all; 0 goes at once or not at all. */
  readonly longestWaitMs?: number | undefined;
}

/** What the scheduler has to know of a request to decide when it may go. */
export interface Ask extends Terms {
  /** Unique for the life of the process; also the name of the request's lease. */
  readonly id: number;
  readonly identityId: string;
  /** The proxy's own token: a 401 on it is checked, not believed. */
  readonly isOwnToken: boolean;
  readonly method: Method;
  readonly route: RouteFacts;
  /** Who shares fairly with whom. */
  readonly caller: string;
  readonly urgency: Urgency;
  /** False when the caller asked for no order. */
  readonly isOrdered: boolean;
  /**
   * Top-level members of a JSON body, for hidden sub-limits; undefined when
   * they are not known, which counts as sharing every one.
   */
  readonly fields: readonly string[] | undefined;
  /** Body bytes held while it waits. */
  readonly bytes: number;
  /** It was accepted before, by another process: neither room nor a long wait refuses it. */
  readonly isPromised?: boolean | undefined;
  /** Unsent at the end of the proxy it goes on in another process: that end refuses it not. */
  readonly outlivesProxy?: boolean | undefined;
}

/** A refusal as plain data; the dispatcher turns it into a `Refusal`. */
export interface Refused {
  readonly code: RefusalCode;
  readonly message: string;
  readonly retryAfterMs: number | undefined;
  /** What it waited longest for, where it was taken in before. */
  readonly waitedFor?: WaitReason | undefined;
}

/** One thing that Discord refuses, until it may be asked again. */
export interface Rejection {
  readonly untilMs: number;
  /** 401s without a success between. */
  readonly times: number;
  readonly code: RefusalCode;
  readonly message: string;
}

/** How a lease ended. Every lease is settled exactly once. */
export type Settlement =
  /** Discord answered; whatever came is in the report. */
  | { readonly kind: "answered"; readonly report: LimitReport }
  /**
   * To be sent again not before `notBeforeMs` (the dispatcher's choice: a lost
   * connection, a 502 on a read). The request keeps its place, unless its
   * longest wait ends before that: then it is done.
   */
  | {
    readonly kind: "retry";
    readonly report: LimitReport | undefined;
    readonly notBeforeMs: number;
  }
  /** No answer and no retry. */
  | { readonly kind: "lost" };

/**
 * What becomes of the request: `done`, its answer (if any) is the caller's; or
 * `again`, it waits for another lease and its answer is to be thrown away.
 */
export type Verdict = "done" | "again";

/** What the dispatcher is to do now, and when to ask again. */
export interface Poll {
  /** Ids that may be sent now. Each must be settled. */
  readonly leases: readonly number[];
  /** Ids that waited too long, with why. They are gone from the scheduler. */
  readonly refused: ReadonlyArray<
    { readonly id: number; readonly refused: Refused }
  >;
  /**
   * Identities whose token is in doubt: the dispatcher sends one
   * `GET /users/@me` each (bypassing the queue) and calls `credentialChecked`.
   */
  readonly credentialChecks: readonly string[];
  /** Sentences for the operator's log. */
  readonly warnings?: readonly string[];
  /** Call `poll` again then, or earlier after any other call; undefined: nothing to wait for. */
  readonly wakeAtMs: number | undefined;
}

/** A waiting request, as operators and its own caller may see it. */
export interface WaitingRequest {
  readonly id: number;
  readonly identityId: string;
  readonly label: string;
  readonly major: string;
  readonly caller: string;
  /** By this process or one before it. */
  readonly acceptedAtMs: number;
  readonly wait: Wait;
}

/** Which waiting requests are asked for. */
export interface WaitingQuery {
  readonly isMeant: (caller: string) => boolean;
  /** A line's id; undefined: every line. */
  readonly lineId?: string | undefined;
  readonly offset: number;
  readonly limit: number;
}

/** The pure machine behind the queue: no clock, no timers, no promises. */
export interface Scheduler {
  /** What other proxies behind our address have to know. */
  health(nowMs: number): SharedHealth;
  /** What all of them together have told. */
  heard(others: SharedHealth, nowMs: number): void;
  /** Takes the request in, or says why not. After it, call `poll`. */
  enqueue(ask: Ask, nowMs: number): Refused | undefined;
  /** Takes a waiting request out again. */
  cancel(id: number, nowMs: number): "cancelled" | "leased" | "unknown";
  /** Raises a waiting request's urgency (smaller is more urgent). */
  urge(id: number, urgency: Urgency, nowMs: number): void;
  /** Gives a waiting request the terms of another caller. */
  renew(id: number, terms: Terms): void;
  settle(id: number, outcome: Settlement, nowMs: number): Verdict;
  /** `isRejected`: the check answered 401. Undefined: no answer was to be had. */
  credentialChecked(
    identityId: string,
    isRejected: boolean | undefined,
    nowMs: number,
  ): void;
  /** What Discord allows this identity from now on, per second. */
  setGlobalLimit(identityId: string, limit: number): void;
  poll(nowMs: number): Poll;
  /** What this request, leased just now, has waited for longest since it came; undefined: for nothing. */
  waitedFor(id: number, nowMs: number): WaitReason | undefined;
  /** Waiting requests by their arrival. */
  waitingRequests(query: WaitingQuery, nowMs: number): WaitingRequest[];
  /** What a request would wait for if it came now; undefined: it would leave at once. */
  preview(ask: Ask, nowMs: number): Wait | undefined;
  /** Keeps a line's requests from leaving until it is resumed; false: there is no such line. */
  pause(lineId: string, nowMs: number): boolean;
  resume(lineId: string, nowMs: number): boolean;
  /** From now on nothing is taken in that is expected to wait beyond `atMs`. */
  endAt(atMs: number): void;
  /** What the next process may go on with. */
  learnt(saving: Saving): LearntState;
  /** Goes on with what another process has learnt, as far as it can still be true. */
  takeLearnt(learnt: LearntState, moment: Moment): void;
  snapshot(nowMs: number): SchedulerSnapshot;
}

/** Plain data for metrics and pages. Holds no token and no id of a user's. */
export interface SchedulerSnapshot {
  readonly waiting: number;
  readonly inFlight: number;
  readonly bytes: number;
  /** How long the first of those that wait has been here. */
  readonly oldestWaitMs: number;
  /** How many wait for each reason; what nobody waits for is left out. */
  readonly reasons: Readonly<Partial<Record<WaitReason, number>>>;
  /** Who waits, the most first. */
  readonly callers: ReadonlyArray<
    { readonly name: string; readonly waiting: number }
  >;
  readonly invalid: { readonly count: number; readonly ceiling: number };
  readonly breaker: {
    readonly state: "closed" | "open" | "probing";
    readonly untilMs: number | undefined;
  };
  readonly identities: ReadonlyArray<{
    readonly id: string;
    /** Over all its lanes, as the next one. */
    readonly waiting: number;
    readonly inFlight: number;
    readonly oldestWaitMs: number;
    /** Undefined where it has no lane of the bot's own. */
    readonly globalLimit: number | undefined;
    readonly globalUsed: number | undefined;
    readonly globalLockedUntilMs: number | undefined;
    readonly credential: "unproven" | "checking" | "rejected";
  }>;
  readonly hashes: ReadonlyArray<{
    readonly hash: string;
    readonly limit: number;
    readonly intervalMs: number | undefined;
    readonly kind: "unknown" | "sliding" | "fixed";
  }>;
  /** Counters that lines share, and those that only 429s tell of. */
  readonly counters: ReadonlyArray<{
    readonly identityId: string;
    readonly role: "own" | "common" | "second" | "hidden" | "unseen";
    /** A hash, or a route by its label. */
    readonly name: string;
    /** A major parameter, a guild, or `*`. */
    readonly place: string;
    readonly lines: number;
    readonly waitingLines: number;
    readonly inFlight: number;
    readonly limit: number | undefined;
    readonly pausedUntilMs: number;
  }>;
  readonly lines: ReadonlyArray<{
    /** Names it in `pause`, `resume` and `waitingRequests`. */
    readonly id: string;
    readonly identityId: string;
    readonly label: string;
    readonly major: string;
    readonly hash: string | undefined;
    readonly waiting: number;
    readonly inFlight: number;
    readonly wakeAtMs: number | undefined;
    /** What its next request waits for; undefined: nothing waits. */
    readonly reason: WaitReason | undefined;
    readonly oldestWaitMs: number;
    /** When its next request, and when its last, leaves at the earliest; undefined: nobody can tell. */
    readonly nextAtMs: number | undefined;
    readonly clearAtMs: number | undefined;
    readonly isPaused: boolean;
  }>;
}
