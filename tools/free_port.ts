/** Below what systems hand to whoever asks for any port, and above what services have. */
const FIRST = 20_000;
const COUNT = 12_768;

/** So many in a row are taken on no machine that tests run on. */
const TRIES_MAX = 100;

/**
 * A port of this machine that is free now, for a process that has to be told
 * which. None that the system hands out: a connection or a listener of whatever
 * else runs would have it before that process is up.
 */
export function freePort(): number {
  for (let tries = 1;; tries++) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      const isTaken = error instanceof Deno.errors.AddrInUse;
      if (!isTaken || tries === TRIES_MAX) throw error;
    }
  }
}
