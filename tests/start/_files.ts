import { createHash } from "../deps.ts";

/** Files for a process to read, in a directory that is gone afterwards. */
export interface TestFiles extends AsyncDisposable {
  pathOf(name: string): string;
  /** Writes text, or a value as JSON, for its owner alone unless told otherwise; returns the path. */
  write(name: string, content: unknown, mode?: number): Promise<string>;
}

export async function makeFiles(): Promise<TestFiles> {
  const directory = await Deno.makeTempDir();
  const pathOf = (name: string) => `${directory}/${name}`;
  return {
    pathOf,
    async write(name, content, mode = 0o600) {
      const text = typeof content === "string"
        ? content
        : JSON.stringify(content);
      await Deno.writeTextFile(pathOf(name), text);
      await Deno.chmod(pathOf(name), mode);
      return pathOf(name);
    },
    async [Symbol.asyncDispose]() {
      await Deno.remove(directory, { recursive: true });
    },
  };
}

export function sha256Of(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
