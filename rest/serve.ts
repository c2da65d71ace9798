/**
 * The default export for `deno serve rest/serve.ts` and serverless hosts.
 *
 * One isolate only, never `--parallel`: each would keep the bot's limits on
 * its own, and together they would break them.
 */
import { CONFIGS } from "../configs.ts";
import { fail } from "./log/fail.ts";
import { createLog } from "./log/log.ts";
import { createProxy } from "./proxy.ts";

if (!CONFIGS.ok) fail(CONFIGS.problems);
const { settings, access, notes } = CONFIGS;

const log = createLog(settings.logLevel, settings.logFormat);
for (const note of notes) log.write("warn", note);

const { fetch } = createProxy(settings, { access });

export default { fetch } satisfies Deno.ServeDefaultExport;
