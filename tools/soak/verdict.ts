import type { AuditReport } from "../../sim/server.ts";
import type { Inside } from "./inside.ts";
import { type Flatness, isFlat, type Point, trendOf } from "./trend.ts";

/** What was measured at the end of one second. */
export interface Sample {
  readonly atS: number;
  readonly residentBytes: number;
  readonly sockets: number;
  readonly handles: number;
  readonly threads: number;
  /** Of one processor. */
  readonly cpuPercent: number;
  /** Calls without an answer. */
  readonly waiting: number;
}

/** What the process reported about itself at one moment. */
export type InsideSample = Inside & { readonly atS: number };

/** Everything that was measured. */
export interface Observations {
  readonly samples: readonly Sample[];
  readonly insides: readonly InsideSample[];
}

const MIB = 1024 * 1024;

/** Until then pools fill, code is compiled and limits are learnt. */
const WARM_UP_SHARE = 0.25;
const WARM_UP_S_MIN = 15;

type Name = Exclude<keyof Sample | keyof InsideSample, "atS">;

/**
 * What may rise between warm-up and end, as the line of least squares has it.
 *
 * What is live tells a leak best: half a kilobyte a request would be 7 MiB in
 * the minute's run, 45 bytes a request 6 MiB in ten minutes. It may rise a
 * little because answers to callers that left are kept for a minute. Resident
 * memory is coarse: V8 takes room in leaps and gives it back late. Sockets are,
 * too: when the machine stalls for half a second, callers and proxy open some
 * 150 and keep them for a while, each with a timer; a leak of sockets or timers
 * shows at the end.
 */
const FLAT: Readonly<Record<Name, Flatness>> = {
  liveBytes: { share: 0.1, amount: 4 * MIB },
  timers: { share: 0, amount: 150 },
  residentBytes: { share: 0.15, amount: 64 * MIB },
  sockets: { share: 0, amount: 150 },
  handles: { share: 0, amount: 150 },
  threads: { share: 0, amount: 1 },
  cpuPercent: { share: 0.1, amount: 5 },
  waiting: { share: 0.2, amount: 20 },
};

/** One line of the verdict. */
export interface Finding {
  readonly isFine: boolean;
  readonly text: string;
}

/** Says for every measured value whether it stayed flat. */
export function judgeTrends(seen: Observations): Finding[] {
  const warmS = warmSecondsOf(seen);
  const names = Object.keys(FLAT) as Name[];
  return names.map((name) => {
    const points = pointsOf(seen, name).filter(({ atS }) => atS >= warmS);
    return judgeTrend(name, points, warmS);
  });
}

function warmSecondsOf({ samples }: Observations): number {
  const endS = samples.at(-1)?.atS ?? 0;
  return Math.max(WARM_UP_S_MIN, endS * WARM_UP_SHARE);
}

function pointsOf({ samples, insides }: Observations, name: Name): Point[] {
  return name === "liveBytes" || name === "timers"
    ? insides.map((inside) => ({ atS: inside.atS, value: inside[name] }))
    : samples.map((sample) => ({ atS: sample.atS, value: sample[name] }));
}

/** Live bytes at the end of the warm-up; 0 where they were not measured. */
export function warmBytes(seen: Observations): number {
  const warmS = warmSecondsOf(seen);
  return seen.insides.find(({ atS }) => atS >= warmS)?.liveBytes ?? 0;
}

function judgeTrend(
  name: Name,
  points: readonly Point[],
  warmS: number,
): Finding {
  const trend = trendOf(points);
  // A value that was never measured does not count as flat.
  const isFine = points.length > 1 && isFlat(trend, FLAT[name]);
  const shown = (value: number) =>
    name.endsWith("Bytes") ? inMebibytes(value) : value.toFixed(1);
  const verdict = isFine ? "flat" : "NOT FLAT";
  return {
    isFine,
    text: `${name}: mean ${shown(trend.mean)}, rises by ${
      shown(trend.rise)
    } after ${warmS.toFixed(0)} s (${points.length} points): ${verdict}`,
  };
}

function inMebibytes(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}

/** How the simulated Discord was doing itself. */
export interface SimHealth {
  readonly globalLimitPerSecond: number;
  /** How long it stood still in all. */
  readonly stalledMs: number;
}

/**
 * Says whether Discord's limits were kept, and every request was executed once.
 * What comes while the simulated Discord stands still it counts at once when it
 * goes on, together with the next second's: so many 429s are its own.
 */
export function judgeAudit(report: AuditReport, sim: SimHealth): Finding[] {
  const { user, global, cloudflare } = report.limited;
  const by = Object.keys(report.limitedBy).join(", ");
  const ofItsOwn = Math.ceil(sim.globalLimitPerSecond * sim.stalledMs / 1_000);
  return [
    {
      isFine: user + cloudflare + Math.max(0, global - ofItsOwn) === 0,
      text: `429s: user ${user}, global ${global}, cloudflare ${cloudflare}` +
        `${by === "" ? "" : ` by ${by}`} ` +
        `(and ${report.limited.shared} shared, faults that were put in; the ` +
        `simulated Discord stood still for ${sim.stalledMs} ms, which may be ` +
        `${ofItsOwn} global ones)`,
    },
    {
      isFine: report.doubled.length === 0,
      text: `writes done twice: ${report.doubled.length}`,
    },
  ];
}

/** Answers with a wrong status, by kind of call and status. */
export type Odd = ReadonlyMap<string, number>;

/**
 * What the faults that are put in may look like to a caller: Discord's own 500
 * and 502, 408 and 504 where its answer is missing, and 0 where it broke off.
 */
const OF_FAULTS = new Set(["0", "408", "500", "502", "504"]);

/** Says whether callers saw any answer that neither the call nor the injected faults explain. */
export function judgeAnswers(odd: Odd): Finding[] {
  const unexplained = [...odd].filter(([name]) =>
    !OF_FAULTS.has(name.split(" ").at(-1) ?? "")
  );
  const told = unexplained.map(([name, count]) => `, ${name}: ${count}`);
  return [{
    isFine: unexplained.length === 0,
    text: `answers that no fault explains: ${unexplained.length}${
      told.join("")
    }`,
  }];
}

/** What is counted while there are no requests. */
export interface Ends extends Inside {
  readonly handles: number;
}

/** A few more open files are allowed: the event loop opens and closes some of its own. */
export const HANDLES_SLACK = 8;

/** One each goes on for a while: the listener's look at its port, the upload time-outs', the minute's line, undici's. */
const TIMERS_SLACK = 4;

/** Allowed growth, as a share of the heap after the warm-up: code is still compiled and limits still learnt. */
const LIVE_SLACK: Flatness = { share: 0.1, amount: 4 * MIB };

/** Says whether anything was left over after the last request and the last caller. */
export function judgeEnd(
  waiting: number,
  before: Ends,
  after: Ends,
): Finding[] {
  const rise = after.liveBytes - before.liveBytes;
  return [
    {
      isFine: waiting === 0,
      text: `calls without an answer at the end: ${waiting}`,
    },
    {
      isFine: after.handles <= before.handles + HANDLES_SLACK,
      text:
        `handles before the load: ${before.handles}, after: ${after.handles}`,
    },
    {
      isFine: after.timers <= before.timers + TIMERS_SLACK,
      text: `timers before the load: ${before.timers}, after: ${after.timers}`,
    },
    {
      isFine: isFlat({ mean: before.liveBytes, rise }, LIVE_SLACK),
      text: `live when warm: ${inMebibytes(before.liveBytes)}, after: ${
        inMebibytes(after.liveBytes)
      }`,
    },
  ];
}
