import { RecentMap } from "../collections/recent_map.ts";
import type { Fact } from "../domain/fact.ts";
import type { RefusalCode } from "../domain/refusal.ts";
import type { Clock } from "../domain/ports.ts";
import type { SchedulerSnapshot } from "../scheduler/types.ts";
import { RecentDurations } from "./recent_durations.ts";
import type { CallerRow, Incident, Point, Reading, RouteRow } from "./types.ts";

/** Ten minutes of charts. */
const POINTS_MAX = 600;
/** Refusals and 429s shown. */
const INCIDENTS_MAX = 50;
/** Rows of a table on the page. */
const ROWS_MAX = 50;
/** Routes and callers remembered at least; twice as many at most. */
const REMEMBERED = 300;
/** Charts show the percentile of the last ten seconds: fewer answers than that make it jump. */
const CHART_SLOTS = 10;
/** No point came for so long: what was counted since is no second's. */
const GAP_MS = 5_000;
/** Tables show that of the last five minutes. */
const TABLE_SLOT_MS = 60_000;
const TABLE_SLOTS = 5;

const NO_COUNTS = {
  sent: 0,
  limited: 0,
  answered: 0,
  failed: 0,
  unanswered: 0,
};
const UNCOUNTED = {
  sent: undefined,
  limited: undefined,
  answered: undefined,
  failed: undefined,
  unanswered: undefined,
};

/** What a caller is told who gets no answer of Discord's. */
const UNANSWERED: ReadonlySet<RefusalCode> = new Set([
  "unreachable",
  "upstream_timeout",
  "outcome_unknown",
]);

interface RouteTally {
  readonly bot: string;
  readonly label: string;
  answers: number;
  errors: number;
  readonly queue: RecentDurations;
  readonly discord: RecentDurations;
}

interface CallerTally {
  sent: number;
  refused: number;
}

/** What happened lately, for the page: a few minutes, and never more memory than that. */
export class Recent {
  readonly #queue = new RecentDurations(1_000, CHART_SLOTS);
  readonly #discord = new RecentDurations(1_000, CHART_SLOTS);
  /** By bot, then by the route's label. */
  readonly #routes = new Map<string, RecentMap<string, RouteTally>>();
  readonly #callers = new RecentMap<string, CallerTally>(REMEMBERED);
  readonly #limitedByScope: Record<string, number> = {};
  #points: Point[] = [];
  #incidents: Incident[] = [];
  /** Since the last point. */
  #counts = { ...NO_COUNTS };
  #sampledAtMs = -Infinity;

  /** 429s of Discord's since the start, by scope. */
  get limitedByScope(): Readonly<Record<string, number>> {
    return { ...this.#limitedByScope };
  }

  /** Refusals and 429s, the newest first. */
  get incidents(): readonly Incident[] {
    return this.#incidents.toReversed();
  }

  /** Three facts come with every request, so the clock is asked only where it matters. */
  observe(fact: Fact, clock: Clock): void {
    switch (fact.kind) {
      case "queued":
        this.#callerOf(fact.caller).sent++;
        return;
      case "leased":
        this.#counts.sent++;
        return;
      case "answered":
        return this.#answered(fact, clock.nowMs());
      case "rate_limited": {
        const { scope, bot, label } = fact;
        const what = `429 ${scope}`;
        this.#counts.limited++;
        this.#limitedByScope[scope] = (this.#limitedByScope[scope] ?? 0) + 1;
        return this.#tell({ atMs: clock.wallMs(), bot, what, label });
      }
      case "refused": {
        const { code: what, bot, label, caller } = fact;
        this.#callerOf(caller).refused++;
        if (UNANSWERED.has(what)) this.#counts.unanswered++;
        const atMs = clock.wallMs();
        return this.#tell({ atMs, bot, what, label, caller });
      }
    }
  }

  /** Adds a second to the charts. */
  sample(reading: Reading, nowMs: number): void {
    const shares = reading.bots.map(({ globalUsed, globalLimit }) =>
      (globalUsed ?? 0) / (globalLimit ?? Infinity)
    );
    this.#points.push({
      atMs: reading.atMs,
      waiting: reading.waiting,
      ...this.#countsUntil(nowMs),
      queueP95Ms: this.#queue.percentile(0.95, nowMs),
      discordP95Ms: this.#discord.percentile(0.95, nowMs),
      globalShare: Math.max(0, ...shares),
    });
    if (this.#points.length > POINTS_MAX) this.#points.shift();
  }

