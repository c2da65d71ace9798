/**
 * Reports how long a process stood still. `deno run --preload` runs this
 * before the process's own modules.
 */
// deno-lint-ignore-file no-console -- Its lines are what it is for.

const BEGIN = "stood still ";

const LOOK_MS = 20;

/** Shorter ones are what timers are late by anyway. */
const TOLD_MS_MIN = 100;

/** Reads a line of it, in ms; undefined where it is another one. */
export function stallIn(line: string): number | undefined {
  return line.startsWith(BEGIN) ? Number(line.slice(BEGIN.length)) : undefined;
}

function startTelling(): void {
  let lastMs = performance.now();
  const looking = setInterval(() => {
    const nowMs = performance.now();
    const lateMs = nowMs - lastMs - LOOK_MS;
    lastMs = nowMs;
    if (lateMs >= TOLD_MS_MIN) console.error(`${BEGIN}${Math.ceil(lateMs)}`);
  }, LOOK_MS);
  Deno.unrefTimer(looking);
}

// The soak itself imports this module only for `stallIn()`.
if (Deno.env.get("TELL_STALLS") !== undefined) startTelling();
