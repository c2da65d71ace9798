const ROOT = new URL("../../", import.meta.url);

/** A proxy in a process of its own, started as `deno task start` does it. */
export interface Child {
  /** Settles with the first match in standard output; rejects when the process ends without one. */
  seen(pattern: RegExp): Promise<RegExpExecArray>;
  signal(signal: Deno.Signal): void;
  /** Everything it said, once it has ended. */
  ended(): Promise<
    { readonly code: number; readonly out: string; readonly err: string }
  >;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ChildOptions {
  readonly env?: Record<string, string>;
  /** Text of a `.env` in its working directory; none unless given. */
  readonly envFile?: string;
}

/** What `deno task start` runs, as the words of a command line. */
export async function startWords(): Promise<string[]> {
  const config = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", ROOT)),
  );
  const task: string = config.tasks.start;
  return task.replaceAll("'", "").split(" ");
}

/** Starts the proxy in an empty directory, so that nobody's own `.env` is read. */
export async function startChild(options: ChildOptions = {}): Promise<Child> {
  const directory = await Deno.makeTempDir();
  if (options.envFile !== undefined) {
    await Deno.writeTextFile(`${directory}/.env`, options.envFile);
  }
  const words = await startWords();
  const args = words.slice(1, -1);
  args.push(new URL("rest/mod.ts", ROOT).pathname);
  const child = new Deno.Command(Deno.execPath(), {
    args,
    cwd: directory,
    clearEnv: true,
    env: { ...ownPlaces(), NO_COLOR: "1", ...options.env },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  return watch(child, directory);
}

/** Where Deno finds its cache; the rest of our environment is kept from the child. */
function ownPlaces(): Record<string, string> {
  const names = ["DENO_DIR", "HOME", "PATH", "XDG_CACHE_HOME"];
  const given = names.map((name) => [name, Deno.env.get(name)] as const);
  return Object.fromEntries(
    given.filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function watch(child: Deno.ChildProcess, directory: string): Child {
  let out = "";
  let news = Promise.withResolvers<void>();
  const outRead = (async () => {
    for await (
      const text of child.stdout.pipeThrough(new TextDecoderStream())
    ) {
      out += text;
      news.resolve();
      news = Promise.withResolvers<void>();
    }
    news.resolve();
  })();
  const errRead = new Response(child.stderr).text();
  let isOver = false;
  const over = outRead.then(() => {
    isOver = true;
  });
  async function ended() {
    const [err, { code }] = await Promise.all([errRead, child.status, over]);
    return { code, out, err };
  }
  return {
    async seen(pattern) {
      while (true) {
        const found = pattern.exec(out);
        if (found !== null) return found;
        if (isOver) {
          throw new Error(`${pattern} not seen in: ${out}${await errRead}`);
        }
        await Promise.race([news.promise, over]);
      }
    },
    signal: (signal) => child.kill(signal),
    ended,
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended already.
      }
      await ended();
      await Deno.remove(directory, { recursive: true });
    },
  };
}
