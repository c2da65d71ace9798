import type { AuditReport } from "../../sim/server.ts";
import { type Flatness, isFlat, type Point, trendOf } from "./trend.ts";

/** What was seen at the end of one second. */
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

/** Everything that was seen. */
export interface Observations {
  readonly samples: readonly Sample[];
  /** Bytes that were still in use after each full garbage collection. */
  readonly liveHeap: readonly Point[];
}

const MIB = 1024 * 1024;

/** Until then pools fill, code is compiled and limits are learnt. */
const WARM_UP_SHARE = 0.25;
const WARM_UP_S_MIN = 15;

type Name = Exclude<keyof Sample, "atS"> | "liveHeap";

/**
 * What may rise between warm-up and end, as the line of least squares has it.
 *
 * What is live on the heap tells a leak best: half a kilobyte a request would
 * be 7 MiB in the minute's run, 45 bytes a request 6 MiB in ten minutes. It may
 * rise a little because answers to callers that left are kept for a minute.
 * Resident memory is coarse: V8 takes room in leaps and gives it back late.
 * Sockets are, too: when the machine stalls for half a second, callers and
 * proxy open some 150 and keep them for a while; a leak shows at the end.
 */
const FLAT: Readonly<Record<Name, Flatness>> = {
  liveHeap: { share: 0.1, amount: 4 * MIB },
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

/** Says of everything that was watched whether it stayed flat. */
export function judgeTrends(seen: Observations): Finding[] {
  const endS = seen.samples.at(-1)?.atS ?? 0;
  const warmS = Math.max(WARM_UP_S_MIN, endS * WARM_UP_SHARE);
  const names = Object.keys(FLAT) as Name[];
  return names.map((name) => {
    const points = pointsOf(seen, name).filter(({ atS }) => atS >= warmS);
    return judgeTrend(name, points, warmS);
  });
}

function pointsOf({ samples, liveHeap }: Observations, name: Name): Point[] {
  if (name === "liveHeap") return [...liveHeap];
  return samples.map((sample) => ({ atS: sample.atS, value: sample[name] }));
}

function judgeTrend(
  name: Name,
  points: readonly Point[],
  warmS: number,
): Finding {
  const trend = trendOf(points);
  // Of what was never seen nothing can be said.
  const isFine = points.length > 1 && isFlat(trend, FLAT[name]);
  const isBytes = name === "liveHeap" || name === "residentBytes";
  const shown = (value: number) =>
    isBytes ? `${(value / MIB).toFixed(1)} MiB` : value.toFixed(1);
  const verdict = isFine ? "flat" : "NOT FLAT";
  return {
    isFine,
    text: `${name}: mean ${shown(trend.mean)}, rises by ${
      shown(trend.rise)
    } after ${warmS.toFixed(0)} s (${points.length} points): ${verdict}`,
  };
}

/** Says whether Discord was treated as it wants, and everything was done once. */
export function judgeAudit(report: AuditReport): Finding[] {
  const { user, global, cloudflare } = report.limited;
  const by = Object.keys(report.limitedBy).join(", ");
  return [
    {
      isFine: user + global + cloudflare === 0,
      text: `429s: user ${user}, global ${global}, cloudflare ${cloudflare}` +
        `${by === "" ? "" : ` by ${by}`} ` +
        `(and ${report.limited.shared} shared, faults that were put in)`,
    },
    {
      isFine: report.doubled.length === 0,
      text: `writes done twice: ${report.doubled.length}`,
    },
  ];
}

/** Some files later: the event loop's own come and go. */
export const HANDLES_SLACK = 8;

/** Says whether anything was left over once nothing more was asked and nobody was there. */
export function judgeEnd(
  waiting: number,
  handlesBefore: number,
  handlesAfter: number,
): Finding[] {
  return [
    {
      isFine: waiting === 0,
      text: `calls without an answer at the end: ${waiting}`,
    },
    {
      isFine: handlesAfter <= handlesBefore + HANDLES_SLACK,
      text: `handles before the load: ${handlesBefore}, after: ${handlesAfter}`,
    },
  ];
}
