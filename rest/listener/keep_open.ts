import type { FactSink } from "../domain/fact.ts";

/** What stays open until it is shut down. */
export interface OpenServer {
  shutdown(): Promise<void>;
  readonly finished: Promise<void>;
}

type Server = Pick<Deno.HttpServer, "shutdown" | "finished">;

/** Sockets are given back in less; and nobody may make us try without a pause. */
const REOPEN_MS = 250;

/**
 * Opens a server again whenever it ends by itself.
 *
 * The runtime gives the port up when it cannot take one connection, as when
 * the process has no file left for it, and goes on with those it has (seen
 * 2026-11, Deno 2.9.6): anybody who opens enough of them could close it.
 */
export function keepOpen(
  first: Server,
  reopen: () => Server,
  facts: FactSink,
): OpenServer {
  const { promise: finished, resolve } = Promise.withResolvers<void>();
  let server = first;
  let isOver = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function watch(): void {
    server.finished.then(resolve, () => {
      facts({
        kind: "warning",
        message:
          "Cannot take more connections: too many are open; listening again in a moment (raise `ulimit -n`)",
      });
      openSoon();
    });
  }
  function openSoon(): void {
    if (isOver) return resolve();
    timer = setTimeout(openAgain, REOPEN_MS);
  }
  function openAgain(): void {
    try {
      server = reopen();
      watch();
    } catch {
      openSoon();
    }
  }
  watch();
  return {
    finished,
    async shutdown() {
      isOver = true;
      clearTimeout(timer);
      // It may have ended by itself a moment ago.
      await server.shutdown().catch(() => {});
      resolve();
    },
  };
}
