/**
 * The entry of `deno task start`: the standalone REST process of discordeno's
 * guide. It creates a manager with the bot's token, opens a listener and hands
 * requests on; the rest of the file handles signals and bugs.
 */
import {
  APPLICATION_ID,
  CONFIGS,
  DISCORD_TOKEN,
  loadAuthorization,
  loadBots,
  loadKeys,
  loadRules,
  loadTls,
} from "../configs.ts";
import { createRestManager } from "../deps.ts";
import type { Settings } from "./config/settings.ts";
import { SYSTEM_CLOCK } from "./clock/system_clock.ts";
import { VERSION } from "./domain/version.ts";
import { keepDebuggerShut } from "./listener/debugger_guard.ts";
import { dropPermissions } from "./listener/drop_permissions.ts";
import { onStopSignal } from "./listener/stop_signals.ts";
import { ownAddressProblem } from "./listener/own_address.ts";
import {
  type Listener,
  takeInAndShutDown,
} from "./listener/transport/listener.ts";
import { describeBug } from "./log/describe_bug.ts";
import { createFactLog } from "./log/fact_log.ts";
import { createLog, fail, flushLog, type Log } from "./log/log.ts";
import { openMetrics, openPorts } from "./open_ports.ts";
import {
  openClusterOf,
  type OpenedCluster,
  peersOf,
  sharedJournalOf,
  takePart,
} from "./join_cluster.ts";
import { openProxy } from "./open_proxy.ts";
import type { Proxy } from "./proxy.ts";

/** How long the end of the process waits, after a drain, for sockets that nobody closes. */
const CLOSE_MS_MAX = 2_000;

if (import.meta.main) await start();

