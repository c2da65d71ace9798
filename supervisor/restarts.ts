/**
 * Decides what follows when the proxy's process has ended or a signal has come;
 * whoever owns processes and timers does it.
 *
 * One process at a time: two would spend the bot's limits twice. So a restart is
 * SIGTERM, the drain, the end, and only then the next start; callers stand in
 * the line of the socket meanwhile. A process that ends unasked is started again
 * after a pause that doubles, and given up after `FAILURES_MAX` in a row. The
 * first process is not: when it ends at once, its settings are refused, and
 * whoever typed the command is there to read why.
 */

/** How a process ended: one of the two is there. */
export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
}

export type Action =
  | { readonly kind: "start"; readonly afterMs: number }
  | { readonly kind: "signal"; readonly signal: "SIGTERM" | "SIGHUP" }
  | { readonly kind: "exit"; readonly code: number }
  | { readonly kind: "nothing" };

/** What a refused start takes on a slow machine, and a process that serves outlives. */
export const START_MS_MAX = 10_000;

/** A process that served for so long has not failed in a row. */
export const STEADY_MS = 60_000;

/** The first pause before a start that follows a failure; it doubles. */
export const PAUSE_MS_MIN = 200;

/** Callers wait in the line of the socket meanwhile, and libraries give up after 15 s. */
export const PAUSE_MS_MAX = 10_000;

/** About a minute of tries; then whoever watches the supervisor shall know. */
export const FAILURES_MAX = 10;

/** What a shell makes of a process that a signal ended: 128 and its number. */
const SIGNAL_CODES: Readonly<Record<string, number>> = {
  SIGHUP: 129,
  SIGINT: 130,
  SIGABRT: 134,
  SIGKILL: 137,
  SIGSEGV: 139,
  SIGTERM: 143,
};

const NOTHING: Action = { kind: "nothing" };

/** Whether a process runs, what it was told, and how often it has failed. */
export class Restarts {
  #startedAtMs: number | undefined;
  #isStopping = false;
  #isRestarting = false;
  #hasServed = false;
  #failures = 0;
  #lastCode = 0;

  /** A process was started. */
  started(nowMs: number): void {
    this.#startedAtMs = nowMs;
  }

  /** It has ended. */
  ended(ending: Ending, nowMs: number): Action {
    const livedMs = nowMs - (this.#startedAtMs ?? nowMs);
    this.#startedAtMs = undefined;
    this.#lastCode = exitCodeOf(ending);
    const isFirst = !this.#hasServed;
    this.#hasServed ||= livedMs >= START_MS_MAX || this.#isRestarting;
    // With 0 it was drained by somebody else: an operator, at the page.
    if (this.#isStopping || ending.code === 0 && !this.#isRestarting) {
      return { kind: "exit", code: this.#lastCode };
    }
    if (this.#isRestarting) {
      this.#isRestarting = false;
      return { kind: "start", afterMs: 0 };
    }
    const isRefused = isFirst && ending.signal === null &&
      livedMs < START_MS_MAX;
    return isRefused
      ? { kind: "exit", code: this.#lastCode }
      : this.#afterFailure(livedMs);
  }

  /** SIGTERM or SIGINT: the process drains and ends, and with it the supervisor. A second one ends it at once. */
  stop(): Action {
    this.#isStopping = true;
    return this.#startedAtMs === undefined
      ? { kind: "exit", code: this.#lastCode }
      : { kind: "signal", signal: "SIGTERM" };
  }

  /** SIGHUP: the process reads its files again, or makes room for one that `hasChanged` makes necessary. */
  hangUp(hasChanged: boolean): Action {
    if (this.#isStopping || this.#isRestarting) return NOTHING;
    // It pauses after a failure, which somebody has mended.
    if (this.#startedAtMs === undefined) return { kind: "start", afterMs: 0 };
    this.#isRestarting = hasChanged;
    return { kind: "signal", signal: hasChanged ? "SIGTERM" : "SIGHUP" };
  }

  #afterFailure(livedMs: number): Action {
    if (livedMs >= STEADY_MS) this.#failures = 0;
    this.#failures++;
    if (this.#failures > FAILURES_MAX) {
      return { kind: "exit", code: this.#lastCode };
    }
    const afterMs = PAUSE_MS_MIN * 2 ** (this.#failures - 1);
    return { kind: "start", afterMs: Math.min(afterMs, PAUSE_MS_MAX) };
  }
}

/** The code with which the supervisor says how the process ended. */
function exitCodeOf({ code, signal }: Ending): number {
  return code ?? SIGNAL_CODES[signal ?? ""] ?? 1;
}
