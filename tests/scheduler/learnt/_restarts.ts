import { IndexedHeap } from "../../../rest/collections/indexed_heap.ts";
import { limitReportOf } from "../../../rest/dispatcher/sending/limit_report.ts";
import type { LearntState } from "../../../rest/domain/learnt_state.ts";
import type { Method } from "../../../rest/domain/request.ts";
import {
  decodeLearnt,
  encodeLearnt,
  type LearntReaders,
} from "../../../rest/journal/codec/learnt_codec.ts";
import { routeOf } from "../../../rest/routes/route_of.ts";
import { createScheduler } from "../../../rest/scheduler/scheduler.ts";
import type { Refused, Scheduler } from "../../../rest/scheduler/types.ts";
import { bodyFields } from "../../../rest/routes/body_fields.ts";
import { Model } from "../../../sim/model/model.ts";
import { createRandom, drawMs } from "../../../sim/model/random.ts";
import { simRequestOf } from "../../../sim/model/request.ts";
import type { SimResponse } from "../../../sim/model/response.ts";
import type { ModelOptions } from "../../../sim/model/settings.ts";
import { askOf } from "../_builders.ts";

/**
 * One Discord and several processes after each other, in virtual time. A
 * process that is stopped lets its answers come in and writes down what it
 * learnt; one that is killed leaves what it wrote a second ago at most.
 * Requests that were not sent go on in the next process. With `toPeer` that one
 * has been up all the time, knows what it learnt when the bot was its own, and
 * is told the bot's row alone.
 */

const WALL_MS = 1_700_000_000_000;
const WAY_IN = { minMs: 5, maxMs: 25 };
const WAY_OUT = { minMs: 10, maxMs: 40 };

export interface Call {
  readonly atMs: number;
  readonly method: Method;
  readonly path: string;
  readonly json?: Record<string, unknown>;
}

export interface Restart {
  readonly atMs: number;
  /** Until the next process begins. */
  readonly downMs: number;
  readonly isKill?: boolean;
  /** The next process finds nothing of what was learnt. */
  readonly forgets?: boolean;
  /** Another one of two proxies goes on; where this one was killed, a new one is started in its place. */
  readonly toPeer?: boolean;
}

export interface Outcomes {
  /** 429s by their scope. */
  readonly limited: Readonly<Record<string, number>>;
  readonly statuses: readonly number[];
  /** What the scheduler said to those that it did not take, or not keep. */
  readonly refused: readonly string[];
  /** Sent by a process that was killed before the answer came. */
  readonly unknown: number;
  readonly endedAtMs: number;
  readonly lastAnswerAtMs: number;
  /** What the last process knows. */
  readonly learnt: LearntState;
}

export interface Options {
  readonly seed?: number;
  readonly model?: ModelOptions;
  /** Two proxies read one calendar each for itself: so much later it is for whoever goes on. */
  readonly calendarErrorMs?: number;
}

/** A scheduler, and when its process began: its clock counts from there. */
interface Process {
  readonly scheduler: Scheduler;
  readonly zeroMs: number;
}

/** A peer has been up for long. */
const UP_MS = 3_600_000;

interface Happening {
  readonly atMs: number;
  readonly seq: number;
  readonly run: () => void;
  heapIndex: number;
}

/** Runs all calls to their end, through all restarts. */
export function runRestarts(
  calls: readonly Call[],
  restarts: readonly Restart[],
  options: Options = {},
): Outcomes {
  const world = new Restarts(options);
  for (const call of calls) world.at(call.atMs, () => world.enqueue(call));
  for (const restart of restarts) {
    world.at(restart.atMs, () => world.end(restart));
  }
  return world.run();
}

