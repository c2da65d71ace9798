import { installedPackages } from "../clients/_packages.ts";

/** A program for Node, run with the installed client libraries beside it. */
export interface NodeExample extends AsyncDisposable {
  /** Everything it said so far. */
  readonly said: string;
  /** Rejects, with what it said, when it ends. */
  readonly ended: Promise<never>;
}

/** Runs `code` as a module, in a folder where Node finds the libraries. */
export async function runNode(
  code: string,
  env: Readonly<Record<string, string>>,
): Promise<NodeExample> {
  const packages = await installedPackages();
  const folder = await Deno.makeTempDir();
  await Deno.symlink(`${packages}/node_modules`, `${folder}/node_modules`);
  await Deno.writeTextFile(`${folder}/example.mjs`, code);
  const child = new Deno.Command("node", {
    args: ["example.mjs"],
    cwd: folder,
    env: { NODE_NO_WARNINGS: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let said = "";
  const listen = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      said += text;
    }
  };
  const over = Promise.all([listen(child.stdout), listen(child.stderr)])
    .then(() => child.status);
  const ended = over.then((): never => {
    throw new Error(`The program ended: ${said}`);
  });
  ended.catch(() => {});
  return {
    get said() {
      return said;
    },
    ended,
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended already.
      }
      await over;
      await Deno.remove(folder, { recursive: true });
    },
  };
}
