/** What Linux reports about a process. */
export interface ProcessFacts {
  readonly residentBytes: number;
  /** Open files of every kind. */
  readonly handles: number;
  readonly sockets: number;
  readonly threads: number;
  /** Processor time used so far. */
  readonly cpuS: number;
}

/** `_SC_CLK_TCK`, 100 on every Linux that the runtime runs on. */
const TICKS_PER_SECOND = 100;

const decoder = new TextDecoder();

/**
 * Reads `/proc` through a shell: to read it itself, a process of the runtime
 * needs every permission there is.
 */
export async function processFacts(pid: number): Promise<ProcessFacts> {
  const script = "cat /proc/$1/status /proc/$1/stat && ls -l /proc/$1/fd";
  const { success, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", script, "sh", String(pid)],
  }).output();
  const said = decoder.decode(stdout);
  // A file may be gone between being listed and being looked at.
  if (!success && !said.includes(" -> ")) {
    throw new Error(`Cannot look at ${pid}: ${decoder.decode(stderr)}`);
  }
  const numberOf = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(said)?.[1] ?? 0);
  const links = said.split("\n").filter((line) => line.includes(" -> "));
  return {
    residentBytes: numberOf("VmRSS") * 1024,
    handles: links.length,
    sockets: links.filter((line) => line.includes(" -> socket:")).length,
    threads: numberOf("Threads"),
    cpuS: cpuIn(said) / TICKS_PER_SECOND,
  };
}

/** Behind the name, which may have blanks, user and system time are the 12th and 13th fields. */
function cpuIn(said: string): number {
  const [, fields = ""] = /^\d+ \(.*\) (.*)$/m.exec(said) ?? [];
  const [user, system] = fields.split(" ").slice(11, 13);
  return Number(user) + Number(system);
}

/** How long the other side may take to close what this side has closed. */
const SETTLE_MS_MAX = 10_000;
const LOOK_MS = 50;

/** Looks again until at most `handles` are open, or until `SETTLE_MS_MAX` has passed. */
export async function settledFacts(
  pid: number,
  handles: number,
): Promise<ProcessFacts> {
  const untilMs = performance.now() + SETTLE_MS_MAX;
  for (;;) {
    const facts = await processFacts(pid);
    if (facts.handles <= handles || performance.now() > untilMs) return facts;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
