import type { Arrival } from "./arrival.ts";
import { GlobalCounter, type GlobalNumbers } from "./global_limit.ts";
import { undone, type Verdict } from "./outcome.ts";
import { refusalResponse } from "./response.ts";
import type { ModelSettings } from "./settings.ts";

/** The global limits of all bots, and the pools of all addresses. */
export class GlobalGate {
  readonly #counters = new Map<string, GlobalCounter>();

  /** A global 429, or undefined when the request may pass. Counts nothing. */
  refuse(
    arrival: Arrival,
    settings: ModelSettings,
    nowMs: number,
  ): Verdict | undefined {
    const numbers = numbersOf(arrival, settings);
    if (numbers === undefined) return undefined;
    const counter = this.#counterOf(arrival.caller.key);
    const waitMs = counter.waitMs(numbers, nowMs, settings.clockOffsetMs);
    if (waitMs <= 0) return undefined;
    return undone(refusalResponse({ scope: "global", retryAfterMs: waitMs }), {
      scope: "global",
      limitedBy: "global",
    });
  }

  /** Counts a request that passed. */
  take(arrival: Arrival, settings: ModelSettings, nowMs: number): void {
    const numbers = numbersOf(arrival, settings);
    if (numbers === undefined) return;
    const counter = this.#counterOf(arrival.caller.key);
    counter.take(numbers, nowMs, settings.clockOffsetMs);
  }

  #counterOf(key: string): GlobalCounter {
    let counter = this.#counters.get(key);
    if (counter === undefined) {
      this.#counters.set(key, counter = new GlobalCounter());
    }
    return counter;
  }
}

/** The limit a request is under; undefined for what is exempt. */
function numbersOf(
  { route, caller }: Arrival,
  { globalLimit, ipPool }: ModelSettings,
): GlobalNumbers | undefined {
  if (caller.kind === "none" || caller.kind === "malformed") {
    return ipPool.isOn ? ipPool : undefined;
  }
  if (route.lane === "interaction" && globalLimit.isInteractionExempt) {
    return undefined;
  }
  const limit = globalLimit.limitOf[caller.token];
  return limit === undefined ? globalLimit : { ...globalLimit, limit };
}
