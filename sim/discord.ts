/**
 * The simulated Discord for people: `deno task discord`, and the program of the
 * npm package. It knows no runtime but Node's modules, which Deno has, too.
 */
import { parseArgs, process, readFileSync } from "./deps.ts";
import type { SimOptions } from "./options.ts";
import { startSim } from "./server.ts";

const USAGE = `discord [--port 8001] [--host 127.0.0.1] [--options file.json]

A simulated Discord: REST API v10 with rate limits as the real one keeps them,
for tests of bots, libraries and proxies. Any token is good.
--options names a JSON file of rules, faults and answers; the README lists all.
Port 0 takes any free one.`;

/** Nobody's: any token is good here, and this one has the shape that libraries and Sluice want. */
const TRIAL_TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.trial.token";

/** Exit code for a wrong command line. */
const MISUSE = 2;

/** Starts it with the words of a command line, and ends it on SIGTERM or SIGINT. */
async function discord(words: readonly string[]): Promise<void> {
  const options = optionsIn(words);
  if (options === undefined) return void process.stdout.write(`${USAGE}\n`);
  const sim = await startSim(options).catch((error) => fail(error));
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => void sim.close().then(() => process.exit(0)));
  }
  process.stdout.write(
    `A simulated Discord at ${sim.url}\n` +
      `Point a library's base URL at it, or a proxy: REST_UPSTREAM=${sim.url}\n` +
      `Any token is good, such as this one: DISCORD_TOKEN=${TRIAL_TOKEN}\n` +
      `Rules, faults and what arrived: ${new URL("/__sim/", sim.url)}\n`,
  );
}

/** Undefined where only the usage was asked for. */
function optionsIn(words: readonly string[]): SimOptions | undefined {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: {
        port: { type: "string", default: "8001" },
        host: { type: "string", default: "127.0.0.1" },
        options: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help === true) return undefined;
    const { port, host, options } = values;
    if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
      throw new Error(`Cannot listen on port "${port}": want 0 to 65535`);
    }
    return {
      ...options === undefined ? {} : fileOf(options),
      port: Number(port),
      hostname: host,
    };
  } catch (error) {
    return fail(error, MISUSE);
  }
}

function fileOf(path: string): SimOptions {
  const text = readFileSync(path, "utf8");
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`Cannot read ${path}: it is not JSON`);
  }
}

function fail(error: unknown, code = 1): never {
  const [message] = String(error instanceof Error ? error.message : error)
    .split("\n");
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

await discord(process.argv.slice(2));
