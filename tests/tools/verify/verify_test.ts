import assert from "node:assert/strict";
import { type SimOptions, startSim } from "../../../sim/server.ts";
import { denoCommand } from "../../../tools/deno_child.ts";
import { TOKEN } from "../../_proxy.ts";

const ROOT = new URL("../../../", import.meta.url);
const GUILD = "900000000000000009";

/** Runs the task's own words, with a simulated Discord in the real one's place. */
async function verify(
  options: SimOptions,
  words: readonly string[] = [`--guild=${GUILD}`],
  token = TOKEN,
) {
  const { tasks } = JSON.parse(
    Deno.readTextFileSync(new URL("deno.json", ROOT)),
  );
  const task = String(tasks.verify).split(" ")
    .filter((word) => word !== "--env-file");
  const folder = await Deno.makeTempDir();
  const path = `${folder}/verify.md`;
  await using sim = await startSim(options);
  const { code, stdout, stderr } = await denoCommand({
    args: [
      ...task.slice(task.indexOf("run")),
      ...words,
      `--base=${sim.url}`,
      `--report=${path}`,
    ],
    cwd: ROOT,
    env: { DISCORD_TOKEN: token },
  }).output();
  const decoder = new TextDecoder();
  const report = await Deno.readTextFile(path).catch(() => "");
  await Deno.remove(folder, { recursive: true });
  return {
    code,
    out: decoder.decode(stdout),
    err: decoder.decode(stderr),
    report,
    requests: sim.requests(),
  };
}

Deno.test("deno task verify writes a report with the difference, and nothing secret in it", async () => {
  const { code, out, report, requests } = await verify({
    rules: [{ match: "GET /users/{id}", limit: 7, periodMs: 7_000 }],
  });
  assert.equal(code, 1);
  assert.match(
    out,
    /differs: GET \/users\/\{id\}: simulated 30, .*; Discord 7, sliding/,
  );
  assert.match(
    report,
    /\| GET \/users\/\{id\} \| 30, sliding, reset after 1\.0 s \| 7, sliding, reset after 1\.0 s \|/,
  );
  assert.ok(requests.length > 50 && requests.length <= 300);
  // No id, no hash, no token, nor any part of one.
  assert.ok(!/\d{15,}|[0-9a-f]{16,}/.test(report), report);
  for (const secret of [...TOKEN.split("."), GUILD]) {
    assert.ok(!report.includes(secret), secret);
  }
});

Deno.test("deno task verify ends with 0 where nothing differs", async () => {
  const { code, out, report } = await verify({});
  assert.equal(code, 0, out);
  assert.match(report, /\n## What differs\n\nNothing of what was tried\.\n/);
});

const MISTAKES: ReadonlyArray<
  readonly [words: readonly string[], token: string, sentence: RegExp]
> = [
  [[], TOKEN, /^Cannot read --guild "": want the id of a guild of your own\n$/],
  [["--guild", "mine"], TOKEN, /^Cannot read --guild "mine"/],
  [
    ["--guild", GUILD, "--requests", "301"],
    TOKEN,
    /^Cannot read --requests "301": want 6 to 300\n$/,
  ],
  [["--guild", GUILD], "", /^DISCORD_TOKEN is not set to a bot's token\n$/],
  [["--gild", GUILD], TOKEN, /^Cannot read "--gild": there are --guild/],
];

for (const [words, token, sentence] of MISTAKES) {
  Deno.test(`deno task verify ${words.join(" ")} is told its mistake ${token === "" ? "without a token " : ""}and sends nothing`, async () => {
    const { code, err, requests } = await verify({}, words, token);
    assert.equal(code, 2);
    assert.match(err, sentence);
    assert.equal(requests.length, 0);
  });
}
