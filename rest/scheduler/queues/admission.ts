import { isKeyless, KEYLESS_SHARE } from "../../domain/caller.ts";
import type { ApiKey, Caller } from "./callers.ts";
import { callersIn, waitingOf } from "./occupancy.ts";
import type { Line, State } from "../state.ts";
import { forgetIdleFor } from "./sweep.ts";
import type { Ask, Refused } from "../types.ts";

/**
 * Bounds on what may wait, and who is refused when one is reached: whoever
 * holds much of it, not whoever comes then.
 */

/** When to come back to a full queue: by then some of it has surely left. */
const OVERLOADED_RETRY_MS = 1_000;

/**
 * Where several keys share the queue, each may hold so many times what is left
 * free. One that floods ends at four fifths, two end at four ninths each: there
 * is always room for one more.
 */
const KEY_SHARE_OF_FREE = 4;

/** Whether there is room for a request in the queue as a whole. */
export function refuseForRoom(
  state: State,
  ask: Ask,
  caller: Caller,
): Refused | undefined {
  const { key } = caller;
  const { waitingMax, bytesMax, isInvalidShared } = state.options;
  const waitingCount = state.waiting.size - state.inFlight;
  const free = waitingMax - waitingCount - 1;
  if (free < 0) return overloaded(`${waitingCount} requests wait already`);
  const bytesFree = bytesMax - state.bytes - ask.bytes;
  if (ask.bytes > 0 && bytesFree < 0) {
    return overloaded(`${state.bytes} bytes of bodies wait already`);
  }
  if (isKeyless(caller.name)) return refuseKeyless(state, ask, caller.key);
  // Keys' shares of what fails and of what waits go together: one key has both to itself.
  if (!isInvalidShared) return undefined;
  if (key.waiting > KEY_SHARE_OF_FREE * free) {
    return overloaded(`${key.waiting} requests of this key wait already`);
  }
  if (ask.bytes > 0 && key.bytes > KEY_SHARE_OF_FREE * bytesFree) {
    return overloaded(`${key.bytes} bytes of this key's bodies wait already`);
  }
  return undefined;
}

/** Callers without a key share a part of the queue, whatever else is free: the others need the rest. */
function refuseKeyless(
  { options: { waitingMax, bytesMax } }: State,
  { bytes }: Ask,
  key: ApiKey,
): Refused | undefined {
  if (key.waiting >= waitingMax * KEYLESS_SHARE) {
    return overloaded(`${key.waiting} requests without a key wait already`);
  }
  if (bytes > 0 && key.bytes + bytes > bytesMax * KEYLESS_SHARE) {
    return overloaded(
      `${key.bytes} bytes of bodies without a key wait already`,
    );
  }
  return undefined;
}

/**
 * Whether there is room in its line. A full one refuses callers that hold their
 * share of it, the bound divided by those who wait there; others may come still,
 * up to theirs.
 */
export function refuseForLine(
  state: State,
  line: Line,
  caller: Caller,
): Refused | undefined {
  const { lineWaitingMax } = state.options;
  if (line.waiting < lineWaitingMax) return undefined;
  const own = waitingOf(line, caller);
  const callers = callersIn(line) + (own === 0 ? 1 : 0);
  // Names of clients can be made up: of more than the bound, none has a share.
  if (own < Math.floor(lineWaitingMax / callers)) return undefined;
  const count = own === 0 ? line.waiting : own;
  const whose = own === line.waiting || own === 0 ? "" : " of this caller";
  return overloaded(`${count} requests${whose} wait for ${line.label}`);
}

/** Whether there is room for another line. */
export function refuseForLines(
  state: State,
  nowMs: number,
): Refused | undefined {
  const { linesMax } = state.options;
  if (state.lines.size < linesMax) return undefined;
  forgetIdleFor(state, nowMs, 0);
  if (state.lines.size < linesMax) return undefined;
  return overloaded(`${state.lines.size} buckets are in use`);
}

function overloaded(what: string): Refused {
  return {
    code: "overloaded",
    message: `Cannot queue request: ${what}`,
    retryAfterMs: OVERLOADED_RETRY_MS,
  };
}
