/** Exit code for a wrong command line; 1 means that the task found something. */
const MISUSE = 2;

const HELP = new Set(["-h", "--help"]);

/**
 * Reads the words after a task with `read`. `--help` prints the usage and exits
 * with 0; when `read` throws, its message is printed and the exit code is 2.
 */
export function taskWords<T>(
  usage: string,
  read: (words: readonly string[]) => T,
): T {
  if (Deno.args.some((word) => HELP.has(word))) {
    write(Deno.stdout, `${usage}\n`);
    Deno.exit(0);
  }
  try {
    return read(Deno.args);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    write(Deno.stderr, `${error.message}\n`);
    Deno.exit(MISUSE);
  }
}

/**
 * Reads `--name 5` and `--name=5`, all of them whole numbers from 0 up. Throws
 * one sentence on what it does not know.
 */
export function numberOptions<Name extends string>(
  words: readonly string[],
  defaults: Readonly<Record<Name, number>>,
): Record<Name, number> {
  const options: Record<string, number> = { ...defaults };
  for (const [name, value] of optionsIn(words, Object.keys(defaults))) {
    if (!/^[0-9]{1,15}$/.test(value)) {
      throw new Error(
        `Cannot read --${name} ${JSON.stringify(value)}: want a whole number`,
      );
    }
    options[name] = Number(value);
  }
  return options as Record<Name, number>;
}

/** Reads `--name text` and `--name=text`. Throws one sentence on what it does not know. */
export function textOptions<Name extends string>(
  words: readonly string[],
  defaults: Readonly<Record<Name, string>>,
): Record<Name, string> {
  const given = optionsIn(words, Object.keys(defaults));
  return { ...defaults, ...Object.fromEntries(given) };
}

function optionsIn(
  words: readonly string[],
  known: readonly string[],
): Array<readonly [name: string, value: string]> {
  const parts = words.flatMap((word) => word.split(/=(.*)/s, 2));
  const found: Array<readonly [string, string]> = [];
  for (let at = 0; at < parts.length; at += 2) {
    const option = parts[at] ?? "";
    const name = option.replace(/^--/, "");
    if (!option.startsWith("--") || !known.includes(name)) {
      throw notKnown(option, known.map((each) => `--${each}`));
    }
    found.push([name, parts[at + 1] ?? ""]);
  }
  return found;
}

/** Tells for each of the flags whether it is there. Throws one sentence about a word it does not know. */
export function flags<Flag extends string>(
  words: readonly string[],
  known: readonly Flag[],
): Record<Flag, boolean> {
  const isKnown = (word: string) => known.some((flag) => flag === word);
  const odd = words.find((word) => !isKnown(word));
  if (odd !== undefined) throw notKnown(odd, known);
  const read = known.map((flag) => [flag, words.includes(flag)] as const);
  return Object.fromEntries(read) as Record<Flag, boolean>;
}

function notKnown(word: string, known: readonly string[]): Error {
  const there = [...known, "--help"].join(", ");
  const want = known.length === 0 ? "there is only" : "there are";
  return new Error(`Cannot read ${JSON.stringify(word)}: ${want} ${there}`);
}

function write(to: typeof Deno.stdout, text: string): void {
  to.writeSync(new TextEncoder().encode(text));
}
