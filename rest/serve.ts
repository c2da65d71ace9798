/**
 * The default export for `deno serve rest/serve.ts` and serverless hosts.
 *
 * Run it in one isolate only, never with `--parallel`: each isolate would count
 * the bot's limits by itself, and together they would exceed them.
 */
import { CONFIGS } from "../configs.ts";
import { createLog, fail } from "./log/log.ts";
import { createProxy } from "./proxy.ts";

if (!CONFIGS.ok) fail(CONFIGS.problems);
const { settings, access, notes } = CONFIGS;

const log = createLog(settings.logLevel, settings.logFormat);
for (const note of notes) log.write("warn", note);
if (settings.journalFile !== undefined) {
  log.write(
    "warn",
    "REST_JOURNAL is not used by a fetch handler: what waits ends with this process",
  );
}

const { fetch, drain } = createProxy(settings, { access });
// The host lets what runs end, and would then wait for our timers, up to a minute.
if (Deno.build.os !== "windows") {
  Deno.addSignalListener("SIGTERM", () => void drain(settings.drainMs));
}

export default { fetch } satisfies Deno.ServeDefaultExport;
