/** How long to wait before connecting again. */
export type ReconnectWait =
  /** Full jitter below a ceiling that doubles. */
  | "backoff"
  /** Full jitter below the highest ceiling at once. */
  | "longest"
  /** Anywhere in five seconds: all clients were disconnected at the same moment. */
  | "spread"
  /** Back-off, but never under five seconds. */
  | "penalty";

/** What a close code means to a client that did not ask for it. */
export interface CloseRule {
  /** The code's meaning, for people. */
  readonly means: string;
  /** Whether the client connects again. */
  readonly mayReconnect: boolean;
  /** How long it waits before it does. */
  readonly wait: ReconnectWait;
}

/** The code this client closes with when it terminates a dead socket. */
export const TERMINATED = 4499;

/** The code of a socket that vanished without one. */
export const VANISHED = 1006;

const AGAIN = { mayReconnect: true, wait: "backoff" } as const;
const NEVER = { mayReconnect: false, wait: "backoff" } as const;

/**
 * What each close code means: section 2.3 of the protocol. A code that is not
 * here is treated like a socket that vanished.
 *
 * @example
 * ```ts
 * client.on("close", (code) => {
 *   console.log(CLOSE_RULES.get(code)?.means ?? "connection lost");
 * });
 * ```
 */
export const CLOSE_RULES: ReadonlyMap<number, CloseRule> = new Map([
  // Only for a close by the server; the client's own 1000 is never looked up here.
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

/** Looks up what a close code means; an unknown one counts as a lost connection. */
export function closeRuleOf(code: number): CloseRule {
  return CLOSE_RULES.get(code) ?? VANISHED_RULE;
}

/** First ceiling: a restart on the same machine takes about this long. */
const BASE_MS = 250;

/** Highest ceiling: a proxy that came back is found within 15 s, and 1000 bots ask it 133 times a second at most. */
const CEILING_MS = 15_000;

/** The clients of a restarting proxy come back within this time (section 2.3, 1012). */
const SPREAD_MS = 5_000;

/** Shortest wait after a close for flooding (section 2.3, 4429). */
const PENALTY_MS = 5_000;

/**
 * How long to wait before the next attempt to connect. Full jitter: anything
 * between zero and the ceiling, so that clients that were disconnected together
 * do not return together.
 *
 * @param attempt 1 for the first attempt after a loss
 * @param random a number in [0, 1)
 */
export function reconnectDelayMs(
  wait: ReconnectWait,
  attempt: number,
  random: number,
): number {
  const ceilingMs = Math.min(CEILING_MS, BASE_MS * 2 ** (attempt - 1));
  switch (wait) {
    case "backoff":
      return random * ceilingMs;
    case "longest":
      return random * CEILING_MS;
    case "spread":
      return random * SPREAD_MS;
    case "penalty":
      return PENALTY_MS + random * ceilingMs;
  }
}

/** How Deno and npm's `ws` tell that the server answered an upgrade with something else. */
const REFUSED_WITH = /(?:status code|server response): ([0-9]{3})\b/;

/** Statuses that the same request will get again: the key is wrong, the page may not call, or there is no REP at this URL. */
const FINAL_STATUSES: ReadonlySet<number> = new Set([
  400,
  401,
  403,
  404,
  405,
  410,
  426,
]);

/**
 * The sentence that ends a client whose server refused the WebSocket for good;
 * undefined where it may be opened later, or where the runtime does not tell
 * (browsers, and the WebSocket that comes with Node).
 */
export function finalRefusalIn(reason: string): string | undefined {
  const status = Number(REFUSED_WITH.exec(reason)?.[1]);
  if (!FINAL_STATUSES.has(status)) return undefined;
  const hint = status === 401
    ? "the key is missing or wrong"
    : status === 403
    ? "the key or the page may not connect"
    : "there is no REP at this URL; want the proxy's address and /rep";
  return `the server refused the WebSocket with ${status}: ${hint}`;
}
