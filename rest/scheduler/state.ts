import type { Deque } from "../collections/deque.ts";
import type { RecentMap } from "../collections/recent_map.ts";
import type { BucketReport } from "../domain/limit_report.ts";
import type { HeapNode, IndexedHeap } from "../collections/indexed_heap.ts";
import type { Urgency } from "../domain/urgency.ts";
import type { LaneName } from "../domain/lane.ts";
import type { WaitReason } from "../domain/wait_reason.ts";
import type { ClockOffsetEstimator } from "./limits/clock_offset_estimator.ts";
import type { Breaker } from "./health/breaker.ts";
import type { Bucket } from "./limits/bucket.ts";
import type { CounterRole } from "./limits/counter_role.ts";
import type { FormerEnd } from "./limits/doubt.ts";
import type { Caller, Callers } from "./queues/callers.ts";
import type { Expiries, Expiring } from "./queues/expiries.ts";
import type { FairEntry, FairQueue } from "./queues/fair_queue.ts";
import type { Former } from "./learnt/former.ts";
import type { GlobalLimit, GlobalPermit } from "./limits/global_limit.ts";
import type { BucketRegistry } from "./limits/bucket_registry.ts";
import type { Learning } from "./limits/learning.ts";
import type { InvalidBudget } from "./health/invalid_budget.ts";
import type { SchedulerOptions } from "./options.ts";
import type { Refused, Rejection } from "./types.ts";
import type { WaitHistory } from "./wait_history.ts";

