import type { FactSink } from "../domain/fact.ts";

const PLACE = /\b((?:rest|client)\/[\w/.-]+\.ts:\d+:\d+)/;

/**
 * Tells a bug in words that are safe to log: what kind of error and where in
 * our code. Its message stays out, for it may quote a URL with a token in it.
 */
function faultOf(error: unknown): string {
  if (!(error instanceof Error)) return `a thrown ${typeof error}`;
  const place = PLACE.exec(error.stack ?? "")?.[1];
  return place === undefined ? error.name : `${error.name} at ${place}`;
}

/** Tells operators of a bug. */
export function tellFault(facts: FactSink, error: unknown): void {
  facts({ kind: "warning", message: `Fault of our own: ${faultOf(error)}` });
}
