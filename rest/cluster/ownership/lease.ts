import type { OwnerLease } from "../../domain/owners.ts";
import type { State } from "./state.ts";
import { GUARD_MS, LEASE_MS } from "./timing.ts";

/** The lease by which a scope is owned, here or elsewhere; undefined: nobody owns it. */
export function leaseOf(
  state: State,
  scope: string,
  nowMs: number,
): OwnerLease | undefined {
  const one = state.scopes.get(scope);
  if (one?.mine !== undefined) {
    const { epoch, leaseUntilMs } = one.mine;
    return { epoch, ageMs: nowMs - (leaseUntilMs + GUARD_MS - LEASE_MS) };
  }
  if (one?.record?.ownerId === undefined) return undefined;
  return { epoch: one.record.epoch, ageMs: nowMs - one.unchangedSinceMs };
}
