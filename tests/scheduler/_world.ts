import { IndexedHeap } from "../../rest/collections/indexed_heap.ts";
import { bodyFields } from "../../rest/routes/body_fields.ts";
import { limitReportOf } from "../../rest/dispatcher/sending/limit_report.ts";
import type { Method } from "../../rest/domain/request.ts";
import type { Urgency } from "../../rest/domain/urgency.ts";
import { routeOf } from "../../rest/routes/route_of.ts";
import { createScheduler } from "../../rest/scheduler/scheduler.ts";
import type { SchedulerOptions } from "../../rest/scheduler/options.ts";
import type { Refused, Scheduler } from "../../rest/scheduler/types.ts";
import { Model } from "../../sim/model/model.ts";
import type { Outcome } from "../../sim/model/outcome.ts";
import { createRandom, drawMs, type Range } from "../../sim/model/random.ts";
import { simRequestOf } from "../../sim/model/request.ts";
import type { SimResponse } from "../../sim/model/response.ts";
import type { ModelOptions } from "../../sim/model/settings.ts";
import { askOf } from "./_builders.ts";

/**
 * A world of the scheduler, the simulated Discord's model and a network of
 * random delays, in virtual time: an hour takes milliseconds, and a seed
 * replays it exactly.
 */

/** The world begins when the part-used second is over and the clock of nothing stands at zero. */
export const WORLD_START_MS = 5_000;
const WALL_OFFSET_MS = 1_700_000_000_000;

export interface Plan {
  readonly atMs?: number;
  readonly method: Method;
  readonly path: string;
  readonly json?: Record<string, unknown>;
  readonly caller?: string;
  readonly urgency?: Urgency;
  readonly token?: string;
}

export interface WorldOptions {
  readonly seed?: number;
  readonly model?: ModelOptions;
  readonly scheduler?: Partial<SchedulerOptions>;
  /** May change with time, told in ms since the world began. */
  readonly wayIn?: Range | ((sinceStartMs: number) => Range);
  readonly wayOut?: Range;
  /** From the global limit's count to the bucket's; at one moment when left out. */
  readonly betweenLimiters?: Range;
  /** Asked for by somebody else with the same token, at the moment the world begins. */
  readonly spentBefore?: ReadonlyArray<
    { readonly path: string; readonly count: number }
  >;
  /** Share of answers that never come. */
  readonly lossShare?: number;
}

/** What became of one planned request. */
export interface Fate {
  readonly plan: Plan;
  readonly id: number;
  arrivals: { readonly atMs: number; readonly status: number }[];
  doneAtMs: number | undefined;
  status: number | undefined;
  refused: Refused | undefined;
}

export interface WorldReport {
  readonly fates: readonly Fate[];
  /** First sending to last answer. */
  readonly makespanMs: number;
  readonly limited: Record<string, number>;
  readonly scheduler: Scheduler;
  readonly endedAtMs: number;
}

interface Happening {
  readonly atMs: number;
  readonly seq: number;
  readonly run: () => void;
  heapIndex: number;
}

const UNLIMITED = { limit: 1_000_000 };
const PROMPT: Range = { minMs: 0, maxMs: 0 };
const USUAL: Range = { minMs: 30, maxMs: 70 };

/** Runs all plans to their end. */
export function runWorld(
  plans: readonly Plan[],
  options: WorldOptions = {},
): WorldReport {
  const world = new VirtualWorld(options);
  for (const plan of plans) world.plan(plan);
  return world.run();
}

