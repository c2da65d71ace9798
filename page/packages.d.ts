/**
 * As much of the page's packages as it uses. Their own declarations bring the
 * browser's library along, whose globals differ from the runtime's.
 */

/** Something that can be shown. */
export interface Element {
  readonly type: unknown;
}

export type Child =
  | Element
  | string
  | number
  | null
  | undefined
  | readonly Child[];

export function render(what: Child, into: unknown): void;

/** Markup: `` html`<p>${text}</p>` ``. */
export function html(
  markup: TemplateStringsArray,
  ...values: unknown[]
): Element;

export interface Signal<T> {
  value: T;
  peek(): T;
}

export function signal<T>(value: T): Signal<T>;
export function computed<T>(read: () => T): { readonly value: T };
export function effect(act: () => void): () => void;

/** Numbers by row: the first are the moments, the others the lines. */
export type ChartData = ReadonlyArray<ReadonlyArray<number | null>>;

export default class uPlot {
  constructor(options: object, data: ChartData, into: unknown);
  setData(data: ChartData): void;
  setSize(size: { readonly width: number; readonly height: number }): void;
  destroy(): void;
}
