import type { AuditReport } from "../../sim/server.ts";
import type { Tally } from "./load.ts";
import type { InsideSample, Sample } from "./verdict.ts";

/** Seconds that one row covers. */
export const ROW_S = 10;

const MIB = 1024 * 1024;

export const ROW_HEAD =
  "    s  sent/s  waiting    p50    p99   memory  live heap  timers  sockets  handles  threads  cpu  429 user/global/shared  not as wanted";

/** The last ten seconds in one line. */
export function rowOf(
  sample: Sample,
  inside: InsideSample | undefined,
  tally: Tally,
  { limited }: AuditReport,
): string {
  const sorted = tally.latenciesMs.toSorted((one, other) => one - other);
  const at = (share: number) =>
    `${(sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(0)} ms`;
  const odd = [...tally.odd].sort().map(([name, count]) => `${name}: ${count}`);
  const mib = (bytes = NaN) => `${(bytes / MIB).toFixed(0)} MiB`;
  return [
    sample.atS.toFixed(0).padStart(5),
    (tally.sent / ROW_S).toFixed(0).padStart(7),
    String(sample.waiting).padStart(8),
    at(0.5).padStart(7),
    at(0.99).padStart(7),
    mib(sample.residentBytes).padStart(8),
    mib(inside?.liveBytes).padStart(10),
    String(inside?.timers ?? "?").padStart(7),
    String(sample.sockets).padStart(8),
    String(sample.handles).padStart(8),
    String(sample.threads).padStart(8),
    `${sample.cpuPercent.toFixed(0)} %`.padStart(5),
    ` ${limited.user}/${limited.global}/${limited.shared}`.padEnd(24),
    odd.join(", "),
  ].join(" ");
}
