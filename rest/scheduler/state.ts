import type { Deque } from "../collections/deque.ts";
import type { HeapNode, IndexedHeap } from "../collections/indexed_heap.ts";
import type { Urgency } from "../domain/request.ts";
import type { Lane as RouteLane } from "../domain/route.ts";
import type { WaitReason } from "../domain/wait_reason.ts";
import type { ClockOffsetEstimator } from "./limits/clock_offset_estimator.ts";
import type { Breaker } from "./health/breaker.ts";
import type { Bucket } from "./limits/bucket.ts";
import type { Caller, Callers } from "./queues/callers.ts";
import type { Expiries, Expiring } from "./queues/expiries.ts";
import type { FairEntry, FairQueue } from "./queues/fair_queue.ts";
import type { GlobalLimit, GlobalPermit } from "./limits/global_limit.ts";
import type { BucketRegistry } from "./limits/bucket_registry.ts";
import type { InvalidBudget } from "./health/invalid_budget.ts";
import type { SchedulerOptions } from "./options.ts";
import type { Ask, Refused } from "./types.ts";
import type { WaitHistory } from "./wait_history.ts";

/** Something that has to be looked at again at a known moment. */
export interface Wake extends HeapNode {
  atMs: number;
  readonly target: Line | Lane | SubLimit | Waiting | Identity;
}

/**
 * Where a request stands:
 *
 *     held ──> candidate ──> leased ──> gone
 *      ^           │  ^        │ │
 *      │           v  │        │ └────> delayed ──> candidate
 *      └──────── parked        └──────> candidate (after a 429)
 *
 * held: an earlier request of its order is not done. candidate: in its line's
 * queue. parked: behind a hidden sub-limit. delayed: to be sent again later.
 */
export type WaitingState =
  | "held"
  | "candidate"
  | "parked"
  | "delayed"
  | "leased"
  | "gone";

/** Its neighbours and its place are those among `State.expiries`. */
export interface Waiting extends Expiring<Waiting> {
  readonly kind: "request";
  readonly ask: Ask;
  readonly caller: Caller;
  readonly seq: number;
  readonly enqueuedAtMs: number;
  /** The longest wait, or its deadline if that comes first and it has not left yet. */
  expiresAtMs: number;
  state: WaitingState;
  /** What its caller asked for; `urgency` may be higher, inherited from behind. */
  ownUrgency: Urgency;
  urgency: Urgency;
  line: Line;
  /** `BucketRegistry.changes` when that was found to be its line. */
  registryChanges: number;
  readonly lane: Lane;
  group: OrderGroup | undefined;
  /** Neighbours within the order group. */
  before: Waiting | undefined;
  after: Waiting | undefined;
  entry: FairEntry<Waiting> | undefined;
  permit: GlobalPermit | undefined;
  /** The sub-limit it waits for or probes. */
  sub: SubLimit | undefined;
  /** Sent before: goes to the head of its line. */
  isRetry: boolean;
  wake: Wake | undefined;
}

/** Requests that leave one after the other's answer. */
export interface OrderGroup {
  readonly key: string;
  first: Waiting | undefined;
  last: Waiting | undefined;
  size: number;
  /** The route of its first member ever, and how many members are of another. */
  readonly routeKey: string;
  strangers: number;
  /** Members per urgency, once there were several: the head inherits the highest behind it. */
  perUrgency: number[] | undefined;
  /** The one that is candidate, delayed or leased. */
  current: Waiting | undefined;
}

/**
 * A limit Discord announces nowhere: seen only as a 429 with tokens left, or
 * with a bucket of another name. One request at a time goes through it, until
 * it has not been met for a while.
 */
export interface SubLimit {
  readonly kind: "sub";
  line: Line;
  readonly routeKey: string;
  /** Body members it is about; undefined: every request of the route. */
  readonly fields: readonly string[] | undefined;
  pausedUntilMs: number;
  probe: Waiting | undefined;
  readonly parked: Waiting[];
  /** When it last answered 429: it is remembered for a while after that. */
  last429AtMs: number;
  /** Time to keep between two successes; 0 where none was learnt. */
  paceMs: number;
  /** Successes since the last 429, and when the last of them was sent. */
  passed: number;
  passedAtMs: number;
  wake: Wake | undefined;
}

