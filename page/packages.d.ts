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

export function h(type: unknown, ...rest: unknown[]): Element;

/** Markup: `` html`<p>${text}</p>` ``. */
export type Html = (
  markup: TemplateStringsArray,
  ...values: unknown[]
) => Element;

export interface Signal<T> {
  value: T;
  peek(): T;
}

export function signal<T>(value: T): Signal<T>;
export function computed<T>(read: () => T): { readonly value: T };
export function batch(act: () => void): void;
export function effect(act: () => void): () => void;
