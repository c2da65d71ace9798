import type { TurnoverMap } from "../collections/turnover_map.ts";
import type { Clock, PreviewedRequest } from "../domain/ports.ts";
import type { Wait } from "../domain/wait_reason.ts";
import type {
  Scheduler,
  SchedulerSnapshot,
  WaitingQuery,
  WaitingRequest,
} from "../scheduler/types.ts";
import { askOf } from "./ask.ts";
import type { Job } from "./job.ts";

/** What a queue control is made with. */
export interface QueueControlDeps {
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly jobs: Pick<TurnoverMap<number, Job>, "get">;
  /** Takes a waiting request out; its caller is told 499. */
  readonly takeOut: (job: Job) => boolean;
  /** The scheduler has something new to think about. */
  readonly onChange: () => void;
}

/** What an operator may look at and do in the queue. */
export class QueueControl {
  readonly #deps: QueueControlDeps;

  constructor(deps: QueueControlDeps) {
    this.#deps = deps;
  }

  snapshot(): SchedulerSnapshot {
    return this.#deps.scheduler.snapshot(this.#nowMs());
  }

  waitingRequests(query: WaitingQuery): readonly WaitingRequest[] {
    return this.#deps.scheduler.waitingRequests(query, this.#nowMs());
  }

  /** What the request would wait for if it came now; undefined: it would leave at once. */
  preview(request: PreviewedRequest): Wait | undefined {
    const ask = askOf({
      id: 0,
      request: { ...request, headers: [], body: undefined },
      sinceMs: this.#nowMs(),
      attempts: 0,
    });
    return this.#deps.scheduler.preview(ask, this.#nowMs());
  }

  /** Takes a waiting request out; false: it does not wait any more. */
  drop(id: number): boolean {
    const job = this.#deps.jobs.get(id);
    return job?.state === "waiting" && this.#deps.takeOut(job);
  }

  /** Keeps a line's requests from leaving; false: there is no such line. */
  pause(lineId: string): boolean {
    return this.#deps.scheduler.pause(lineId, this.#nowMs());
  }

  /** Lets them go again. */
  resume(lineId: string): boolean {
    const isThere = this.#deps.scheduler.resume(lineId, this.#nowMs());
    this.#deps.onChange();
    return isThere;
  }

  #nowMs(): number {
    return this.#deps.clock.nowMs();
  }
}
