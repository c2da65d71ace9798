import assert from "node:assert/strict";
import {
  envExample,
  settingsMarkdown,
} from "../../rest/config/describe_settings.ts";
import { readSettings } from "../../rest/config/read_settings.ts";
import { SETTINGS } from "../../rest/config/settings.ts";

const ROOT = new URL("../../", import.meta.url);
const README = new URL("README.md", ROOT);

Deno.test(".env.example is what the table says", async () => {
  const text = await Deno.readTextFile(new URL(".env.example", ROOT));
  assert.equal(
    text,
    envExample(),
    "`deno task readme` writes it anew",
  );
});

Deno.test({
  name: "the README's settings are what the table says",
  ignore: !await isThere(README),
  fn: async () => {
    const text = await Deno.readTextFile(README);
    const between = /<!-- settings -->([^]*?)<!-- \/settings -->/;
    const [, given] = between.exec(text) ?? [];
    assert.ok(given !== undefined, "README.md lacks its settings markers");
    // The formatter pads the columns; only what stands in them counts.
    assert.deepEqual(
      cellsOf(given),
      cellsOf(settingsMarkdown()),
      "`deno task readme` writes them anew",
    );
  },
});

Deno.test("every setting is named once in .env.example, with its default", () => {
  for (const { name, fallback, need } of Object.values(SETTINGS)) {
    const lines = envExample().split("\n").filter((line) =>
      line.includes(`${name}=`)
    );
    const mark = need === "defaulted" ? "# " : "";
    assert.deepEqual(lines, [`${mark}${name}=${fallback}`]);
  }
});

Deno.test(".env.example starts the proxy once the key is filled in", () => {
  const env = Object.fromEntries(
    envExample().replaceAll(/^# (?=[A-Z_]+=)/gm, "").split("\n")
      .filter((line) => /^[A-Z_]+=/.test(line))
      .map((line) => line.split(/=(.*)/s).slice(0, 2)),
  );
  const read = readSettings({ ...env, REST_AUTHORIZATION: "k".repeat(16) });
  assert.ok(read.ok, read.ok ? "" : read.problems.join("\n"));
});

Deno.test("no line of .env.example is wider than 80 characters", () => {
  for (const line of envExample().split("\n")) {
    assert.ok(line.length <= 80, line);
  }
});

async function isThere(url: URL): Promise<boolean> {
  return await Deno.stat(url).then(() => true, () => false);
}

function cellsOf(table: string): string[][] {
  return table.trim().split("\n")
    .filter((line) => !/^[|\s:-]+$/.test(line))
    .map((line) => line.split("|").map((cell) => cell.trim()));
}
