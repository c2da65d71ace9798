import assert from "node:assert/strict";
import { envExample } from "../../rest/config/describe_settings.ts";
import { readSettings } from "../../rest/config/read_settings.ts";
import { type Setting, SETTINGS } from "../../rest/config/settings.ts";

Deno.test("every setting is named once in .env.example, with its default or what it is set to there", () => {
  for (const setting of Object.values(SETTINGS)) {
    const { name, fallback, need, example } = setting as Setting<unknown>;
    const lines = envExample().split("\n").filter((line) =>
      line.includes(`${name}=`)
    );
    const mark = need === "defaulted" && example === undefined ? "# " : "";
    assert.deepEqual(lines, [`${mark}${name}=${example ?? fallback}`]);
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

Deno.test(".env.example turns the journal on, for every write", () => {
  const text = envExample();
  assert.match(text, /^REST_JOURNAL=journal\/sluice\.db$/m);
  assert.match(text, /^REST_JOURNAL_WRITES=all$/m);
});
