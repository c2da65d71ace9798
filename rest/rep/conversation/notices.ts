import type { Fact } from "../../domain/fact.ts";
import { push } from "../connections/outbound.ts";
import type { RepState, Step } from "../rep_state.ts";

/** A notice to clients that have opted in (G2). */
export type Notice =
  | { readonly type: "draining"; readonly deadlineMs: number }
  | { readonly type: "invalid-token" }
  /** Seconds, as Discord's own member of that name. */
  | { readonly type: "banned"; readonly retry_after?: number }
  /** Seconds. */
  | { readonly type: "global-limit"; readonly resetAfter: number }
  /** Milliseconds. */
  | {
    readonly type: "waiting";
    readonly route: string;
    readonly reason: string;
    readonly waitedMs: number;
    readonly leavesInMs?: number;
  }
  | { readonly type: "resumed-upstream" };

/** Codes of refusals that all clients are told of, because requests of any client make it worse. */
const BANS: ReadonlySet<string> = new Set(["blocked", "invalid_budget"]);
const BANNED = "banned";

/** Answers to requests that were sent before the problem began arrive within this time and do not prove that it is over. */
const SETTLING_MS = 1_000;

/** Bound on remembered problems, since callers name themselves; beyond it they are told again. */
const TROUBLES_MAX = 1_000;

const MS_PER_S = 1_000;

/** Sends a notice to the clients that have opted in (G1), or only to those of one caller. */
export function notify(step: Step, notice: Notice, caller?: string): void {
  const data = JSON.stringify(notice);
  const text = `{"target":"/_rep/notice","method":"ACTION","data":${data}}`;
  for (const connection of step.state.connections.values()) {
    const { principal, hasOptedIn } = connection;
    if (!hasOptedIn || principal === undefined) continue;
    if (caller !== undefined && principal.callerName !== caller) continue;
    push(step, connection, text);
  }
}

/** Sends notices when a problem begins and when it is over (G2). */
export function noteFact(step: Step, fact: Fact): void {
  if (!isNoteworthy(step.state, fact)) return;
  if (fact.kind === "refused") {
    if (BANS.has(fact.code)) {
      const { retryAfterMs } = fact;
      const notice: Notice = retryAfterMs === undefined
        ? { type: BANNED }
        : { type: BANNED, retry_after: retryAfterMs / MS_PER_S };
      begin(step, BANNED, notice);
    } else if (fact.code === "token_rejected") {
      // Another caller's token may be in perfect health.
      const { caller } = fact;
      begin(step, tokenTrouble(caller), { type: "invalid-token" }, caller);
    }
  } else if (fact.kind === "rate_limited") {
    const { scope, retryAfterMs } = fact;
    if (scope !== "global" || retryAfterMs === undefined) return;
    notify(step, { type: "global-limit", resetAfter: retryAfterMs / MS_PER_S });
  } else if (fact.kind === "long_wait") {
    const { caller, label: route, reason, waitedMs, leavesInMs } = fact;
    const about = { route, reason, waitedMs: Math.round(waitedMs) };
    const known = leavesInMs === undefined
      ? about
      : { ...about, leavesInMs: Math.round(leavesInMs) };
    notify(step, { type: "waiting", ...known }, caller);
  } else if (fact.kind === "answered") {
    // Paths with a token of their own succeed without the bot's token.
    if (fact.status >= 400 || fact.label.includes("_token}")) return;
    end(step, BANNED);
    end(step, tokenTrouble(fact.caller), fact.caller);
  }
}

/** False for facts of every request, which must cost nothing here. */
export function isNoteworthy({ troubles }: RepState, fact: Fact): boolean {
  switch (fact.kind) {
    case "refused":
    case "rate_limited":
    case "long_wait":
      return true;
    case "answered":
      return troubles.size > 0;
    default:
      return false;
  }
}

function tokenTrouble(caller: string): string {
  return `invalid-token ${caller}`;
}

function begin(
  step: Step,
  trouble: string,
  notice: Notice,
  caller?: string,
): void {
  const { troubles } = step.state;
  if (troubles.has(trouble)) return;
  if (troubles.size >= TROUBLES_MAX) troubles.clear();
  troubles.set(trouble, step.nowMs);
  notify(step, notice, caller);
}

function end(step: Step, trouble: string, caller?: string): void {
  const { troubles } = step.state;
  const sinceMs = troubles.get(trouble);
  if (sinceMs === undefined || step.nowMs - sinceMs < SETTLING_MS) return;
  troubles.delete(trouble);
  notify(step, { type: "resumed-upstream" }, caller);
}
