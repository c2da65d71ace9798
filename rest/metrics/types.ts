import type {
  ClusterFigures,
  DoorFigures,
  Owner,
  OwnerLease,
} from "../domain/owners.ts";
import type { WaitReason } from "../domain/wait_reason.ts";
import type { SchedulerSnapshot } from "../scheduler/types.ts";

/** What can be read off the proxy at one moment; `/metrics` and the page show the same reading. */
export interface Reading {
  /** For people and comparisons: milliseconds since 1970. */
  readonly atMs: number;
  readonly version: string;
  readonly startedAtMs: number;
  readonly isDraining: boolean;
  readonly waiting: number;
  readonly inFlight: number;
  readonly waitingBytes: number;
  readonly oldestWaitMs: number;
  /** Requests of the longest line. */
  readonly longestLine: number;
  readonly reasons: Readonly<Partial<Record<WaitReason, number>>>;
  readonly bots: readonly BotReading[];
  readonly invalid: SchedulerSnapshot["invalid"];
  readonly breaker: SchedulerSnapshot["breaker"]["state"];
  /** How long until the breaker lets one request try; undefined while it is closed. */
  readonly breakerForMs: number | undefined;
  readonly rep: RepReading;
  /** Undefined: this proxy is alone. */
  readonly cluster?: ClusterReading | undefined;
  /** Undefined: nothing outlives the process. */
  readonly journal: JournalReading | undefined;
  readonly upstreamConnections: number;
  /** The longest that the event loop was late within the last quarter of a minute. */
  readonly loopLagMs: number;
  readonly memoryBytes: number;
  readonly cpuSeconds: number;
}

/** One bot, or everything that has none (`brought`, `none`). */
export interface BotReading {
  readonly bot: string;
  readonly waiting: number;
  readonly inFlight: number;
  readonly oldestWaitMs: number;
  /** Undefined where nothing is known of a global limit. */
  readonly globalLimit: number | undefined;
  readonly globalUsed: number | undefined;
  readonly isTokenRejected: boolean;
}

/** What this proxy has to do with others. */
export interface ClusterReading extends ClusterFigures {
  /** Of the configured bots. */
  readonly bots: readonly OwnerRow[];
  readonly door: DoorFigures;
}

/** Who sends for a bot. */
export interface OwnerRow {
  readonly bot: string;
  readonly owner: Owner["kind"];
  /** Where another proxy is that does. */
  readonly url?: string | undefined;
  readonly lease?: OwnerLease | undefined;
}

/** What goes on over WebSockets. */
export interface RepReading {
  readonly sessions: number;
  readonly connections: number;
  /** Replies that wait for their client. */
  readonly mailboxReplies: number;
}

/** What stands in the journal. */
export interface JournalReading {
  readonly rows: number;
  readonly bytes: number;
  /** It does not take what it should: new promises are refused. */
  readonly isFailing: boolean;
  /** So it is since it has no room: what promises nothing is served all the same. */
  readonly isFull: boolean;
}

/** One second of the page's charts. What it counts is undefined where nobody looked before it. */
export interface Point {
  readonly atMs: number;
  /** A second, on average since the point before. */
  readonly sent: number | undefined;
  readonly waiting: number;
  readonly limited: number | undefined;
  /** Answers of Discord's since the point before. */
  readonly answered: number | undefined;
  /** Those of them that were 5xx. */
  readonly failed: number | undefined;
  /** Requests that were given up without an answer of Discord's. */
  readonly unanswered: number | undefined;
  readonly queueP95Ms: number | undefined;
  readonly discordP95Ms: number | undefined;
  /** The bot that uses most of its global limit: used by limit. */
  readonly globalShare: number;
}

/** A route, as it went in the last minutes. */
export interface RouteRow {
  readonly bot: string;
  readonly label: string;
  readonly answers: number;
  readonly errors: number;
  readonly queueP95Ms: number | undefined;
  readonly discordP95Ms: number | undefined;
}

/** A caller: how many of its requests wait, were sent and were refused. */
export interface CallerRow {
  readonly caller: string;
  readonly waiting: number;
  readonly sent: number;
  readonly refused: number;
}

/** A refusal of ours, or a 429 of Discord's. */
export interface Incident {
  readonly atMs: number;
  readonly bot: string | undefined;
  /** The refusal's code, or `429 <scope>`. */
  readonly what: string;
  readonly label: string;
  readonly caller?: string;
}

/** A line of the scheduler, with the reason why it waits. */
export interface LineRow {
  readonly id: string;
  readonly bot: string;
  readonly label: string;
  readonly major: string;
  readonly waiting: number;
  readonly inFlight: number;
  readonly oldestWaitMs: number;
  readonly reason: WaitReason | undefined;
  readonly nextInMs: number | undefined;
  readonly clearInMs: number | undefined;
  readonly isPaused: boolean;
}

/** A session of REP. */
export interface SessionRow {
  readonly name: string;
  /** The name of its key. */
  readonly key: string;
  readonly bot: string;
  readonly isConnected: boolean;
  /** How long it has been connected, or away. */
  readonly sinceMs: number;
  /** Replies that its client has not acknowledged. */
  readonly unacked: number;
  readonly bytes: number;
  readonly inFlight: number;
}

/** Everything the page shows. */
export interface PageFigures {
  readonly reading: Reading;
  /** 429s of Discord's since the start, by scope. */
  readonly limitedByScope: Readonly<Record<string, number>>;
  /** Only those that the page has not got yet. */
  readonly points: readonly Point[];
  readonly lines: readonly LineRow[];
  readonly routes: readonly RouteRow[];
  readonly callers: readonly CallerRow[];
  readonly incidents: readonly Incident[];
  readonly sessions: readonly SessionRow[];
}