class Restarts {
  readonly #model: Model;
  readonly #random: () => number;
  readonly #happenings = new IndexedHeap<Happening>(
    ({ atMs, seq }) => atMs + seq * 1e-9,
  );
  readonly #limited: Record<string, number> = {};
  readonly #statuses: number[] = [];
  readonly #refused: string[] = [];
  /** Calls that are not through, by the ask that stands for them now. */
  readonly #open = new Map<number, Call>();
  readonly #inFlight = new Set<number>();
  #scheduler: Scheduler = createScheduler();
  #peer: Process = { scheduler: createScheduler(), zeroMs: -UP_MS };
  #generation = 0;
  #isUp = true;
  /** When this process began; its clock counts from there. */
  #zeroMs = 0;
  #nowMs = 0;
  #seq = 0;
  #unknown = 0;
  #lastAnswerAtMs = 0;
  #saved: LearntState | undefined;

  readonly #calendarErrorMs: number;

  constructor({ seed = 1, model, calendarErrorMs = 0 }: Options) {
    this.#calendarErrorMs = calendarErrorMs;
    this.#random = createRandom(seed);
    this.#model = new Model({ clockOffsetMs: WALL_MS, ...model }, 0);
    this.#save();
  }

  run(): Outcomes {
    for (;;) {
      const isIdle = this.#open.size === 0 && this.#isUp;
      const next = this.#happenings.pop();
      if (next === undefined || (isIdle && this.#happenings.size === 0)) break;
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
    }
    return {
      limited: this.#limited,
      statuses: this.#statuses,
      refused: this.#refused,
      unknown: this.#unknown,
      endedAtMs: this.#nowMs,
      lastAnswerAtMs: this.#lastAnswerAtMs,
      learnt: this.#learnt({ isFinal: true }),
    };
  }

  at(atMs: number, run: () => void): void {
    this.#happenings.push({ atMs, seq: this.#seq++, run, heapIndex: -1 });
  }

  enqueue(call: Call): void {
    // While there is no process its caller tries again.
    if (!this.#isUp) return this.at(this.#nowMs + 50, () => this.enqueue(call));
    const { method, path, json } = call;
    const body = json === undefined
      ? undefined
      : new TextEncoder().encode(JSON.stringify(json));
    const ask = askOf(method, path, {
      fields: bodyFields(method, "application/json", body),
    });
    this.#open.set(ask.id, call);
    const refused = this.#scheduler.enqueue(ask, this.#oursMs);
    if (refused !== undefined) this.#refuse(ask.id, refused);
    this.#poll();
  }

  end({ downMs, isKill = false, forgets, toPeer }: Restart): void {
    this.#isUp = false;
    this.#generation++;
    if (isKill) {
      this.#unknown += this.#inFlight.size;
      for (const id of this.#inFlight) this.#open.delete(id);
      this.#inFlight.clear();
    }
    for (const id of this.#open.keys()) {
      if (!this.#inFlight.has(id)) this.#scheduler.cancel(id, this.#oursMs);
    }
    this.at(this.#nowMs + downMs, () => {
      const learnt = isKill ? this.#saved : this.#learnt({ isFinal: true });
      const waiting = [...this.#open.values()];
      this.#open.clear();
      const former = { scheduler: this.#scheduler, zeroMs: this.#zeroMs };
      const fresh = { scheduler: createScheduler(), zeroMs: this.#nowMs };
      const next = toPeer ? this.#peer : fresh;
      if (toPeer) this.#peer = isKill ? fresh : former;
      this.#scheduler = next.scheduler;
      this.#zeroMs = next.zeroMs;
      if (!forgets) this.#take(learnt, toPeer ? "any proxy" : "one process");
      this.#isUp = true;
      for (const call of waiting) this.enqueue(call);
    });
  }

  #take(learnt: LearntState | undefined, readers: LearntReaders): void {
    if (learnt === undefined) return;
    const errorMs = readers === "any proxy" ? this.#calendarErrorMs : 0;
    const wallMs = this.#wallMs + errorMs;
    const moment = { nowMs: this.#oursMs, wallMs };
    for (const state of decodeLearnt(encodeLearnt(learnt, readers))) {
      this.#scheduler.takeLearnt(state, moment);
    }
  }

  /** As often as the proxy does. */
  #save(): void {
    if (this.#isUp) this.#saved = this.#learnt({ isFinal: false });
    this.at(this.#nowMs + 1_000, () => this.#save());
  }

  #learnt(how: { readonly isFinal: boolean }): LearntState {
    const moment = { nowMs: this.#oursMs, wallMs: this.#wallMs };
    return this.#scheduler.learnt({ ...moment, ...how });
  }

  get #oursMs(): number {
    return this.#nowMs - this.#zeroMs;
  }

  get #wallMs(): number {
    return this.#nowMs + WALL_MS;
  }

  #poll(): void {
    if (!this.#isUp) return;
    const { leases, refused, wakeAtMs } = this.#scheduler.poll(this.#oursMs);
    for (const { id, refused: why } of refused) this.#refuse(id, why);
    for (const id of leases) this.#send(id);
    if (wakeAtMs === undefined) return;
    const generation = this.#generation;
    this.at(Math.ceil(Math.max(wakeAtMs, this.#oursMs)) + this.#zeroMs, () => {
      if (generation === this.#generation) this.#poll();
    });
  }

  #send(id: number): void {
    const call = this.#open.get(id);
    if (call === undefined) throw new Error(`no request ${id}`);
    const scheduler = this.#scheduler;
    const sentAtMs = this.#oursMs;
    this.#inFlight.add(id);
    this.at(this.#nowMs + drawMs(this.#random, WAY_IN), () => {
      const { method, path, json } = call;
      const request = simRequestOf(method, `/api/v10${path}`, {
        authorization: "Bot 1",
        json,
      });
      const { scope, response } = this.#model.handle(request, this.#nowMs);
      if (scope !== undefined) {
        this.#limited[scope] = (this.#limited[scope] ?? 0) + 1;
      }
      this.at(this.#nowMs + drawMs(this.#random, WAY_OUT), () => {
        // A process that is gone hears nothing.
        if (scheduler !== this.#scheduler || !this.#inFlight.has(id)) return;
        this.#settle(id, call, response, sentAtMs);
      });
    });
  }

  #refuse(id: number, { message }: Refused): void {
    this.#open.delete(id);
    this.#refused.push(message);
  }

  #settle(
    id: number,
    { method, path }: Call,
    response: SimResponse,
    sentAtMs: number,
  ): void {
    this.#inFlight.delete(id);
    const { label } = routeOf(method, path, WALL_MS);
    const nowMs = this.#oursMs;
    const report = limitReportOf(answerOf(response), sentAtMs, nowMs, label);
    const outcome = { kind: "answered", report } as const;
    if (this.#scheduler.settle(id, outcome, nowMs) === "done") {
      this.#open.delete(id);
      this.#statuses.push(response.status);
      this.#lastAnswerAtMs = this.#nowMs;
    }
    this.#poll();
  }
}

function answerOf(
  { status, headers, body }: SimResponse,
): Parameters<typeof limitReportOf>[0] {
  return {
    status,
    headers: headers.map(([name, value]) => [name.toLowerCase(), value]),
    body: typeof body === "string"
      ? new TextEncoder().encode(body)
      : body === undefined
      ? undefined
      : new Uint8Array(body),
  };
}
