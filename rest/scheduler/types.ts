import type { LimitReport } from "../domain/limit_report.ts";
import type { RefusalCode } from "../domain/refusal.ts";
import type { Method, Urgency } from "../domain/request.ts";
import type { RouteFacts } from "../domain/route.ts";

/** What the scheduler has to know of a request to decide when it may go. */
export interface Ask {
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
  /**
   * Must have left by then (monotonic), which its first lease fulfils;
   * undefined: the longest wait alone.
   */
  readonly deadlineAtMs: number | undefined;
}

/** A refusal as plain data; the dispatcher turns it into a `Refusal`. */
export interface Refused {
  readonly code: RefusalCode;
  readonly message: string;
  readonly retryAfterMs: number | undefined;
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

/** The pure machine behind the queue: no clock, no timers, no promises. */
export interface Scheduler {
  /** Takes the request in, or says why not. After it, call `poll`. */
  enqueue(ask: Ask, nowMs: number): Refused | undefined;
  /** Takes a waiting request out again. */
  cancel(id: number, nowMs: number): "cancelled" | "leased" | "unknown";
  /** Raises a waiting request's urgency (smaller is more urgent). */
  urge(id: number, urgency: Urgency, nowMs: number): void;
  settle(id: number, outcome: Settlement, nowMs: number): Verdict;
  /** `isRejected`: the check answered 401. Undefined: no answer was to be had. */
  credentialChecked(
    identityId: string,
    isRejected: boolean | undefined,
    nowMs: number,
  ): void;
  poll(nowMs: number): Poll;
  snapshot(nowMs: number): SchedulerSnapshot;
}

/** Plain data for metrics and pages. Holds no token and no id of a user's. */
export interface SchedulerSnapshot {
  readonly waiting: number;
  readonly inFlight: number;
  readonly bytes: number;
  readonly invalid: { readonly count: number; readonly ceiling: number };
  readonly breaker: {
    readonly state: "closed" | "open" | "probing";
    readonly untilMs: number | undefined;
  };
  readonly identities: ReadonlyArray<{
    readonly id: string;
    readonly globalLimit: number;
    readonly globalUsed: number;
    readonly globalLockedUntilMs: number | undefined;
    readonly credential: "unproven" | "checking" | "rejected";
  }>;
  readonly hashes: ReadonlyArray<{
    readonly hash: string;
    readonly limit: number;
    readonly intervalMs: number | undefined;
    readonly kind: "unknown" | "sliding" | "fixed";
  }>;
  readonly lines: ReadonlyArray<{
    readonly label: string;
    readonly major: string;
    readonly hash: string | undefined;
    readonly waiting: number;
    readonly inFlight: number;
    readonly wakeAtMs: number | undefined;
  }>;
}
