/**
 * Reports what only a process itself knows. `deno run --preload` runs this
 * before the proxy's own modules; it needs `--v8-flags=--expose-gc`.
 */
// deno-lint-ignore-file no-console -- Its lines are what it is for.

/** What is in use after a garbage collection. */
export interface Inside {
  /** On the heap and in the buffers it holds. */
  readonly liveBytes: number;
  /** Timers that have neither fired nor been cleared. */
  readonly timers: number;
}

/** Often enough for a minute's trend; a collection takes some 20 ms. */
const LOOK_MS = 5_000;

const BEGIN = "inside ";

/** Reads a line of `startTelling()`; undefined where it is another one. */
export function insideIn(line: string): Inside | undefined {
  return line.startsWith(BEGIN)
    ? JSON.parse(line.slice(BEGIN.length))
    : undefined;
}

type Timer = ReturnType<typeof setTimeout>;

/** Wraps the runtime's timers; returns a function that says how many are pending. */
function countTimers(): () => number {
  const { setTimeout, setInterval, clearTimeout, clearInterval } = globalThis;
  const pending = new Set<unknown>();
  const begin = (timer: Timer): Timer => {
    pending.add(timer);
    return timer;
  };
  Object.assign(globalThis, {
    setTimeout(action: () => void, delayMs?: number, ...args: []): Timer {
      const timer = setTimeout(() => {
        pending.delete(timer);
        action(...args);
      }, delayMs);
      return begin(timer);
    },
    setInterval: (action: () => void, delayMs?: number, ...args: []) =>
      begin(setInterval(action, delayMs, ...args)),
    clearTimeout(timer?: Timer) {
      pending.delete(timer);
      clearTimeout(timer);
    },
    clearInterval(timer?: Timer) {
      pending.delete(timer);
      clearInterval(timer);
    },
  });
  return () => pending.size;
}

function startTelling(): void {
  const { setInterval } = globalThis;
  const collect: unknown = Reflect.get(globalThis, "gc");
  if (typeof collect !== "function") {
    throw new Error("Cannot collect: start with --v8-flags=--expose-gc");
  }
  const timersNow = countTimers();
  const looking = setInterval(() => {
    collect();
    const { heapUsed, external } = Deno.memoryUsage();
    const inside: Inside = {
      liveBytes: heapUsed + external,
      timers: timersNow(),
    };
    console.error(`${BEGIN}${JSON.stringify(inside)}`);
  }, LOOK_MS);
  // The runtime loads the proxy only when nothing here keeps the event loop busy.
  looking.unref();
}

// The soak itself imports this module only for `insideIn()`.
if (Reflect.has(globalThis, "gc")) startTelling();
