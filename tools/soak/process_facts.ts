/** What Linux tells of a process from outside. */
export interface ProcessFacts {
  readonly residentBytes: number;
  /** Open files of every kind: sockets, pipes, timers' and events' handles. */
  readonly handles: number;
  readonly sockets: number;
  readonly threads: number;
}

/** Reads `/proc`. */
export async function processFacts(pid: number): Promise<ProcessFacts> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const numberOf = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
  const { handles, sockets } = await countHandles(pid);
  return {
    residentBytes: numberOf("VmRSS") * 1024,
    handles,
    sockets,
    threads: numberOf("Threads"),
  };
}

async function countHandles(
  pid: number,
): Promise<Pick<ProcessFacts, "handles" | "sockets">> {
  let handles = 0;
  let sockets = 0;
  for await (const { name } of Deno.readDir(`/proc/${pid}/fd`)) {
    handles++;
    try {
      const target = await Deno.readLink(`/proc/${pid}/fd/${name}`);
      if (target.startsWith("socket:")) sockets++;
    } catch {
      // Closed since the folder was read.
    }
  }
  return { handles, sockets };
}
