import type { Child } from "./child.ts";
import { openRep } from "./rep_load.ts";
import { processUse } from "./process_use.ts";

/** Opened at a time; more at once only overflow the listener's backlog. */
const OPENING_MAX = 100;

/** Time in which the runtime may collect the garbage of opening the sockets. */
const SETTLE_MS = 3_000;

/** Memory that a server's process needs per socket, with many sockets that say nothing. */
export async function idleBytes(
  server: Child,
  count: number,
  key: string,
): Promise<number> {
  const before = await processUse(server.pid);
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
  const after = await processUse(server.pid);
  const open = sockets.filter(({ readyState }) =>
    readyState === WebSocket.OPEN
  );
  if (open.length < count) {
    throw new Error(`Only ${open.length} of ${count} sockets stayed open`);
  }
  for (const socket of sockets) socket.close();
  return (after.residentBytes - before.residentBytes) / count;
}
