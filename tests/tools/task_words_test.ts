import assert from "node:assert/strict";
import { denoCommand } from "../../tools/deno_child.ts";
import { flags, numberOptions } from "../../tools/task_words.ts";

const ROOT = new URL("../../", import.meta.url);

Deno.test("numberOptions() reads both spellings and leaves what is not said", () => {
  const defaults = { count: 1, seed: 2 };
  const read = (...words: string[]) => numberOptions(words, defaults);
  assert.deepEqual(read(), defaults);
  assert.deepEqual(read("--count", "5"), { count: 5, seed: 2 });
  assert.deepEqual(read("--seed=7"), { count: 1, seed: 7 });
});

const NOT_NUMBERS: ReadonlyArray<
  readonly [words: readonly string[], sentence: string]
> = [
  [["--cout", "5"], 'Cannot read "--cout": there are --count, --help'],
  [["count", "5"], 'Cannot read "count": there are --count, --help'],
  [["5"], 'Cannot read "5": there are --count, --help'],
  [[""], 'Cannot read "": there are --count, --help'],
  [["--count", "many"], 'Cannot read --count "many": want a whole number'],
  [["--count", "-1"], 'Cannot read --count "-1": want a whole number'],
  [["--count"], 'Cannot read --count "": want a whole number'],
];

for (const [words, message] of NOT_NUMBERS) {
  Deno.test(`numberOptions() refuses ${JSON.stringify(words)} in one sentence`, () => {
    assert.throws(() => numberOptions(words, { count: 1 }), { message });
  });
}

Deno.test("flags() tells which are there and refuses every other word", () => {
  assert.deepEqual(flags([], ["--exit"]), { "--exit": false });
  assert.deepEqual(flags(["--exit"], ["--exit"]), { "--exit": true });
  assert.throws(() => flags(["exit"], ["--exit"]), {
    message: 'Cannot read "exit": there are --exit, --help',
  });
  assert.throws(() => flags(["x"], []), {
    message: 'Cannot read "x": there is only --help',
  });
});

/** Every task that takes words, and its file. */
const TASKS = {
  demo: "tools/demo.ts",
  fuzz: "tools/fuzz.ts",
  key: "tools/key.ts",
  sim: "tools/chaos.ts",
  soak: "tools/soak.ts",
};

async function run(file: string, words: readonly string[], env = {}) {
  const { code, stdout, stderr } = await denoCommand({
    args: ["run", "--no-prompt", "--allow-env", file, ...words],
    cwd: ROOT,
    env,
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

for (const [task, file] of Object.entries(TASKS)) {
  Deno.test(`deno task ${task} --help prints the usage and does nothing else`, async () => {
    const { code, out, err } = await run(file, ["--help"]);
    assert.deepEqual({ code, err }, { code: 0, err: "" });
    assert.ok(out.split("\n")[0]?.includes(`deno task ${task}`), out);
  });

  Deno.test(`deno task ${task} tells a word it does not know in one sentence, with exit code 2`, async () => {
    const { code, out, err } = await run(file, ["--foo"]);
    assert.deepEqual({ code, out }, { code: 2, out: "" });
    assert.match(
      err,
      /^Cannot read "--foo": there (?:are|is only) .*--help.*\n$/,
    );
  });
}

Deno.test("SIM_SEEDS that are none are told in one sentence, with exit code 2", async () => {
  assert.deepEqual(await run(TASKS.sim, [], { SIM_SEEDS: "1,two" }), {
    code: 2,
    out: "",
    err:
      'Cannot read SIM_SEEDS "1,two": want whole numbers with commas between them, or "new"\n',
  });
});
