/** One measured value. */
export interface Point {
  readonly atS: number;
  readonly value: number;
}

/** A straight line through points, by least squares. */
export interface Trend {
  readonly mean: number;
  /** How much the line rises from the first point to the last; negative when it falls. */
  readonly rise: number;
}

export function trendOf(points: readonly Point[]): Trend {
  const mean = average(points.map(({ value }) => value));
  const meanS = average(points.map(({ atS }) => atS));
  let together = 0;
  let square = 0;
  for (const { atS, value } of points) {
    together += (atS - meanS) * (value - mean);
    square += (atS - meanS) ** 2;
  }
  const slope = square === 0 ? 0 : together / square;
  const spanS = (points.at(-1)?.atS ?? 0) - (points[0]?.atS ?? 0);
  return { mean, rise: slope * spanS };
}

/** How much a line may rise and still count as flat. */
export interface Flatness {
  /** Of the mean. */
  readonly share: number;
  /** In addition, for values that are small or coarse. */
  readonly amount: number;
}

export function isFlat(
  { mean, rise }: Trend,
  { share, amount }: Flatness,
): boolean {
  return rise <= Math.abs(mean) * share + amount;
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) /
    Math.max(1, values.length);
}
