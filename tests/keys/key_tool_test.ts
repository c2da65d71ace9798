import assert from "node:assert/strict";
import { denoCommand } from "../../tools/deno_child.ts";
import { readKeys } from "../../rest/config/read_keys.ts";
import { createKeyRing } from "../../rest/listener/access/key_ring.ts";
import { fileOf } from "../config/_files.ts";

const TOOL = new URL("../../tools/key.ts", import.meta.url).pathname;

/** What `deno task key` says; without any permission. */
async function run(...words: string[]) {
  const { code, stdout, stderr } = await denoCommand({
    args: ["run", "--no-prompt", TOOL, ...words],
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

/** The two lines that are set apart: the key and its entry. */
function partsOf(out: string): string[] {
  return out.split("\n").filter((line) => line.startsWith("  "))
    .map((line) => line.trim());
}

Deno.test("a new key opens the proxy by the entry that is printed with it", async () => {
  const { code, out } = await run("dashboard");
  assert.equal(code, 0);
  const [key = "", entry = ""] = partsOf(out);
  assert.match(key, /^[A-Za-z0-9_-]{43}$/);
  const problems: string[] = [];
  const keys = readKeys(fileOf("X", `[${entry}]`), [], problems);
  assert.deepEqual(problems, []);
  assert.equal(createKeyRing(keys).keyOf(key)?.name, "dashboard");
  assert.equal(out.split(key).length, 2);
});

Deno.test("no two keys are the same", async () => {
  const [one, other] = [await run(), await run()];
  assert.notEqual(partsOf(one.out)[0], partsOf(other.out)[0]);
});

const NAME_WANTED =
  "Cannot make a key: want a name of 1 to 32 letters, digits, dashes and underscores";

/** What cannot be a name, and the sentence that says so. */
const REFUSED: ReadonlyArray<readonly [words: string[], sentence: string]> = [
  [["a name"], NAME_WANTED],
  [[""], NAME_WANTED],
  [["n".repeat(33)], NAME_WANTED],
  [["näme"], NAME_WANTED],
  [["a\n"], NAME_WANTED],
  [
    ["--foo"],
    'Cannot read "--foo": there is only --help, and no name begins with a dash here',
  ],
  [["one", "two"], "Cannot make 2 keys at once: want one name, or none"],
];

for (const [words, sentence] of REFUSED) {
  Deno.test(`deno task key ${JSON.stringify(words)} makes no key and says why in one sentence`, async () => {
    assert.deepEqual(await run(...words), {
      code: 2,
      out: "",
      err: `${sentence}\n`,
    });
  });
}

Deno.test("a name of 32 characters is taken", async () => {
  const { code, out } = await run("n".repeat(32));
  assert.equal(code, 0);
  assert.equal(JSON.parse(partsOf(out)[1] ?? "").name, "n".repeat(32));
});

for (const word of ["--help", "-h"]) {
  Deno.test(`deno task key ${word} prints the usage and makes no key`, async () => {
    const { code, out, err } = await run(word);
    assert.deepEqual({ code, err }, { code: 0, err: "" });
    assert.match(out, /^deno task key \[name\]\n/);
    assert.deepEqual(partsOf(out), []);
  });
}
