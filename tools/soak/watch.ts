import { processFacts } from "./process_facts.ts";
import type { Sample } from "./verdict.ts";

/** Measures a process at regular intervals. */
export interface Watch {
  readonly samples: readonly Sample[];
  /** Stops; settles when no measurement is under way. */
  stop(): Promise<void>;
}

/** Often enough for a line through a minute's points. */
const EVERY_MS = 1_000;

export function startWatch(pid: number, waiting: () => number): Watch {
  const startedMs = performance.now();
  const samples: Sample[] = [];
  let last = { atMs: startedMs, cpuS: 0 };
  let looking = Promise.resolve();

  async function look(): Promise<void> {
    const { cpuS, ...facts } = await processFacts(pid);
    const atMs = performance.now();
    const cpuPercent = (cpuS - last.cpuS) / (atMs - last.atMs) * 100_000;
    last = { atMs, cpuS };
    samples.push({
      ...facts,
      atS: (atMs - startedMs) / 1_000,
      cpuPercent,
      waiting: waiting(),
    });
  }
  const timer = setInterval(() => {
    // That the process has ended is reported elsewhere.
    looking = looking.then(look).catch(() => {});
  }, EVERY_MS);
  return {
    samples,
    stop() {
      clearInterval(timer);
      return looking;
    },
  };
}
