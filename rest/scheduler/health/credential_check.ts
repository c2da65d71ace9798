import { withdraw } from "../flow.ts";
import type { Identity, State, Waiting } from "../state.ts";
import type { Refused } from "../types.ts";
import { tokenMs } from "./rejections.ts";
import { wakeAt } from "../queues/wakes.ts";

/** A rejected token is asked about again this often: it may be reset back, or Discord may have erred. */
const PROBE_EVERY_MS = 60_000;

const NONE: never[] = [];

/** What a check goes by as the breaker's probe: no request has this id. */
const CHECK_PROBE_ID = -1;

/** A token that is asked about itself is told the truth. */
const ABOUT_ITSELF: ReadonlySet<string> = new Set([
  "GET /users/@me",
  "GET /oauth2/@me",
]);

/**
 * A 401 proves nothing by itself (some routes answer it for their own reasons):
 * Discord is asked once about the token, and only that 401 locks the identity.
 */
export function noteUnauthorized(
  state: State,
  { lane, label }: Waiting,
  nowMs: number,
): void {
  const { identity } = lane;
  if (lane.name !== "bot" || identity.id === "none") return;
  if (identity.credential !== "unproven") return;
  if (!identity.isOwn && ABOUT_ITSELF.has(label)) {
    reject(state, identity, nowMs);
    return;
  }
  identity.credential = "checking";
  state.credentialChecks.push(identity.id);
}

/**
 * Takes the checks that may be sent now: none through a Cloudflare block, which
 * one of our own would prolong like any other. When the block's time is over,
 * and no request goes first, one of them is the probe.
 */
export function takeChecks(state: State, nowMs: number): readonly string[] {
  const { credentialChecks, breaker } = state;
  if (credentialChecks.length === 0) return NONE;
  if (breaker.state === "closed") return credentialChecks.splice(0);
  if (breaker.opensAtMs(nowMs) > 0) return NONE;
  state.checkProbe = credentialChecks[0];
  breaker.leased(CHECK_PROBE_ID);
  return credentialChecks.splice(0, 1);
}

/** When a check that is held back may be sent; Infinity: an answer has to come first. */
export function nextCheckAtMs(state: State): number {
  const { credentialChecks, breaker } = state;
  if (credentialChecks.length === 0 || breaker.state !== "open") {
    return Infinity;
  }
  return breaker.untilMs ?? Infinity;
}

/** Takes in what the check found. */
export function noteChecked(
  state: State,
  identity: Identity,
  isRejected: boolean | undefined,
  nowMs: number,
): void {
  if (state.checkProbe === identity.id) {
    state.checkProbe = undefined;
    if (isRejected === undefined) state.breaker.lost(CHECK_PROBE_ID);
    else state.breaker.passed(CHECK_PROBE_ID);
  }
  const wasRejected = identity.credential === "rejected";
  if (isRejected === true || (isRejected === undefined && wasRejected)) {
    reject(state, identity, nowMs);
    return;
  }
  identity.credential = "unproven";
  if (isRejected === false) {
    identity.rejections = 0;
    identity.isProven = true;
  }
  wakeAt(state, identity, undefined);
}

/** Refuses all that comes with this token, until Discord is asked again. */
function reject(state: State, identity: Identity, nowMs: number): void {
  const wasRejected = identity.credential === "rejected";
  identity.credential = "rejected";
  identity.rejections++;
  const againMs = identity.isOwn
    ? PROBE_EVERY_MS
    : tokenMs(identity.rejections);
  wakeAt(state, identity, nowMs + againMs);
  if (!wasRejected) refuseAll(state, identity, nowMs);
}

/** A rejected token's time is over: ours is asked about, a caller's may try. */
export function recheck(state: State, identity: Identity): void {
  if (identity.isOwn) state.credentialChecks.push(identity.id);
  else identity.credential = "unproven";
}

/** What is told to whoever sends with a rejected token. */
export function refusalOfToken(identity: Identity, nowMs: number): Refused {
  const retryAfterMs = Math.max(1_000, (identity.wake?.atMs ?? nowMs) - nowMs);
  return identity.isOwn
    ? {
      code: "token_rejected",
      message: "Cannot send request: Discord rejects the bot's token",
      retryAfterMs,
    }
    : {
      code: "token_unauthorized",
      message: "Discord rejects the token that this request brings",
      retryAfterMs,
    };
}

function refuseAll(state: State, identity: Identity, nowMs: number): void {
  if (identity.isOwn) {
    state.warnings.push(
      `Discord rejects the token of ${identity.id}: its requests are refused until it is accepted again`,
    );
  }
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
    id: waiting.id,
    refused: refusalOfToken(waiting.lane.identity, nowMs),
  });
}
