import assert from "node:assert/strict";

const RUN = new URL("../../.ci/run", import.meta.url).pathname;

Deno.test("CI adds up every run of the suite and passes when none failed", async () => {
  const { code, last } = await runWith(
    ["ok | 12 passed (3 steps) | 0 failed (1s)", "ok | 30 passed | 0 failed"],
    0,
  );
  assert.equal(last, "42 passed, 0 failed");
  assert.equal(code, 0);
});

Deno.test("CI fails with the number of claims that failed", async () => {
  const { code, last } = await runWith(
    ["ok | 12 passed | 0 failed (1s)", "FAILED | 28 passed | 2 failed (1s)"],
    1,
  );
  assert.equal(last, "40 passed, 2 failed");
  assert.equal(code, 1);
});

Deno.test("CI counts format, lint and types as one failure", async () => {
  const { code, last } = await runWith(["error: Found 1 problem"], 1);
  assert.equal(last, "0 passed, 1 failed");
  assert.equal(code, 1);
});

Deno.test("CI does not pass when nothing ran", async () => {
  const { code, last } = await runWith([], 0);
  assert.equal(last, "0 passed, 1 failed");
  assert.equal(code, 1);
});

/** Runs `.ci/run` with a Deno that says these lines and ends so. */
async function runWith(
  lines: readonly string[],
  exitCode: number,
): Promise<{ code: number; last: string | undefined }> {
  const folder = await Deno.makeTempDir();
  try {
    const script = [
      "#!/bin/sh",
      `if [ "$1" = --version ]; then echo "deno 2.9.99"; exit 0; fi`,
      ...lines.map((line) => `echo "${line}"`),
      `exit ${exitCode}`,
    ];
    const path = `${folder}/deno`;
    await Deno.writeTextFile(path, script.join("\n"), { mode: 0o755 });
    const { code, stdout } = await new Deno.Command(RUN, {
      env: { PATH: `${folder}:${Deno.env.get("PATH") ?? ""}` },
    }).output();
    const last = new TextDecoder().decode(stdout).trimEnd().split("\n").at(-1);
    return { code, last };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