  pointsAfter(atMs: number): readonly Point[] {
    return this.#points.filter((point) => point.atMs > atMs);
  }

  /** The routes with the most answers of the last minutes. */
  routeRows(nowMs: number): readonly RouteRow[] {
    return [...this.#routes.values()]
      .flatMap((routes) => [...routes.entries()].map(([, route]) => route))
      .filter(({ answers }) => answers > 0)
      .sort((a, b) => b.answers - a.answers)
      .slice(0, ROWS_MAX)
      .map(({ bot, label, answers, errors, queue, discord }) => ({
        bot,
        label,
        answers,
        errors,
        queueP95Ms: queue.percentile(0.95, nowMs),
        discordP95Ms: discord.percentile(0.95, nowMs),
      }));
  }

  /** Who waits or was here lately, those who wait first. */
  callerRows(waiting: SchedulerSnapshot["callers"]): readonly CallerRow[] {
    const rows = new Map<string, CallerRow>();
    for (const [caller, { sent, refused }] of this.#callers.entries()) {
      rows.set(caller, { caller, waiting: 0, sent, refused });
    }
    for (const { name, waiting: count } of waiting) {
      const { sent, refused } = this.#callers.get(name) ?? NOTHING;
      rows.set(name, { caller: name, waiting: count, sent, refused });
    }
    return [...rows.values()]
      .sort((a, b) => b.waiting - a.waiting || b.sent - a.sent)
      .slice(0, ROWS_MAX);
  }

  /** What was counted since the last point, and begins anew. */
  #countsUntil(
    nowMs: number,
  ): Pick<Point, keyof typeof NO_COUNTS> {
    const elapsedMs = nowMs - this.#sampledAtMs;
    const counts = this.#counts;
    this.#sampledAtMs = nowMs;
    this.#counts = { ...NO_COUNTS };
    if (elapsedMs > GAP_MS) return UNCOUNTED;
    const rate = counts.sent / Math.max(elapsedMs, 1) * 1_000;
    return { ...counts, sent: Math.round(rate * 10) / 10 };
  }

  #answered(fact: Extract<Fact, { kind: "answered" }>, nowMs: number): void {
    const { bot, label, status, waitMs, sendMs } = fact;
    const route = this.#routeOf(bot, label);
    route.answers++;
    this.#counts.answered++;
    if (status >= 500) this.#counts.failed++;
    if (status >= 500 || status === 429) route.errors++;
    route.queue.add(waitMs, nowMs);
    route.discord.add(sendMs, nowMs);
    this.#queue.add(waitMs, nowMs);
    this.#discord.add(sendMs, nowMs);
  }

  #routeOf(bot: string, label: string): RouteTally {
    const routes = this.#routesOf(bot);
    let tally = routes.get(label);
    if (tally === undefined) {
      tally = {
        bot,
        label,
        answers: 0,
        errors: 0,
        queue: new RecentDurations(TABLE_SLOT_MS, TABLE_SLOTS),
        discord: new RecentDurations(TABLE_SLOT_MS, TABLE_SLOTS),
      };
      routes.set(label, tally);
    }
    return tally;
  }

  /** Bots are few: those that are configured, and two names for all others. */
  #routesOf(bot: string): RecentMap<string, RouteTally> {
    let routes = this.#routes.get(bot);
    if (routes === undefined) {
      routes = new RecentMap(REMEMBERED);
      this.#routes.set(bot, routes);
    }
    return routes;
  }

  #callerOf(caller: string): CallerTally {
    let tally = this.#callers.get(caller);
    if (tally === undefined) {
      tally = { sent: 0, refused: 0 };
      this.#callers.set(caller, tally);
    }
    return tally;
  }

  #tell(incident: Incident): void {
    this.#incidents.push(incident);
    if (this.#incidents.length > INCIDENTS_MAX) this.#incidents.shift();
  }
}

const NOTHING: CallerTally = { sent: 0, refused: 0 };
