import type { Owners } from "../domain/owners.ts";
import type { Clock } from "../domain/ports.ts";

/** How often it is looked whether a former owner still says anything; and the time in which it says so when what it had in flight has ended. */
export const FORMER_OWNER_MS = 1_000;

/** Whose former owner is waited for. */
export interface FormerOwner {
  readonly id: string;
  /** How long it has, if it goes on answering. */
  readonly forMs: number;
  readonly onOver: () => void;
}

/**
 * Waits for what a proxy that is the owner no more has in flight, unless it does
 * not answer any more: a network that swallows everything tells nobody. Returns
 * how to call it off.
 */
export function awaitFormerOwner(
  { owners, clock }: { readonly owners: Owners; readonly clock: Clock },
  { id, forMs, onOver }: FormerOwner,
): () => void {
  const untilMs = clock.nowMs() + forMs;
  let callOff = () => {};
  const wait = () => {
    const nextMs = Math.min(untilMs, clock.nowMs() + FORMER_OWNER_MS);
    callOff = clock.wakeAt(nextMs, () => {
      const isOver = clock.nowMs() >= untilMs || owners.isSilent?.(id);
      if (isOver) onOver();
      else wait();
    });
  };
  wait();
  return () => callOff();
}
