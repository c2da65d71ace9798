import type { FactSink } from "../domain/fact.ts";

/** What stays open until it is shut down. */
export interface OpenServer {
  shutdown(): Promise<void>;
  readonly finished: Promise<void>;
}

type Server = Pick<Deno.HttpServer, "shutdown" | "finished">;

/** Sockets are given back in less; and nobody may make us try without a pause. */
const REOPEN_MS = 250;

/** A crowd that stays is told of again after so long, not at every try. */
const QUIET_MS = 60_000;

/** Does something later, unless it is told not to. */
type After = (delayMs: number, action: () => void) => () => void;

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
  after: After = afterRealMs,
): OpenServer {
  const { promise: finished, resolve } = Promise.withResolvers<void>();
  let server = first;
  let isOver = false;
  let notReopen = () => {};
  let notLoud = () => {};
  let isQuiet = false;

  function watch(): void {
    server.finished.then(resolve, () => {
      tell();
      openSoon();
    });
  }
  function tell(): void {
    if (isQuiet || isOver) return;
    isQuiet = true;
    notLoud = after(QUIET_MS, () => isQuiet = false);
    facts({
      kind: "warning",
      message:
        "Cannot take more connections: too many are open; listening again as soon as there is room (raise `ulimit -n`)",
    });
  }
  function openSoon(): void {
    if (isOver) return resolve();
    notReopen = after(REOPEN_MS, openAgain);
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
      notReopen();
      notLoud();
      // It may have ended by itself a moment ago.
      await server.shutdown().catch(() => {});
      resolve();
    },
  };
}

function afterRealMs(delayMs: number, action: () => void): () => void {
  const timer = setTimeout(action, delayMs);
  return () => clearTimeout(timer);
}
