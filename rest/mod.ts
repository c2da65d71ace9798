/** The entry of `deno task start`: settings in, proxy up, signals handled. */
import { loadSettings } from "../configs.ts";
import type { Settings } from "./config/settings.ts";
import { type Listener, startListener } from "./listener/serve.ts";
import { describeBug } from "./log/describe_bug.ts";
import { createFactLog } from "./log/fact_log.ts";
import { fail } from "./log/fail.ts";
import { createLog, flushLog, type Log } from "./log/log.ts";
import { createProxy, type Proxy } from "./proxy.ts";

/** After a drain nothing is left to wait for but sockets that nobody closes. */
const CLOSE_MS_MAX = 2_000;

/** Windows knows no SIGTERM. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM"];

if (import.meta.main) start();

function start(): void {
  const read = loadSettings();
  if (!read.ok) return fail(read.problems);
  const { settings, notes } = read;

  const log = createLog(settings.logLevel, settings.logFormat);
  const proxy = createProxy(settings);
  const listener = listen(settings, proxy);
  watchForBugs(log);
  stopOnSignal(settings, log, proxy, listener);
  for (const note of notes) log.write("warn", note);
  log.write("info", `Listening on ${urlOf(listener.address)}`);
}

function listen(settings: Settings, proxy: Proxy): Listener {
  const { host, port, logLevel, logFormat } = settings;
  try {
    const facts = createFactLog(logLevel, logFormat);
    return startListener({ host, port, facts }, proxy.fetch);
  } catch (error) {
    // The listener's errors are sentences of ours, fit to be printed.
    return fail([error instanceof Error ? error.message : String(error)]);
  }
}

function urlOf({ hostname, port }: Deno.NetAddr): string {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return `http://${host}:${port}`;
}

/** The first signal drains; a second one means that somebody is in a hurry. */
function stopOnSignal(
  settings: Settings,
  log: Log,
  proxy: Proxy,
  listener: Listener,
): void {
  let isStopping = false;
  for (const signal of SIGNALS) {
    Deno.addSignalListener(signal, () => {
      if (isStopping) Deno.exit(1);
      isStopping = true;
      const most = `for at most ${settings.drainMs} ms`;
      log.write("info", `${signal}: draining ${most}, new requests get 503`);
      stop(settings, log, proxy, listener).catch((error) => {
        exitOn(log, `A bug while draining: ${describeBug(error)}`);
      });
    });
  }
}

async function stop(
  settings: Settings,
  log: Log,
  proxy: Proxy,
  listener: Listener,
): Promise<void> {
  const { finished, waiting, inFlight } = await proxy.drain(settings.drainMs);
  const isClean = waiting === 0 && inFlight === 0;
  log.write(
    isClean ? "info" : "warn",
    `Drained: ${finished} requests finished, ${waiting} refused unsent, ${inFlight} cut off in flight`,
    { event: "drained", finished, waiting, inFlight },
  );
  const closed = Promise.all([listener.shutdown(), flushLog()]);
  await Promise.race([closed, afterMs(CLOSE_MS_MAX)]);
  Deno.exit(0);
}

/**
 * A rejection nobody waited for has harmed nobody and is only told. An error
 * out of a timer may have stopped the queue: better to end and be restarted
 * than to live on deaf.
 */
function watchForBugs(log: Log): void {
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    log.write("error", `A bug: nobody handled ${describeBug(event.reason)}`);
  });
  addEventListener("error", (event) => {
    event.preventDefault();
    exitOn(log, `A bug: ${describeBug(event.error)}`);
  });
}

function exitOn(log: Log, message: string): void {
  log.write("error", `${message}; exiting`);
  const told = Promise.race([flushLog(), afterMs(CLOSE_MS_MAX)]);
  void told.then(() => Deno.exit(1));
}

function afterMs(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
