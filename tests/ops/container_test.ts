import assert from "node:assert/strict";
import { SETTINGS } from "../../rest/config/settings.ts";
import { startSim } from "../../sim/server.ts";
import { startFlags } from "../../tools/build_sluice.ts";
import { reachesRegistry } from "../_registry.ts";
import { filledExample } from "./_env_file.ts";
import { buildImage, canBuildImages, type Image } from "./_container.ts";

const CONTAINERFILE = Deno.readTextFileSync(
  new URL("../../ops/Containerfile", import.meta.url),
);
const KEY = "key-of-the-container-tests";

Deno.test("the container runs what the npm package runs", () => {
  const [, words = ""] = /^ENTRYPOINT (\[.*\])$/m.exec(CONTAINERFILE) ?? [];
  assert.deepEqual(JSON.parse(words), [
    ...["/usr/local/bin/deno", "run"],
    ...startFlags(),
    "/sluice/rest.js",
  ]);
});

Deno.test("the container takes the minor version of Deno that it was tried with", () => {
  const [, minor = ""] = /^ARG DENO=denoland\/deno:bin-(\d+\.\d+)\.\d+$/m
    .exec(CONTAINERFILE) ?? [];
  assert.ok(Deno.version.deno.startsWith(`${minor}.`), minor);
});

Deno.test("every REST_ name that the container sets is a setting", () => {
  const known = new Set<string>(
    Object.values(SETTINGS).map(({ name }) => name),
  );
  const names = CONTAINERFILE.match(/\bREST_[A-Z_]+(?==)/g) ?? [];
  assert.ok(names.length > 0);
  assert.deepEqual(names.filter((name) => !known.has(name)), []);
});

Deno.test({
  name:
    "the image is small, has no shell, serves from a read-only root as nobody, with settings of .env.example, and drains on SIGTERM",
  ignore: !canBuildImages() || !reachesRegistry(),
  async fn() {
    await using image = await buildImage();
    assert.equal(image.config.User, "65532:65532");
    assert.equal(image.config.StopSignal, "SIGTERM");
    assert.deepEqual(Object.keys(image.config.Volumes), ["/var/lib/sluice"]);
    const files = filesIn(image.root);
    assert.deepEqual(files.filter((file) => /\/(?:ba|da)?sh$/.test(file)), []);
    const bytes = files.map((file) => Deno.lstatSync(file).size)
      .reduce((sum, size) => sum + size, 0);
    assert.ok(bytes < 120e6, `${bytes} bytes`);
    await serveAndDrain(image);
  },
});

async function serveAndDrain(image: Image): Promise<void> {
  await using discord = await startSim();
  const before = filesIn(image.root).length;
  const child = image.run({
    ...filledExample(KEY),
    // Not to be reached from elsewhere while tests run.
    REST_HOST: "127.0.0.1",
    REST_PORT: "0",
    REST_UPSTREAM: discord.url,
  });
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const errors = new Response(child.stderr).text();
  let said = "";
  let isOver = false;
  while (!/Listening on/.test(said) && !isOver) {
    const { value = "", done } = await reader.read();
    said += value;
    isOver = done;
  }
  const [, address = ""] = /Listening on (http:\/\/[0-9.:]+)/.exec(said) ?? [];
  assert.ok(address !== "", `${said}${isOver ? await errors : ""}`);
  const answer = await fetch(`${address}/api/v10/users/@me`, {
    headers: { authorization: KEY },
  });
  await answer.body?.cancel();
  assert.equal(answer.status, 200);
  const kept = filesIn(image.volume).map((path) => path.split("/").at(-1));
  assert.ok(kept.includes("sluice.db"), `${kept}`);
  child.kill("SIGTERM");
  const { code } = await child.status;
  await reader.cancel();
  assert.equal(code, 0, await errors);
  assert.equal(filesIn(image.root).length, before);
}

/** Every file below a folder. */
function filesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory ? filesIn(path) : [path];
  });
}