async function start(): Promise<void> {
  if (!CONFIGS.ok) return fail(CONFIGS.problems);
  const { settings, access, tls, passedSocket, notes } = CONFIGS;
  const problem = ownAddressProblem(settings.outboundAddress);
  if (problem !== undefined) return fail([problem]);

  // Creating the REST manager: calls over HTTP and REP share it with whoever
  // uses its typed helpers in this process.
  const rest = createRestManager({
    token: DISCORD_TOKEN,
    applicationId: APPLICATION_ID,
  });
  rest.baseUrl = settings.upstream;

  // Handing requests on: `proxy.endpoint` asks for the key of REST_AUTHORIZATION
  // and answers with what Discord says, when its limits allow.
  const facts = createFactLog(settings.logLevel, settings.logFormat);
  const opened = await openClusterOf(settings, facts, tls?.cert);
  if (opened !== undefined && opened.problems.length > 0) {
    return fail(opened.problems);
  }
  // The errors of the journal and the listeners are sentences of ours, fit to be printed.
  const failed = (error: unknown) => fail([messageOf(error)]);
  // What the journal has is sent before the ports are open, and is answered, too.
  const asked = Promise.withResolvers<string>();
  const askToStop = onStopSignal(SYSTEM_CLOCK, asked.resolve);
  const { proxy, told, journalNotes } = await openProxy(settings, {
    manager: rest,
    access,
    stop: () => askToStop("An operator"),
    peerCertificates: tls?.cert,
    ...opened && { peers: peersOf(opened, settings, tls?.cert) },
  }, sharedJournalOf(opened, settings, facts)).catch(failed);

  // Creating the HTTP listener.
  const ports = { settings, proxy, facts, passedSocket, tls };
  const listener = await openPorts(ports).catch(failed);
  const metricsUrl = await openMetrics(ports).catch(failed);

  const log = createLog(settings.logLevel, settings.logFormat);
  watchForBugs(log);
  takePart(opened, proxy, settings);
  const begin = (who: string) =>
    beginStop(who, settings, log, proxy, listener, opened);
  void asked.promise.then(begin);
  const isReadingAgain = tls !== undefined || hasFilesToReload(settings);
  const reload = () => reloadFiles(settings, log, proxy, listener);
  onHangUp(isReadingAgain ? reload : () => tellNothingToReload(log));
  const hasSocket = settings.socket !== undefined;
  dropPermissions({ isReadingAgain, hasSocket });
  for (const note of [...notes, ...opened?.notes ?? [], ...journalNotes]) {
    log.write("warn", note);
  }
  log.write("info", told);
  if (metricsUrl !== undefined) log.write("info", `Figures at ${metricsUrl}`);
  log.write("info", `Listening on ${listener.url} (Sluice ${VERSION})`);
  if (settings.peerUrl !== undefined) {
    log.write("info", `Other proxies reach this one at ${settings.peerUrl}`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Runs `action` on SIGHUP, which means "read your files again" to a service. On Windows it means that the console was closed. */
function onHangUp(action: () => void): void {
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGHUP", action);
}

/** Whether bots, keys or rules stand in files. */
function hasFilesToReload(settings: Settings): boolean {
  const { keysFile, authorizationFile, rulesFile } = settings;
  const { discordTokenFile, tokensFile } = settings;
  const access = [keysFile, authorizationFile, discordTokenFile, tokensFile];
  return [...access, rulesFile].some((file) => file !== undefined);
}

function tellNothingToReload(log: Log): void {
  log.write("info", "SIGHUP: there is no file to read again");
}

/** Reads bots, keys, rules and certificate again, each by itself, so that a mistake in one file does not keep the others from being read. */
function reloadFiles(
  settings: Settings,
  log: Log,
  proxy: Proxy,
  listener: Listener,
): void {
  reloadBots(settings, log, proxy);
  reloadKeys(settings, log, proxy);
  if (settings.rulesFile !== undefined) reloadRules(settings, log, proxy);
  if (listener.renew !== undefined) renewCertificate(settings, log, listener);
}

function reloadBots(settings: Settings, log: Log, proxy: Proxy): void {
  const { discordTokenFile, tokensFile } = settings;
  if (discordTokenFile === undefined && tokensFile === undefined) return;
  const read = loadBots(settings);
  if (!read.ok) return tellKept(log, "the bots in use stay", read.problems);
  const moved = proxy.replaceBots(read.value);
  for (const note of read.notes) log.write("warn", note);
  const waiting = moved === 0
    ? ""
    : `; ${moved} requests wait with a new token`;
  log.write("info", `SIGHUP: ${read.value.length} bots are read${waiting}`);
}

function reloadKeys(settings: Settings, log: Log, proxy: Proxy): void {
  const { keysFile, authorizationFile } = settings;
  if (keysFile === undefined && authorizationFile === undefined) return;
  const key = loadAuthorization(settings);
  const keys = loadKeys(settings, proxy.botNames());
  if (!keys.ok || !key.ok) {
    const problems = [key, keys].flatMap((one) => one.ok ? [] : one.problems);
    return tellKept(log, "the keys in use stay", problems);
  }
  proxy.replaceKeys(keys.value, key.value);
  for (const note of [...key.notes, ...keys.notes]) log.write("warn", note);
  log.write("info", `SIGHUP: ${keys.value.length} keys are read`);
}

function reloadRules(settings: Settings, log: Log, proxy: Proxy): void {
  const read = loadRules(settings);
  if (!read.ok) return tellKept(log, "the rules in use stay", read.problems);
  proxy.replaceRules(read.value);
  for (const note of read.notes) log.write("warn", note);
  log.write("info", `SIGHUP: ${read.value.length} rules are read`);
}

function renewCertificate(
  settings: Settings,
  log: Log,
  listener: Listener,
): void {
  const read = loadTls(settings);
  if (!read.ok) return tellKept(log, CERTIFICATE_STAYS, read.problems);
  if (read.value === undefined) return;
  try {
    const isNew = listener.renew?.(read.value) === true;
    for (const note of read.notes) log.write("warn", note);
    const end = isNew ? "is taken over" : "is the one in use";
    log.write("info", `SIGHUP: the certificate ${end}`);
  } catch (error) {
    tellKept(log, CERTIFICATE_STAYS, [messageOf(error)]);
  }
}

const CERTIFICATE_STAYS = "the certificate in use stays";

/** Logs a line for each problem; the last one also says what stays in use. */
function tellKept(
  log: Log,
  whatStays: string,
  problems: readonly string[],
): void {
  const last = problems.length - 1;
  for (const [at, problem] of problems.entries()) {
    const end = at === last ? `; ${whatStays}` : "";
    log.write("error", `SIGHUP: ${problem}${end}`);
  }
}

/** The first signal starts the drain; a second one ends the process at once. */
function beginStop(
  who: string,
  settings: Settings,
  log: Log,
  proxy: Proxy,
  listener: Listener,
  opened: OpenedCluster | undefined,
): void {
  const most = `for at most ${settings.drainMs} ms`;
  log.write("info", `${who}: draining ${most}, requests are still served`);
  stop(settings, log, proxy, listener, opened).catch((error) => {
    exitOn(log, `A bug while draining: ${describeBug(error)}`);
  });
}

/**
 * Doors that have not heard yet of the new owners still send to this proxy, over
 * connections that closing the port would reset: news takes a few round trips.
 */
const NEWS_MS = 500;

/** Hands everything over to other proxies; settles when they know. */
async function leftCluster(opened: OpenedCluster | undefined): Promise<void> {
  if (opened === undefined) return;
  await opened.cluster.leave();
  await afterMs(NEWS_MS);
}

async function stop(
  settings: Settings,
  log: Log,
  proxy: Proxy,
  listener: Listener,
  opened: OpenedCluster | undefined,
): Promise<void> {
  listener.endKeepAlive();
  // The others go on with what waits, while this one still answers.
  const left = leftCluster(opened);
  let closed = Promise.resolve();
  const closePort = () => closed = left.then(() => takeInAndShutDown(listener));
  const { isHeldOutside } = listener;
  const report = await proxy.drain(settings.drainMs, closePort, {
    isHeldOutside,
  });
  await opened?.end();
  const { finished, waiting, inFlight } = report;
  const isClean = waiting === 0 && inFlight === 0;
  const unsent = settings.journalFile === undefined
    ? "refused unsent"
    : "left unsent (what the journal has of them the next process sends)";
  log.write(
    isClean ? "info" : "warn",
    `Drained: ${finished} requests finished, ${waiting} ${unsent}, ${inFlight} cut off in flight`,
    { event: "drained", finished, waiting, inFlight },
  );
  const ended = Promise.all([closed, flushLog()]);
  await Promise.race([ended, afterMs(CLOSE_MS_MAX)]);
  Deno.exit(0);
}

/**
 * Logs unhandled rejections, which have harmed no caller. An uncaught error in a
 * timer may have stopped the queue, so the process ends and can be restarted.
 * Nobody is let in to look for more.
 */
function watchForBugs(log: Log): void {
  keepDebuggerShut(() => {
    log.write("warn", "SIGUSR1: the debugger is shut again");
  });
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
