import { cpuUsage } from "../../deps.ts";
import type { Fact, FactSink } from "../domain/fact.ts";
import type { Clock } from "../domain/ports.ts";
import { VERSION } from "../domain/version.ts";
import type { SchedulerSnapshot } from "../scheduler/types.ts";
import { registerGauges } from "./gauges.ts";
import { type Trouble, troublesOf } from "./health.ts";
import { Instruments } from "./instruments.ts";
import { LoopLag } from "./loop_lag.ts";
import { MinuteReport } from "./minute_report.ts";
import { type BotNamer, lineRowsOf, readingOf } from "./read_figures.ts";
import { Recent } from "./recent.ts";
import type {
  ClusterReading,
  JournalReading,
  PageFigures,
  Reading,
  RepReading,
  SessionRow,
} from "./types.ts";

/** Sessions shown, as with the page's other tables. */
const SESSIONS_MAX = 50;

/** A session before its bot is named. */
type SessionSource = Omit<SessionRow, "bot"> & { readonly identityId: string };

/** Where figures come from that no fact tells. */
export interface FigureSources {
  readonly clock: Clock;
  /** Names of the configured bots. */
  readonly bots: readonly string[];
  readonly botName: BotNamer;
  readonly snapshot: () => SchedulerSnapshot;
  readonly isDraining: () => boolean;
  readonly rep: () => RepReading;
  /** The sessions of REP with most to fetch, at most so many. */
  readonly sessions: (max: number) => readonly SessionSource[];
  readonly journal: () => JournalReading | undefined;
  readonly upstreamConnections: () => number;
  /** Undefined: this proxy is alone. */
  readonly cluster?: () => ClusterReading | undefined;
  /** Where the report of each minute goes. */
  readonly facts: FactSink;
}

/** A snapshot looks at everything that waits: whoever asks again this soon gets the same. */
const SNAPSHOT_MS = 200;
const SAMPLE_MS = 1_000;
/** Nobody has looked at the page for so long: its charts end. */
const UNWATCHED_MS = 600_000;

/**
 * The one place that figures come from: it hears the facts, reads the
 * scheduler's snapshot, and gives the same to Prometheus, the page, the probe
 * and the log's line of each minute.
 */
export class Figures {
  readonly #sources: FigureSources;
  readonly #instruments: Instruments;
  readonly #setGauges: (to: Reading) => void;
  readonly #recent = new Recent();
  readonly #minute: MinuteReport;
  readonly #lag: LoopLag;
  readonly #startedAtMs: number;
  #taken: SchedulerSnapshot | undefined;
  #takenAtMs = -Infinity;
  #watchedAtMs = -Infinity;
  #callOffSample: (() => void) | undefined;
  #isStopped = false;

  constructor(sources: FigureSources) {
    const { clock, bots, facts } = sources;
    this.#sources = sources;
    this.#startedAtMs = clock.wallMs();
    this.#instruments = new Instruments(bots);
    this.#setGauges = registerGauges(this.#instruments.registry);
    this.#lag = new LoopLag(clock);
    this.#minute = new MinuteReport(clock, () => this.reading(), facts);
  }

  observe(fact: Fact): void {
    this.#instruments.observe(fact);
    this.#recent.observe(fact, this.#sources.clock);
    this.#minute.observe(fact);
  }

  /** For Prometheus, in its text format. */
  exposition(): Promise<string> {
    if (!this.#isStopped) this.#lag.start();
    this.#setGauges(this.reading());
    return this.#instruments.registry.metrics();
  }

  /** For the page: of its charts only what came after `afterMs` (since 1970). */
  page(afterMs: number): PageFigures {
    const nowMs = this.#sources.clock.nowMs();
    this.#watch(nowMs);
    const snapshot = this.#snapshot(nowMs);
    const { botName } = this.#sources;
    return {
      reading: this.reading(),
      limitedByScope: this.#recent.limitedByScope,
      points: this.#recent.pointsAfter(afterMs),
      lines: lineRowsOf(snapshot, botName, nowMs),
      routes: this.#recent.routeRows(nowMs),
      callers: this.#recent.callerRows(snapshot.callers),
      incidents: this.#recent.incidents,
      sessions: this.#sessions(),
    };
  }

  /** What is wrong though requests are taken in. */
  troubles(): readonly Trouble[] {
    return troublesOf(this.reading());
  }

  reading(): Reading {
    const { clock, botName, isDraining, rep, journal, upstreamConnections } =
      this.#sources;
    const nowMs = clock.nowMs();
    const { user, system } = cpuUsage();
    const around = {
      atMs: clock.wallMs(),
      version: VERSION,
      startedAtMs: this.#startedAtMs,
      isDraining: isDraining(),
      rep: rep(),
      cluster: this.#sources.cluster?.(),
      journal: journal(),
      upstreamConnections: upstreamConnections(),
      loopLagMs: this.#lag.longestMs(),
      memoryBytes: Deno.memoryUsage().rss,
      cpuSeconds: (user + system) / 1_000_000,
    };
    return readingOf(this.#snapshot(nowMs), around, botName, nowMs);
  }

  /** Its timers end, and the last minute is told. */
  stop(): void {
    this.#isStopped = true;
    this.#lag.stop();
    this.#callOffSample?.();
    this.#callOffSample = undefined;
    this.#minute.end();
  }

  #sessions(): readonly SessionRow[] {
    const { sessions, botName } = this.#sources;
    return sessions(SESSIONS_MAX).map(({ identityId, ...row }) => ({
      ...row,
      bot: botName(identityId),
    }));
  }

  #snapshot(nowMs: number): SchedulerSnapshot {
    const isFresh = nowMs - this.#takenAtMs < SNAPSHOT_MS;
    if (this.#taken !== undefined && isFresh) return this.#taken;
    this.#takenAtMs = nowMs;
    this.#taken = this.#sources.snapshot();
    return this.#taken;
  }

  #watch(nowMs: number): void {
    this.#watchedAtMs = nowMs;
    if (this.#isStopped || this.#callOffSample !== undefined) return;
    this.#lag.start();
    this.#sample();
  }

  /** Once a second, as long as somebody looks. */
  #sample(): void {
    const { clock } = this.#sources;
    const nowMs = clock.nowMs();
    this.#recent.sample(this.reading(), nowMs);
    const isWatched = nowMs - this.#watchedAtMs < UNWATCHED_MS;
    this.#callOffSample = isWatched
      ? clock.wakeAt(nowMs + SAMPLE_MS, () => this.#sample())
      : undefined;
  }
}
