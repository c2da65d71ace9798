import type { Result } from "./measure.ts";

const COLUMNS = [
  "case",
  "subject",
  "ideal",
  "measured",
  "ratio",
  "reach",
  "not 2xx",
  "429s",
  "order",
  "reached",
] as const;

const WIDTHS: readonly number[] = [22, 10, 8, 10, 7, 6, 16, 26, 10, 7];

/** The first two lines of a table that is Markdown and lines up in a terminal. */
export function headLines(): string {
  const rule = WIDTHS.map((width) => "-".repeat(width));
  return `${lineOf(COLUMNS)}\n${lineOf(rule)}`;
}

/** One row. */
export function rowOf(result: Result): string {
  const { benchCase, subject, tookMs, isComplete } = result;
  const mark = isComplete ? "" : "> ";
  return lineOf([
    benchCase.name,
    subject,
    seconds(benchCase.idealMs),
    mark + seconds(tookMs),
    `${mark}${ratioOf(result).toFixed(3)}`,
    benchCase.reach.toFixed(2),
    list([...result.failed].map(([status, count]) => `${count} x ${status}`)),
    list(
      Object.entries(result.limited)
        .filter(([, count]) => count > 0)
        .map(([scope, count]) => `${count} ${scope}`),
    ),
    orderOf(result),
    isReached(result) ? "yes" : "no",
  ]);
}

/** Whether the subject fulfilled everything that the case asks for. */
export function isReached(result: Result): boolean {
  const { benchCase, isComplete, failed, limited } = result;
  const limitedCount = Object.values(limited).reduce((sum, n) => sum + n, 0);
  return isComplete && failed.size === 0 &&
    ratioOf(result) <= benchCase.reach &&
    result.doubled === 0 &&
    (!benchCase.isOrdered || result.reordered === 0) &&
    (!benchCase.isQuiet || limitedCount === 0);
}

function ratioOf({ tookMs, benchCase }: Result): number {
  return tookMs / benchCase.idealMs;
}

function orderOf({ benchCase, reordered, doubled }: Result): string {
  if (doubled > 0) return `${doubled} twice`;
  if (!benchCase.isOrdered) return "";
  return reordered > 0 ? `${reordered} late` : "kept";
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

function list(parts: readonly string[]): string {
  return parts.length === 0 ? "0" : parts.join(", ");
}

function lineOf(cells: readonly string[]): string {
  const padded = cells.map((cell, index) => cell.padEnd(WIDTHS[index] ?? 0));
  return `| ${padded.join(" | ")} |`;
}
