import assert from "node:assert/strict";
import { denoCommand } from "../../tools/deno_child.ts";
import { allPlaces, textOf } from "./_source_files.ts";

const ROOT = new URL("../../", import.meta.url);

Deno.test("a Deno process of ours opens no connection to look for a newer Deno", async () => {
  const program = `console.log(Deno.env.get("DENO_NO_UPDATE_CHECK"))`;
  for (const clearEnv of [false, true]) {
    const { stdout } = await denoCommand({
      args: ["eval", program],
      clearEnv,
    }).output();
    assert.equal(new TextDecoder().decode(stdout), "1\n");
  }
});

Deno.test("no file starts Deno in another way", () => {
  const owner = "tools/deno_child.ts";
  const spelling = ["Deno.execPath", "()"].join("");
  const others = allPlaces().filter((place) =>
    place !== owner && textOf(place).includes(spelling)
  );
  assert.deepEqual(others, []);
});

Deno.test("no task that runs, tests or installs looks for a newer Deno", () => {
  const config = JSON.parse(
    Deno.readTextFileSync(new URL("deno.json", ROOT)),
  );
  const looking = Object.entries<string>(config.tasks).filter(([, task]) =>
    task.split(" && ").some((command) =>
      /^deno (?:run|test|bench|audit|install)\b/.test(command)
    )
  );
  assert.deepEqual(looking, []);
});
