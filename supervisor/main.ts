/** The program of the npm package `sluice`: runs the proxy, and holds its socket. */
import { denoProgram } from "./deno_program.ts";
import { fileURLToPath, process, readFileSync, spawn } from "./deps.ts";
import { Supervisor, tell } from "./supervisor.ts";

const USAGE = `sluice [key [name] | --version | --help]

Starts the proxy with the settings of the environment and of .env, and starts
it again should it die. "sluice key" makes a key.

SIGTERM, SIGINT  serve what waits, for up to REST_DRAIN_MS, and end
SIGHUP           take up what has changed: keys, bots, rules and certificate at
                 once, .env and a newer version with a restart that no caller
                 notices`;

/** Exit code for a wrong command line. */
const MISUSE = 2;

/** Written by the build from the task that starts the proxy in the repository. */
interface StartFile {
  readonly version: string;
  /** The flags of `deno run`. */
  readonly flags: readonly string[];
}

async function main([word, ...more]: readonly string[]): Promise<void> {
  const { version, flags } = startFile();
  switch (word) {
    case undefined:
      return await new Supervisor({
        deno: denoProgram,
        flags,
        path: pathOf("./rest.js"),
      }).run();
    case "key":
      return makeKey(more);
    case "--version":
    case "-v":
      return void process.stdout.write(`${version}\n`);
    case "--help":
    case "-h":
      return void process.stdout.write(`${USAGE}\n`);
    default:
      tell(
        `cannot read ${JSON.stringify(word)}: there are key, --version, --help`,
      );
      process.exit(MISUSE);
  }
}

function makeKey(words: readonly string[]): void {
  const flags = ["run", "--no-prompt", "--no-config", "--no-npm"];
  const args = [...flags, pathOf("./key.js"), ...words];
  spawn(denoProgram(), args, { stdio: "inherit" })
    .on("exit", (code) => process.exit(code ?? 1));
}

function startFile(): StartFile {
  return JSON.parse(readFileSync(pathOf("./start.json"), "utf8"));
}

function pathOf(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}

await main(process.argv.slice(2)).catch((error) => {
  tell(error instanceof Error ? error.message : String(error));
  process.exit(1);
});
