import type { Line, State } from "../state.ts";

/** Names a line that there is not yet. */
export function formerSubName(
  identityId: string,
  routeKey: string,
  major: string,
): string {
  return `${identityId} ${routeKey} ${major}`;
}

/** Gives a new line the sub-limits that the process before this one met in it. */
export function takeFormerSubs(state: State, line: Line): void {
  const { subs } = state.former;
  if (subs.size === 0) return;
  const { lane, routeKey, major } = line;
  const name = formerSubName(lane.identity.id, routeKey, major);
  const former = subs.get(name);
  if (former === undefined) return;
  subs.delete(name);
  line.subs = former.map(({ fields, counter }) => ({
    kind: "sub",
    line,
    fields,
    counter,
    admitted: new Set(),
    parked: [],
    wake: undefined,
  }));
}
