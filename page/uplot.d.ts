/** Numbers by row: the first are the moments, the others the lines. */
export type ChartData = ReadonlyArray<ReadonlyArray<number | null>>;

export default class uPlot {
  constructor(options: object, data: ChartData, into: unknown);
  setData(data: ChartData): void;
  setSize(size: Readonly<Record<"width" | "height", number>>): void;
  destroy(): void;
}
