/**
 * The default export for `deno serve rest/serve.ts` and serverless hosts.
 *
 * One isolate only, never `--parallel`: each would keep the bot's limits on
 * its own, and together they would break them.
 */
import { loadSettings } from "../configs.ts";
import { fail } from "./log/fail.ts";
import { createLog } from "./log/log.ts";
import { createProxy } from "./proxy.ts";

const read = loadSettings();
if (!read.ok) fail(read.problems);
const { settings, access, notes } = read;

const log = createLog(settings.logLevel, settings.logFormat);
for (const note of notes) log.write("warn", note);

const { fetch } = createProxy(settings, { access });

export default { fetch } satisfies Deno.ServeDefaultExport;