/** Something that has to be looked at again at a known moment. */
export interface Wake extends HeapNode {
  atMs: number;
  readonly target: Counter | Lane | SubLimit | Waiting | Identity;
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

/**
 * Of its `Ask` it has what its line, lane and caller do not tell: an ask that
 * was kept as well took 175 bytes for each of 100,000. Its neighbours and its
 * place are those among `State.expiries`.
 */
export interface Waiting extends Expiring<Waiting> {
  readonly kind: "request";
  readonly id: number;
  readonly isOwnToken: boolean;
  /** Its own: reactions of all kinds share a line. */
  readonly label: string;
  readonly webhookId: string | undefined;
  readonly fields: readonly string[] | undefined;
  readonly bytes: number;
  readonly caller: Caller;
  readonly seq: number;
  /** When it was accepted, by another process perhaps. */
  readonly enqueuedAtMs: number;
  /** The longest wait, or its deadline if that comes first and it has not left yet. */
  expiresAtMs: number;
  /** The end of the longest wait while it expires at its deadline; else undefined. */
  longestAtMs: number | undefined;
  state: WaitingState;
  /** What its caller asked for; `urgency` may be higher, inherited from behind. */
  ownUrgency: Urgency;
  urgency: Urgency;
  readonly line: Line;
  readonly lane: Lane;
  /** Those it is counted on while it is under way. */
  counters: readonly Counter[];
  /** How many were under way on its line's own counter when it was sent, itself among them. */
  together: number;
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
  readonly place: string;
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

/** One of Discord's counters, as far as it is known here. */
export interface Counter {
  readonly kind: "counter";
  readonly role: CounterRole;
  readonly identity: Identity;
  /** Where it stands in its identity's table; "" while no answer has named it. */
  name: string;
  /** Whose it is: a major parameter, a guild, or everybody's. */
  readonly place: string;
  /** Undefined: not measured. */
  bucket: Bucket | undefined;
  /** Of a counter that only 429s tell of; undefined before the first. */
  learning: Learning | undefined;
  /** What was told last, of a counter that may be one for many lines. */
  told: Told | undefined;
  /** The line that tries whether it is under this counter at all, while it is closed. */
  trial: Line | undefined;
  /** Of a route nobody has seen: whose the first 429 was. */
  told429Of: Counter | undefined;
  /** Lines that point to it. */
  lines: number;
  /** Those of them that wait for it to open. */
  waiting: FairQueue<Line> | undefined;
  /** Those of them that stand ready in a lane: each may take one of its tokens. */
  ready: number;
  /** Of those that waited, so many were let go by urgency since the last that was not. */
  urgentInARow: number;
  inFlight: number;
  lastSentAtMs: number;
  pausedUntilMs: number;
  /** After a pause one request goes first, alone. */
  isCautious: boolean;
  /** Without a success between: what keeps a mute 429 from looping. */
  consecutive429s: number;
  last429AtMs: number;
  wake: Wake | undefined;
}

/** One answer's numbers and whose they were, to tell one counter from several. */
export interface Told {
  readonly line: Line;
  readonly report: BucketReport;
}

/**
 * A limit on some members of a body (#1900, #2190: names and topics of
 * channels): requests of its line that share one of them go through it.
 */
export interface SubLimit {
  readonly kind: "sub";
  readonly line: Line;
  readonly fields: readonly string[];
  readonly counter: Counter;
  /** Let through: released, or under way. */
  readonly admitted: Set<Waiting>;
  readonly parked: Waiting[];
  wake: Wake | undefined;
}

/** Requests of one route and major parameter. It points to every counter they spend. */
export interface Line {
  readonly kind: "line";
  readonly major: string;
  readonly lane: Lane;
  readonly label: string;
  readonly routeKey: string;
  /** Its own first; never changed, only replaced. */
  counters: readonly Counter[];
  /** `BucketRegistry.changes` when those were found. */
  registryChanges: number;
  /** Its numbers have shown that the counter many lines share is not its own. */
  isSeparate: boolean;
  candidates: FairQueue<Waiting> | undefined;
  subs: SubLimit[] | undefined;
  waiting: number;
  /** The request that was set aside last; it may have gone on since. */
  delayed: Waiting | undefined;
  /** Whose those are, where one caller's is all; else `callers` counts them. */
  soleCaller: Caller | undefined;
  callers: Map<Caller, number> | undefined;
  inFlight: number;
  /** Its place among the ready lines of its lane, or among those that wait for `waitsFor`. */
  entry: FairEntry<Line> | undefined;
  waitsFor: Counter | undefined;
  /** While it is ready: the counters that count it so. */
  readyOn: readonly Counter[] | undefined;
  /** An operator lets nothing leave. */
  isHalted: boolean;
  /** Why its requests have been waiting; kept from when one had to until the line is idle. */
  waitHistory: WaitHistory | undefined;
  idleSinceMs: number;
  /** Stands among `State.idle` already. */
  isListedIdle: boolean;
}

/** One global limit and what is ready to go under it. */
export interface Lane {
  readonly kind: "lane";
  readonly name: LaneName;
  readonly identity: Identity;
  /** Undefined for interactions and token webhooks: nothing proactive binds them. */
  readonly limit: GlobalLimit | undefined;
  readonly ready: FairQueue<Line>;
  /** Sends by urgency since the last that was not. */
  urgentInARow: number;
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

/** Nested, so that no key has to be put together for each request. */
export type Table<T> = Map<string, Map<string, T>>;

/** One token's standing, and everything that is its own. */
export interface Identity {
  readonly kind: "identity";
  readonly id: string;
  /** Its lanes: one token has one standing, by whichever way it is used. */
  readonly lanes: Map<LaneName, Lane>;
  /** Its lines by route and major parameter. */
  readonly lines: Table<Line>;
  /** Its counters by name and place. */
  readonly counters: Table<Counter>;
  /** Its order groups by their routes' order keys and places. */
  readonly groups: Table<OrderGroup>;
  /** The proxy's own token; else a caller brought it. */
  readonly isOwn: boolean;
  credential: "unproven" | "checking" | "rejected";
  /** It has got through, or is no token: until then only a few of a brought one's requests go at once. */
  isProven: boolean;
  /** How often in a row a brought one was found to be rejected. */
  rejections: number;
  /** When another process, that was killed, may have sent its last for it. */
  former: FormerEnd | undefined;
  wake: Wake | undefined;
}

/** All there is to know; one owner, changed only by the functions of this module. */
export interface State {
  readonly options: SchedulerOptions;
  readonly startedAtMs: number;
  /** When the proxy ends; `Infinity` until that is known. */
  endsAtMs: number;
  readonly waiting: Map<number, Waiting>;
  readonly callers: Callers;
  /** Came since the last poll; nothing but their order group knows them yet. */
  readonly newcomers: Waiting[];
  readonly lines: Set<Line>;
  readonly idle: Deque<{ readonly line: Line; readonly sinceMs: number }>;
  /** Counters that no line points to any more, until they are at rest. */
  readonly orphans: Deque<Counter>;
  /** The guild behind a channel, where an answer has told it. */
  readonly guilds: RecentMap<string, string>;
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
  /** What Discord has refused for good, by name. */
  readonly rejections: Map<string, Rejection>;
  readonly credentialChecks: string[];
  /** Whose token check is the probe of the breaker. */
  checkProbe: string | undefined;
  readonly warnings: string[];
  /** What is left of the process before this one, for lanes and lines that are not made yet. */
  readonly former: Former<Counter>;
  /** Requests refused while they waited, to be told by the next poll. */
  readonly refused: { readonly id: number; readonly refused: Refused }[];
  bytes: number;
  inFlight: number;
  seq: number;
}
