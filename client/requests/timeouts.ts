import type { AbortSignalLike, Clock } from "../api/ports.ts";
import type { Exchange } from "./exchange.ts";
import { noAnswerFailure } from "./failures.ts";

/** A request sent just before its deadline still needs Discord's time to answer. */
const ANSWER_GRACE_MS = 30_000;

/** What `startTimeouts` is called with. */
export interface TimeoutParts {
  readonly clock: Clock;
  readonly signal: AbortSignalLike | undefined;
  /** The caller's bound; without one it follows from the deadline, or is the default. */
  readonly answerWithinMs: number | undefined;
  readonly defaultAnswerWithinMs: number;
  abandon(failure: unknown): void;
  deadlinePassed(): void;
}

/** Starts the timers of a request and listens to its signal; `exchange.release` undoes both. */
export function startTimeouts(exchange: Exchange, parts: TimeoutParts): void {
  const { clock, signal } = parts;
  const stops: (() => void)[] = [];
  exchange.release = () => {
    for (const stop of stops) stop();
  };
  const sendWithinMs = exchange.deadlineAtMs === undefined
    ? undefined
    : exchange.deadlineAtMs - clock.nowMs();
  if (sendWithinMs !== undefined) {
    stops.push(clock.afterIdly(sendWithinMs, () => parts.deadlinePassed()));
  }
  // Without a `req` there is no answer to wait for.
  if (exchange.req === undefined) return;
  const answerWithinMs = parts.answerWithinMs ??
    (sendWithinMs === undefined
      ? parts.defaultAnswerWithinMs
      : sendWithinMs + ANSWER_GRACE_MS);
  stops.push(clock.afterIdly(
    answerWithinMs,
    () => parts.abandon(noAnswerFailure(exchange)),
  ));
  if (signal === undefined) return;
  const onAbort = () => parts.abandon(signal.reason);
  signal.addEventListener("abort", onAbort);
  stops.push(() => signal.removeEventListener("abort", onAbort));
}
