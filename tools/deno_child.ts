/**
 * How Deno is started from Deno here: by tests, tools and benches, and with
 * the flags of `deno task start`.
 */
const ROOT = new URL("../", import.meta.url);

/** Set for every child: no colours, and no update check, whose connections a test would count. */
const EVERY_CHILD = { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };

export interface DenoCommandOptions extends Omit<Deno.CommandOptions, "args"> {
  /** What comes after `deno`. */
  readonly args: readonly string[];
  /** How many files it may have open; as many as we may unless said. */
  readonly filesMax?: number;
  /** A program and its words that gets the command line behind them and runs it; itself unless said. */
  readonly through?: readonly string[];
}

/** A command that runs this Deno. With `clearEnv` it still finds its cache. */
export function denoCommand(
  { args, filesMax, through = [], env, ...options }: DenoCommandOptions,
): Deno.Command {
  const [direct, directWords] = commandOf(locked(args), filesMax);
  const [program = direct, ...words] = [...through, direct, ...directWords];
  const own = options.clearEnv === true ? ownPlaces() : {};
  return new Deno.Command(program, {
    ...options,
    args: words,
    env: { ...own, ...EVERY_CHILD, ...env },
  });
}

/** The subcommands that load packages. */
const LOADING = new Set(["bundle", "cache", "check", "info", "run", "serve"]);

/** The words with the lock file where they load packages and name none; that of `deno.json` is off, since `deno task` downloads all that it locks. */
function locked(args: readonly string[]): readonly string[] {
  const [subcommand = "", ...words] = args;
  if (!LOADING.has(subcommand)) return args;
  const lock = `--lock=${new URL("deno.lock", ROOT).pathname}`;
  // A relative path would be looked for where the child works.
  const others = words.filter((word) => !LOCK_FLAGS.includes(word));
  return [subcommand, lock, "--frozen", ...others];
}

/** As tasks name it, from the project's folder. */
const LOCK_FLAGS = ["--lock=deno.lock", "--frozen"];

/** What `deno task start` runs, as the words of a command line: `deno`, `run`, its flags and the file. */
export function startWords(): string[] {
  const config = JSON.parse(
    Deno.readTextFileSync(new URL("deno.json", ROOT)),
  );
  const task: string = config.tasks.start;
  const words = task.replaceAll("'", "").split(" ");
  return words.slice(words.indexOf("deno"));
}

/** Where this Deno is, for those who start it by other means. */
export function denoPath(): string {
  return Deno.execPath();
}

/** Only a shell can set the bound on files before the runtime looks at it. */
function commandOf(
  args: readonly string[],
  filesMax: number | undefined,
): [program: string, words: string[]] {
  const deno = denoPath();
  if (filesMax === undefined) return [deno, [...args]];
  const script = `ulimit -n ${filesMax} && exec "$@"`;
  return ["sh", ["-c", script, "sh", deno, ...args]];
}

/** What a Deno process needs to find its cache; the rest of our environment is kept from it. */
function ownPlaces(): Record<string, string> {
  const names = ["DENO_DIR", "HOME", "PATH", "XDG_CACHE_HOME"];
  return Object.fromEntries(names.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }));
}
