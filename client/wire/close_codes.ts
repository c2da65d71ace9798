/** How long to wait before connecting again. */
export type ReconnectWait =
  /** Full jitter below a ceiling that doubles. */
  | "backoff"
  /** Full jitter below the highest ceiling at once. */
  | "longest"
  /** Anywhere in five seconds: everybody was disconnected at the same moment. */
  | "spread"
  /** Back-off, but never under five seconds. */
  | "penalty";

/** What a close code means to a client that did not ask for it. */
export interface CloseRule {
  readonly means: string;
  readonly mayReconnect: boolean;
  readonly wait: ReconnectWait;
}

/** The code this client closes with when it gives up a dead socket. */
export const TERMINATED = 4499;

/** The code a socket shows that vanished without one. */
export const VANISHED = 1006;

const AGAIN = { mayReconnect: true, wait: "backoff" } as const;
const NEVER = { mayReconnect: false, wait: "backoff" } as const;

/** Section 2.3 of the protocol. A code that is not here is treated like a socket that vanished. */
export const CLOSE_RULES: ReadonlyMap<number, CloseRule> = new Map([
  // "Normal" says nothing about who wanted it: when we did, nobody asks this table.
  [1000, { means: "closed by the server", ...AGAIN }],
  [1001, { means: "server going away", ...AGAIN }],
  [1009, { means: "frame too big", ...AGAIN }],
  [1011, { means: "internal error", ...AGAIN }],
  [1012, { means: "restart", mayReconnect: true, wait: "spread" }],
  [1013, {
    means: "too many connections",
    mayReconnect: true,
    wait: "longest",
  }],
  [4400, { means: "too many malformed frames", ...NEVER }],
  [4401, { means: "sent requests before authenticating", ...NEVER }],
  [4403, { means: "authentication refused", ...NEVER }],
  [4408, { means: "did not authenticate in time", ...AGAIN }],
  [4409, { means: "session taken over by another connection", ...NEVER }],
  [4413, { means: "reader too slow", ...AGAIN }],
  [4429, { means: "flooding", mayReconnect: true, wait: "penalty" }],
  [TERMINATED, { means: "dead socket given up", ...AGAIN }],
]);

const VANISHED_RULE: CloseRule = { means: "connection lost", ...AGAIN };

/** What to make of a close code. */
export function closeRuleOf(code: number): CloseRule {
  return CLOSE_RULES.get(code) ?? VANISHED_RULE;
}
