import assert from "node:assert/strict";
import { envExample } from "../../rest/config/describe_settings.ts";
import { readSettings } from "../../rest/config/read_settings.ts";
import { SETTINGS } from "../../rest/config/settings.ts";

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
