import assert from "node:assert/strict";
import { reachesRegistry } from "../_registry.ts";
import { KEY } from "./_held_upstream.ts";
import { startChild } from "./child.ts";

/** What the packages of `deps.ts` and of the cluster are made of: what may be imported later is downloaded at once. */
const NEEDED = [
  "@discordeno/rest",
  "@discordeno/types",
  "@discordeno/utils",
  "@logtape/logtape",
  "@opentelemetry/api",
  "@redis/client",
  "bintrees",
  "prom-client",
  "tdigest",
  "undici",
  "ws",
];

Deno.test({
  name:
    "deno task start on an empty cache downloads the packages that running needs, and none of tests and tools",
  ignore: !reachesRegistry(),
  async fn() {
    const cache = await Deno.makeTempDir();
    try {
      await using child = await startChild({
        isTask: true,
        env: {
          DENO_DIR: cache,
          // As npm does, where the way to the registry has a certificate of its own.
          DENO_TLS_CA_STORE: "mozilla,system",
          REST_AUTHORIZATION: KEY,
          REST_PORT: "0",
        },
      });
      await child.seen(/Listening on/);
      // Ended before anything is claimed: the process behind the task would stay.
      child.signal("SIGTERM");
      await child.ended();
      assert.deepEqual(await packagesIn(`${cache}/npm`), NEEDED);
    } finally {
      await Deno.remove(cache, { recursive: true });
    }
  },
});

/** Names of the packages in a cache, below a folder for each registry. */
async function packagesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for (const registry of await foldersIn(folder)) {
    for (const name of await foldersIn(`${folder}/${registry}`)) {
      const scoped = name.startsWith("@")
        ? await foldersIn(`${folder}/${registry}/${name}`)
        : undefined;
      names.push(...scoped?.map((own) => `${name}/${own}`) ?? [name]);
    }
  }
  return names.sort();
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  return entries.filter(({ isDirectory }) => isDirectory).map(({ name }) =>
    name
  );
}