/** Requests that share one limit: (identity, bucket hash or route, major parameter). */
export interface Line {
  readonly kind: "line";
  readonly major: string;
  readonly lane: Lane;
  readonly label: string;
  /** The route a line without a hash belongs to. */
  readonly routeKey: string;
  bucket: Bucket | undefined;
  candidates: FairQueue<Waiting> | undefined;
  subs: SubLimit[] | undefined;
  waiting: number;
  /** Whose those are, where one caller's is all; else `callers` counts them. */
  soleCaller: Caller | undefined;
  callers: Map<Caller, number> | undefined;
  inFlight: number;
  pausedUntilMs: number;
  /** An operator lets nothing leave. */
  isHalted: boolean;
  /** Why its requests have been waiting; kept from when one had to until the line is idle. */
  waitHistory: WaitHistory | undefined;
  /** After a pause one request goes first, alone. */
  isCautious: boolean;
  /** 429s in a row without a success between: what keeps a mute 429 from looping. */
  consecutive429s: number;
  last429AtMs: number;
  ready: FairEntry<Line> | undefined;
  wake: Wake | undefined;
  mergedInto: Line | undefined;
  idleSinceMs: number;
  /** Stands among `State.idle` already. */
  isListedIdle: boolean;
}

/** One global limit and what is ready to go under it. */
export interface Lane {
  readonly kind: "lane";
  readonly which: RouteLane;
  readonly identity: Identity;
  /** Undefined for interactions and token webhooks: nothing proactive binds them. */
  readonly limit: GlobalLimit | undefined;
  readonly ready: FairQueue<Line>;
  /** What kept its ready lines when it was last looked at and closed. */
  lastReason: WaitReason;
  lockedUntilMs: number;
  isCautious: boolean;
  inFlight: number;
  waiting: number;
  /** Lines that lead here: while there are any, their requests go by this lane's limit. */
  lines: number;
  /** Stands among `State.idleLanes` already. */
  isListedIdle: boolean;
  wake: Wake | undefined;
}

export type LineTable = Map<string, Map<string, Line>>;

/** One token's standing, and everything that is its own. */
export interface Identity {
  readonly kind: "identity";
  readonly id: string;
  /** Its lanes: one token has one standing, by whichever way it is used. */
  readonly lanes: Map<RouteLane, Lane>;
  /**
   * Its lines by hash, or by route until that is known, and then by major
   * parameter. Nested, so that no key has to be put together for each request.
   */
  readonly byHash: LineTable;
  readonly byRoute: LineTable;
  /** Its order groups by their routes' order keys. */
  readonly groups: Map<string, OrderGroup>;
  credential: "unproven" | "checking" | "rejected";
  wake: Wake | undefined;
}

/** All there is to know; one owner, changed only by the functions of this module. */
export interface State {
  readonly options: SchedulerOptions;
  readonly startedAtMs: number;
  readonly waiting: Map<number, Waiting>;
  readonly callers: Callers;
  /** Came since the last poll; nothing but their order group knows them yet. */
  readonly newcomers: Waiting[];
  readonly lines: Set<Line>;
  /** Lines without a hash, by route: they move together when it becomes known. */
  readonly unhashed: Map<string, Set<Line>>;
  readonly idle: Deque<{ readonly line: Line; readonly sinceMs: number }>;
  readonly lanes: Set<Lane>;
  /** Lanes no line led to when they were put here, to be forgotten if need be. */
  readonly idleLanes: Deque<Lane>;
  readonly readyLanes: Set<Lane>;
  readonly identities: Map<string, Identity>;
  readonly wakes: IndexedHeap<Wake>;
  readonly expiries: Expiries<Waiting>;
  readonly registry: BucketRegistry;
  readonly clockOffset: ClockOffsetEstimator;
  readonly invalid: InvalidBudget;
  readonly breaker: Breaker;
  /** Webhooks that are gone, until when. */
  readonly gone: Map<string, number>;
  readonly credentialChecks: string[];
  /** Whose token check is the probe of the breaker. */
  checkProbe: string | undefined;
  readonly warnings: string[];
  /** Requests refused while they waited, to be told by the next poll. */
  readonly refused: { readonly id: number; readonly refused: Refused }[];
  bytes: number;
  inFlight: number;
  seq: number;
}
