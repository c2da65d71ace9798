import { createDispatcher } from "../../rest/dispatcher/dispatcher.ts";
import type {
  Dispatcher,
  DispatcherDeps,
} from "../../rest/dispatcher/types.ts";
import type { Fact } from "../../rest/domain/fact.ts";
import type { Random } from "../../rest/domain/ports.ts";
import { createScheduler } from "../../rest/scheduler/scheduler.ts";
import type { Scheduler } from "../../rest/scheduler/types.ts";
import { createManualClock, type ManualClock } from "../_manual_clock.ts";
import { noncesOf, sha256 } from "./_builders.ts";
import {
  createScriptedUpstream,
  type ScriptedUpstream,
} from "./_scripted_upstream.ts";

/** The dispatcher with the scheduler it is made for; only network and clock are played. */
export interface Queue {
  readonly clock: ManualClock;
  readonly upstream: ScriptedUpstream;
  readonly scheduler: Scheduler;
  readonly dispatcher: Dispatcher;
  readonly facts: Fact[];
  /** Told each fact as it happens, within the call that made it. */
  onFact: ((fact: Fact) => void) | undefined;
}

export interface QueueOptions {
  readonly maxWaitMs?: number;
  readonly isSingleFlight?: boolean;
  readonly adoptMs?: number;
  readonly random?: Random;
  /** What else the dispatcher is made with. */
  readonly parts?: Partial<DispatcherDeps>;
}

/** The setting's default. */
export const ADOPT_MS = 60_000;

export function queueOf(
  {
    maxWaitMs = 60_000,
    isSingleFlight = true,
    adoptMs = ADOPT_MS,
    random = () => 0.5,
    parts,
  }: QueueOptions = {},
): Queue {
  // Ten seconds in: nothing is assumed part-used any more.
  const clock = createManualClock(10_000);
  const upstream = createScriptedUpstream(clock.nowMs);
  const scheduler = createScheduler({ maxWaitMs });
  const facts: Fact[] = [];
  const dispatcher = createDispatcher({
    scheduler,
    upstream,
    clock,
    random,
    facts(fact) {
      facts.push(fact);
      queue.onFact?.(fact);
    },
    digest: sha256,
    nonces: noncesOf(),
    options: {
      maxWaitMs,
      isSingleFlight,
      adoptMs,
      keptBytesMax: 16 * 1_048_576,
      apiVersion: 10,
    },
    ...parts,
  });
  const queue: Queue = {
    clock,
    upstream,
    scheduler,
    dispatcher,
    facts,
    onFact: undefined,
  };
  return queue;
}
