import type { Urgency } from "../../domain/urgency.ts";
import { sharesField } from "../limits/sub_limits.ts";
import type { Identity, Lane, OrderGroup, Waiting } from "../state.ts";
import type { Ask } from "../types.ts";

/**
 * Order groups: the POSTs of a route and channel, writes of one path, the
 * reactions of a channel leave one after the other's answer. At most one
 * member at a time is on its way (`current`). Members parked behind a hidden
 * sub-limit let later ones pass that share no field with them.
 */

/** Members looked past while parked ones stand at the head; beyond it the rest waits its turn. */
const LOOK_AHEAD_MAX = 256;

/** The group a request would join, if others are in it. */
export function groupOf(
  ask: Ask,
  lane: Lane,
): OrderGroup | undefined {
  const key = groupKeyOf(ask);
  if (key === undefined) return undefined;
  return lane.identity.groups.get(key)?.get(ask.route.orderPlace);
}

/** Puts a request at the end of its order group, where it has one. */
export function joinGroup(waiting: Waiting, ask: Ask): void {
  const { lane, line } = waiting;
  const key = groupKeyOf(ask);
  if (key === undefined) return;
  const group = groupOf(ask, lane) ??
    newGroup(lane.identity, key, ask.route.orderPlace, line.routeKey);
  waiting.group = group;
  if (group.first !== undefined) group.perUrgency ??= countsOf(group.first);
  waiting.before = group.last;
  if (group.last === undefined) group.first = waiting;
  else group.last.after = waiting;
  group.last = waiting;
  group.size++;
  if (line.routeKey !== group.routeKey) group.strangers++;
  shiftUrgency(group, waiting.ownUrgency, 1);
}

/** Takes a request out of its order group. */
export function leaveGroup(waiting: Waiting): void {
  const { group, lane, line } = waiting;
  if (group === undefined) return;
  if (waiting.before === undefined) group.first = waiting.after;
  else waiting.before.after = waiting.after;
  if (waiting.after === undefined) group.last = waiting.before;
  else waiting.after.before = waiting.before;
  waiting.before = undefined;
  waiting.after = undefined;
  waiting.group = undefined;
  group.size--;
  if (line.routeKey !== group.routeKey) group.strangers--;
  shiftUrgency(group, waiting.ownUrgency, -1);
  if (group.current === waiting) group.current = undefined;
  if (group.size === 0) forgetGroup(lane.identity, group);
}

function newGroup(
  { groups }: Identity,
  key: string,
  place: string,
  routeKey: string,
): OrderGroup {
  const group: OrderGroup = {
    key,
    place,
    first: undefined,
    last: undefined,
    size: 0,
    routeKey,
    strangers: 0,
    perUrgency: undefined,
    current: undefined,
  };
  const places = groups.get(key);
  if (places === undefined) groups.set(key, new Map([[place, group]]));
  else places.set(place, group);
  return group;
}

function forgetGroup({ groups }: Identity, { key, place }: OrderGroup): void {
  const places = groups.get(key);
  places?.delete(place);
  if (places?.size === 0) groups.delete(key);
}

function groupKeyOf({ isOrdered, route }: Ask): string | undefined {
  return isOrdered ? route.orderKey : undefined;
}

/** The member that may go next, if none is on its way; it becomes the current one. */
export function nextOfGroup(group: OrderGroup): Waiting | undefined {
  if (group.current !== undefined) return undefined;
  const passed: Waiting[] = [];
  let member = group.first;
  while (member !== undefined && passed.length < LOOK_AHEAD_MAX) {
    const candidate = member;
    const isFree = candidate.state === "held" &&
      !passed.some((earlier) => sharesField(earlier, candidate));
    if (isFree) {
      group.current = candidate;
      candidate.urgency = inheritedUrgency(group, candidate);
      return candidate;
    }
    passed.push(candidate);
    member = candidate.after;
  }
  return undefined;
}

/** The most urgent of a member's own urgency and that of everybody behind the head. */
export function inheritedUrgency(
  group: OrderGroup,
  waiting: Waiting,
): Urgency {
  const { perUrgency } = group;
  if (perUrgency === undefined) return waiting.urgency;
  for (let urgency = 0; urgency < waiting.urgency; urgency++) {
    if ((perUrgency[urgency] ?? 0) > 0) return urgency as Urgency;
  }
  return waiting.urgency;
}

/** Notes that a group has `by` more members of this urgency, where it keeps count. */
export function shiftUrgency(
  { perUrgency }: OrderGroup,
  urgency: Urgency,
  by: number,
): void {
  if (perUrgency === undefined) return;
  perUrgency[urgency] = (perUrgency[urgency] ?? 0) + by;
}

/** The counts of a group with one member. */
function countsOf({ ownUrgency }: Waiting): number[] {
  const perUrgency = [0, 0, 0, 0, 0, 0, 0, 0];
  perUrgency[ownUrgency] = 1;
  return perUrgency;
}
