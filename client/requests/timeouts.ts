import type { Clock } from "../api/clock.ts";
import type { Exchange } from "./exchange.ts";
import { noAnswerFailure } from "./failures.ts";
import { ANSWER_GRACE_MS } from "../session/settings.ts";
import type { AbortSignalLike } from "../api/types.ts";

/** What may end a request before its reply. */
export interface Endings {
  readonly clock: Clock;
  readonly signal: AbortSignalLike | undefined;
  /** The caller's bound; without one it follows from the deadline, or is the default. */
  readonly answerWithinMs: number | undefined;
  readonly defaultAnswerWithinMs: number;
  giveUp(failure: unknown): void;
  leaveByPassed(): void;
}

/** Starts the timers of a request and listens to its signal; `exchange.release` undoes it all. */
export function armEndings(exchange: Exchange, endings: Endings): void {
  const { clock, signal } = endings;
  const stops: (() => void)[] = [];
  exchange.release = () => {
    for (const stop of stops) stop();
  };
  const leaveInMs = exchange.leaveByMs === undefined
    ? undefined
    : exchange.leaveByMs - clock.nowMs();
  if (leaveInMs !== undefined) {
    stops.push(clock.afterIdly(leaveInMs, () => endings.leaveByPassed()));
  }
  // Without a `req` no answer is coming that could be late.
  if (exchange.req === undefined) return;
  const answerWithinMs = endings.answerWithinMs ??
    (leaveInMs === undefined
      ? endings.defaultAnswerWithinMs
      : leaveInMs + ANSWER_GRACE_MS);
  stops.push(clock.afterIdly(
    answerWithinMs,
    () => endings.giveUp(noAnswerFailure(exchange)),
  ));
  if (signal === undefined) return;
  const onAbort = () => endings.giveUp(signal.reason);
  signal.addEventListener("abort", onAbort);
  stops.push(() => signal.removeEventListener("abort", onAbort));
}
