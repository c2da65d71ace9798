import assert from "node:assert/strict";
import { readKeys } from "../../rest/config/read_keys.ts";
import { createKeyRing } from "../../rest/listener/key_ring.ts";
import { fileOf } from "../config/_files.ts";

const TOOL = new URL("../../tools/key.ts", import.meta.url).pathname;

/** What `deno task key` says; without any permission. */
async function run(...words: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
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

Deno.test("a bad name is told in one sentence, and no key is made", async () => {
  const { code, out, err } = await run("a name");
  assert.equal(code, 1);
  assert.equal(out, "");
  assert.equal(
    err,
    "Cannot make a key: want a name of 1 to 32 letters, digits, dashes and underscores\n",
  );
});
