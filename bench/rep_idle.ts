import type { Child } from "./child.ts";
import { openRep } from "./rep_load.ts";

/** Opened at a time; more at once only overflow the listener's backlog. */
const OPENING_MAX = 100;

/** What is left over from the opening is collected meanwhile, as far as the runtime cares to. */
const SETTLE_MS = 3_000;

/** Memory that a server's process needs for each of so many sockets that say nothing. */
export async function idleBytes(
  server: Child,
  count: number,
  key: string,
): Promise<number> {
  const beforeBytes = await residentBytes(server.pid);
  const sockets: WebSocket[] = [];
  while (sockets.length < count) {
    const missing = count - sockets.length;
    const opening = Array.from(
      { length: Math.min(missing, OPENING_MAX) },
      () => openRep(server.url, key),
    );
    sockets.push(...await Promise.all(opening));
  }
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const afterBytes = await residentBytes(server.pid);
  const open = sockets.filter(({ readyState }) =>
    readyState === WebSocket.OPEN
  );
  if (open.length < count) {
    throw new Error(`Only ${open.length} of ${count} sockets stayed open`);
  }
  for (const socket of sockets) socket.close();
  return (afterBytes - beforeBytes) / count;
}

/** What of a process is in memory; Deno itself may not read there. */
async function residentBytes(pid: number): Promise<number> {
  const path = `/proc/${pid}/status`;
  const { stdout } = await new Deno.Command("cat", { args: [path] }).output();
  const kib = /VmRSS:\s+(\d+)/.exec(new TextDecoder().decode(stdout))?.[1];
  if (kib === undefined) throw new Error(`Cannot read ${path}`);
  return Number(kib) * 1_024;
}