class VirtualWorld {
  readonly #options: WorldOptions;
  readonly #scheduler: Scheduler;
  /** Counts for the buckets, and for the global limit unless `#gate` does. */
  readonly #model: Model;
  readonly #gate: Model | undefined;
  readonly #random: () => number;
  readonly #happenings = new IndexedHeap<Happening>(
    // What falls on one moment happens in the order it was planned in.
    ({ atMs, seq }) => atMs + seq * 1e-9,
  );
  readonly #fates = new Map<number, Fate>();
  readonly #limited: Record<string, number> = {};
  #nowMs = WORLD_START_MS;
  #seq = 0;
  #wakeAtMs: number | undefined;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#random = createRandom(options.seed ?? 1);
    this.#scheduler = createScheduler(options.scheduler);
    const model = { clockOffsetMs: WALL_OFFSET_MS, ...options.model };
    const isGated = options.betweenLimiters !== undefined;
    this.#gate = isGated ? new Model(model, WORLD_START_MS) : undefined;
    this.#model = new Model(
      isGated ? { ...model, globalLimit: UNLIMITED } : model,
      WORLD_START_MS,
    );
  }

  plan(plan: Plan): void {
    this.#at(WORLD_START_MS + (plan.atMs ?? 0), () => this.#enqueue(plan));
  }

  run(): WorldReport {
    for (const { path, count } of this.#options.spentBefore ?? []) {
      for (let n = 0; n < count; n++) this.#spend(path);
    }
    for (;;) {
      const next = this.#happenings.pop();
      if (next === undefined) break;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
    }
    const fates = [...this.#fates.values()];
    const ends = fates.map((fate) => fate.doneAtMs ?? Infinity);
    return {
      fates,
      makespanMs: Math.max(...ends) - WORLD_START_MS,
      limited: this.#limited,
      scheduler: this.#scheduler,
      endedAtMs: this.#nowMs,
    };
  }

  #spend(path: string): void {
    const request = simRequestOf("GET", `/api/v10${path}`, {
      authorization: "Bot 1",
    });
    this.#model.handle(request, WORLD_START_MS);
  }

  #enqueue(plan: Plan): void {
    const { method, path, json, caller, urgency, token = "1" } = plan;
    const body = json === undefined
      ? undefined
      : new TextEncoder().encode(JSON.stringify(json));
    const ask = askOf(method, path, {
      identityId: `bot:${token}`,
      fields: bodyFields(method, "application/json", body),
      ...(caller === undefined ? {} : { caller }),
      ...(urgency === undefined ? {} : { urgency }),
    });
    const fate: Fate = {
      plan,
      id: ask.id,
      arrivals: [],
      doneAtMs: undefined,
      status: undefined,
      refused: undefined,
    };
    this.#fates.set(ask.id, fate);
    const refused = this.#scheduler.enqueue(ask, this.#nowMs);
    if (refused !== undefined) this.#refuse(ask.id, refused);
    this.#poll();
  }

  #poll(): void {
    const poll = this.#scheduler.poll(this.#nowMs);
    for (const { id, refused } of poll.refused) this.#refuse(id, refused);
    for (const id of poll.leases) this.#send(id);
    const { wakeAtMs } = poll;
    if (wakeAtMs === undefined || wakeAtMs === this.#wakeAtMs) return;
    this.#wakeAtMs = wakeAtMs;
    // Timers fire late, never early; a whole millisecond is what runtimes keep.
    this.#at(Math.ceil(Math.max(wakeAtMs, this.#nowMs)), () => {
      if (this.#wakeAtMs === wakeAtMs) this.#wakeAtMs = undefined;
      this.#poll();
    });
  }

  #send(id: number): void {
    const { wayIn = PROMPT, wayOut = USUAL, lossShare = 0 } = this.#options;
    const sentAtMs = this.#nowMs;
    const isLost = this.#random() < lossShare;
    const way = typeof wayIn === "function"
      ? wayIn(sentAtMs - WORLD_START_MS)
      : wayIn;
    const inMs = drawMs(this.#random, way);
    const outMs = drawMs(this.#random, wayOut);
    const answer = (response: SimResponse) =>
      this.#at(this.#nowMs + outMs, () => {
        this.#settle(id, isLost ? undefined : response, sentAtMs);
        this.#poll();
      });
    this.#at(sentAtMs + inMs, () => {
      const refused = this.#refusedByGate(id);
      if (refused !== undefined) return answer(refused);
      const { betweenLimiters = PROMPT } = this.#options;
      const betweenMs = drawMs(this.#random, betweenLimiters);
      this.#at(this.#nowMs + betweenMs, () => {
        answer(this.#note(id, this.#judge(id, this.#model)));
      });
    });
  }

  #refusedByGate(id: number): SimResponse | undefined {
    const outcome = this.#gate && this.#judge(id, this.#gate);
    return outcome?.scope === "global" ? this.#note(id, outcome) : undefined;
  }

  #judge(id: number, model: Model): Outcome {
    const { method, path, json, token = "1" } = this.#fateOf(id).plan;
    const request = simRequestOf(method, `/api/v10${path}`, {
      authorization: `Bot ${token}`,
      json,
    });
    return model.handle(request, this.#nowMs);
  }

  #note(id: number, { scope, response }: Outcome): SimResponse {
    if (scope !== undefined) {
      this.#limited[scope] = (this.#limited[scope] ?? 0) + 1;
    }
    const { arrivals } = this.#fateOf(id);
    arrivals.push({ atMs: this.#nowMs, status: response.status });
    return response;
  }

  #settle(
    id: number,
    response: SimResponse | undefined,
    sentAtMs: number,
  ): void {
    const fate = this.#fateOf(id);
    if (response === undefined) {
      this.#scheduler.settle(id, { kind: "lost" }, this.#nowMs);
      fate.doneAtMs = this.#nowMs;
      return;
    }
    const { method, path } = fate.plan;
    const { label } = routeOf(method, path, WALL_OFFSET_MS);
    const answer = answerOf(response);
    const report = limitReportOf(answer, sentAtMs, this.#nowMs, label);
    const outcome = { kind: "answered", report } as const;
    if (this.#scheduler.settle(id, outcome, this.#nowMs) === "again") return;
    fate.doneAtMs = this.#nowMs;
    fate.status = response.status;
  }

  #refuse(id: number, refused: Refused): void {
    const fate = this.#fateOf(id);
    fate.refused = refused;
    fate.doneAtMs = this.#nowMs;
  }

  #fateOf(id: number): Fate {
    const fate = this.#fates.get(id);
    if (fate === undefined) throw new Error(`no request ${id}`);
    return fate;
  }

  #at(atMs: number, run: () => void): void {
    this.#happenings.push({ atMs, seq: this.#seq++, run, heapIndex: -1 });
  }
}

function answerOf(response: SimResponse): Parameters<typeof limitReportOf>[0] {
  const { status, headers, body } = response;
  const bytes = typeof body === "string"
    ? new TextEncoder().encode(body)
    : body === undefined
    ? undefined
    : new Uint8Array(body);
  return {
    status,
    headers: headers.map(([name, value]) => [name.toLowerCase(), value]),
    body: bytes,
  };
}
