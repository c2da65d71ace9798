import type { HttpServer } from "../../../deps.ts";
import type { Transport } from "./transport.ts";

/** Longer than a caller notices, and too short for one who would keep the port shut. */
const CHECK_MS = 1_000;

/** A crowd that stays is told of again after so long, not at every look. */
const QUIET_MS = 60_000;

/** The connections with which a process may be short of files; below there is nothing to look for. */
const CROWD_MIN = 16;

/**
 * Keeps a listening server accepting.
 *
 * Where the process has no file left for a connection, the runtime accepts
 * nothing on that socket any more, for good and without a word; to listen on
 * it anew makes it go on (Deno 2.9.6, seen 2026-11). That costs a call a
 * second, does nothing where all is well, and takes the place of a public way
 * that there is not. Returns how to end it.
 */
export function keepAccepting(
  server: HttpServer,
  { connections, clock, facts }: Transport,
): () => void {
  let quietUntilMs = 0;
  const timer = setInterval(() => {
    listenAnew(server);
    const isShort = connections.size >= CROWD_MIN && !isFileLeft();
    if (!isShort || clock.nowMs() < quietUntilMs) return;
    quietUntilMs = clock.nowMs() + QUIET_MS;
    facts({ kind: "warning", message: NO_FILE_LEFT });
  }, CHECK_MS);
  return () => clearInterval(timer);
}

/** Said where the process has no file left for a connection. */
export const NO_FILE_LEFT =
  "Cannot take more connections: too many are open; going on as soon as there is room (raise `ulimit -n`)";

function listenAnew(server: HttpServer): void {
  const handle: unknown = Reflect.get(server, "_handle");
  if (typeof handle !== "object" || handle === null) return;
  const listen: unknown = Reflect.get(handle, "listen");
  if (typeof listen === "function") listen.call(handle, BACKLOG);
}

/** What may wait to be accepted; Node's own number. */
const BACKLOG = 511;

/** A port that nobody is told of, for a moment: what needs no permission besides. */
function isFileLeft(): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}
