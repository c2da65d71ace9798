/** What Linux tells of a process. */
export interface ProcessUse {
  readonly residentBytes: number;
  /** The most it ever was. */
  readonly residentPeakBytes: number;
  /** Processor time used so far. */
  readonly cpuMs: number;
}

/** Linux counts processor time in hundredths of a second. */
const TICK_MS = 10;

/** Looks at a process; by another program, for the runtime itself may read there only with every permission. */
export async function processUse(pid: number): Promise<ProcessUse> {
  const { stdout } = await new Deno.Command("cat", {
    args: [`/proc/${pid}/status`, `/proc/${pid}/stat`],
  }).output();
  const said = new TextDecoder().decode(stdout);
  const kib = /^VmRSS:\s+(\d+)/m.exec(said)?.[1];
  const peakKib = /^VmHWM:\s+(\d+)/m.exec(said)?.[1];
  // Behind the name, which may hold anything, user and system time are 12th and 13th.
  const fields = said.slice(said.lastIndexOf(")") + 2).split(" ");
  if (kib === undefined) throw new Error(`Cannot look at process ${pid}`);
  return {
    residentBytes: Number(kib) * 1_024,
    residentPeakBytes: Number(peakKib) * 1_024,
    cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
  };
}
