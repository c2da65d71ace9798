import assert from "node:assert/strict";
import { discordTokenIn } from "../../rest/config/discord_token.ts";
import { denoCommand } from "../../tools/deno_child.ts";

const ROOT = new URL("../../", import.meta.url);

/** The words of `deno task discord`, without its assignment. */
function taskWordsOf(): string[] {
  const { tasks } = JSON.parse(
    Deno.readTextFileSync(new URL("deno.json", ROOT)),
  );
  const words = String(tasks.discord).split(" ");
  return words.slice(words.indexOf("run"));
}

async function said(...words: string[]) {
  const { code, stdout, stderr } = await denoCommand({
    args: [...taskWordsOf(), ...words],
    cwd: ROOT,
  }).output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

Deno.test("deno task discord says where it is and a token that Sluice takes, as the READMEs do, takes a file of options, and ends on SIGTERM", async () => {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  await Deno.writeTextFile(file, '{"accounts": {"badTokens": ["bad"]}}');
  const child = denoCommand({
    args: [...taskWordsOf(), "--port=0", "--options", file],
    cwd: ROOT,
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("/__sim/\n")) text += (await reader.read()).value;
  const [, url = ""] = /at (http:\S+\/api)\n/.exec(text) ?? [];
  assert.ok(text.includes(`REST_UPSTREAM=${url}\n`));
  const [, token = ""] = /DISCORD_TOKEN=(.*)\n/.exec(text) ?? [];
  assert.equal(discordTokenIn(token), token);
  for (const page of ["README.md", "sim/README.md"]) {
    assert.ok(Deno.readTextFileSync(new URL(page, ROOT)).includes(token), page);
  }
  const statusOf = async (token: string) => {
    const response = await fetch(`${url}/v10/users/@me`, {
      headers: { authorization: `Bot ${token}` },
    });
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await statusOf("bad"), 401);
  assert.equal(await statusOf(token), 200);
  child.kill("SIGTERM");
  const { code } = await child.status;
  await reader.cancel();
  await Deno.remove(file);
  assert.equal(code, 0);
});

Deno.test("deno task discord --help tells its words", async () => {
  const { code, out } = await said("--help");
  assert.equal(code, 0);
  assert.match(out, /^discord \[--port 8001\]/);
});

const MISTAKES: ReadonlyArray<readonly [readonly string[], RegExp]> = [
  [["--port", "65536"], /^Cannot listen on port "65536": want 0 to 65535\n$/],
  [["--prot", "1"], /^Unknown option '--prot'/],
  [["--options", "/nowhere.json"], /^ENOENT: no such file/],
  [["--options", "README.md"], /^Cannot read README\.md: it is not JSON\n$/],
  [
    ["--options", "deno.json"],
    /^Cannot set option "version": there is none\n$/,
  ],
];

for (const [words, sentence] of MISTAKES) {
  Deno.test(`deno task discord refuses ${words.join(" ")} in one line`, async () => {
    const { code, out, err } = await said(...words);
    assert.ok(code === 1 || code === 2, `exit code ${code}`);
    assert.equal(out, "");
    assert.match(err, sentence);
    assert.equal(err.trimEnd().split("\n").length, 1);
  });
}
