import { withdraw } from "./flow.ts";
import type { Identity, State, Waiting } from "./state.ts";
import { wakeAt } from "./wakes.ts";

/** A rejected token is asked about again this often: it may be reset back, or Discord may have erred. */
const PROBE_EVERY_MS = 60_000;

/**
 * A 401 on the bot's own token proves nothing by itself (some routes answer it
 * for their own reasons): `GET /users/@me` is asked once, and only its 401
 * locks the identity.
 */
export function noteUnauthorized(state: State, waiting: Waiting): void {
  const { identity } = waiting.lane;
  const { ask } = waiting;
  if (!ask.isOwnToken || ask.route.lane !== "bot") return;
  if (identity.token !== "unproven") return;
  identity.token = "checking";
  state.tokenChecks.push(identity.id);
}

/** Takes in what the check found. */
export function noteChecked(
  state: State,
  identity: Identity,
  isRejected: boolean | undefined,
  nowMs: number,
): void {
  const wasRejected = identity.token === "rejected";
  if (isRejected === true || (isRejected === undefined && wasRejected)) {
    identity.token = "rejected";
    wakeAt(state, identity, nowMs + PROBE_EVERY_MS);
    if (!wasRejected) refuseAll(state, identity, nowMs);
    return;
  }
  identity.token = "unproven";
  wakeAt(state, identity, undefined);
}

/** How long a caller of a rejected identity is told to stay away. */
export function nextCheckInMs(identity: Identity, nowMs: number): number {
  return Math.max(1_000, (identity.wake?.atMs ?? nowMs) - nowMs);
}

function refuseAll(state: State, identity: Identity, nowMs: number): void {
  state.warnings.push(
    `Discord rejects the token of ${identity.id}: its requests are refused until it is accepted again`,
  );
  for (const waiting of [...state.waiting.values()]) {
    if (waiting.lane.identity !== identity || waiting.state === "leased") {
      continue;
    }
    refuseFor(state, waiting, nowMs);
  }
}

/** Refuses one request because its token is rejected. */
export function refuseFor(
  state: State,
  waiting: Waiting,
  nowMs: number,
): void {
  withdraw(state, waiting, nowMs);
  state.refused.push({
    id: waiting.ask.id,
    refused: {
      code: "token_rejected",
      message: "Cannot send request: Discord rejects the bot's token",
      retryAfterMs: PROBE_EVERY_MS,
    },
  });
}
