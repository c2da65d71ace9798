/** `deno task release`: everything up to the tag; CI builds and publishes what the tag names. */
import { VERSION } from "../rest/domain/version.ts";
import { denoCommand } from "./deno_child.ts";
import { releasedChangelog } from "./release/changelog.ts";
import { checkNextVersion } from "./release/version.ts";
import { flags, taskWords } from "./task_words.ts";

const ROOT = new URL("../", import.meta.url);

const USAGE = `deno task release <version> [--write] [--skip-tests]

Rehearses a release in a copy of the last commit: the version in deno.json, the
section in CHANGELOG.md, deno task test, and what would be published, which is
left in dist/release. Nothing else is changed.

--write       Then does it here: changes both files, commits and tags. Pushing
              the tag is up to you, and starts the workflow that publishes.
--skip-tests  Where they have just run.`;

interface Wish {
  readonly version: string;
  readonly isWritten: boolean;
  readonly isTested: boolean;
}

if (import.meta.main) {
  const wish = taskWords(USAGE, wishIn);
  try {
    await release(wish);
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error));
    Deno.exit(1);
  }
}

function wishIn([version = "", ...words]: readonly string[]): Wish {
  if (version === "" || version.startsWith("-")) {
    throw new Error("Cannot release: want a version, as in 0.2.0");
  }
  const given = flags(words, ["--write", "--skip-tests"]);
  return {
    version,
    isWritten: given["--write"],
    isTested: !given["--skip-tests"],
  };
}

async function release({ version, isWritten, isTested }: Wish): Promise<void> {
  checkNextVersion(version, VERSION);
  await checkTree(version);
  const copy = await Deno.makeTempDir({ prefix: "sluice-release-" });
  try {
    const there = new URL(`file://${copy}/`);
    await git(["clone", "--quiet", ROOT.pathname, copy]);
    await change(there, version);
    if (isTested) await task(there, "test");
    await task(there, "release:artifacts");
    await takeArtifacts(there);
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
  if (!isWritten) {
    return tell(
      `Rehearsed ${version}: see dist/release. With --write it becomes a commit and the tag v${version}.`,
    );
  }
  await change(ROOT, version);
  await git(["commit", "--quiet", "--all", "--message", `Release ${version}`]);
  await git(["tag", "--annotate", `v${version}`, "--message", version]);
  tell(`Tagged v${version}. To publish: git push --follow-tags`);
}

/** Only what is committed is released, and once. */
async function checkTree(version: string): Promise<void> {
  const changed = await git(["status", "--porcelain"]);
  if (changed !== "") {
    throw new Error(
      `Cannot release ${version}: there are changes without a commit`,
    );
  }
  if (await git(["tag", "--list", `v${version}`]) !== "") {
    throw new Error(`Cannot release ${version}: there is a tag v${version}`);
  }
}

/** The two files that know of a version; everything else reads `deno.json`. */
async function change(root: URL, version: string): Promise<void> {
  await rewrite(
    new URL("deno.json", root),
    (text) =>
      text.replace(
        `"version": "${VERSION}"`,
        `"version": "${version}"`,
      ),
  );
  const today = new Date().toISOString().slice(0, 10);
  await rewrite(
    new URL("CHANGELOG.md", root),
    (text) => releasedChangelog(text, version, today),
  );
}

async function rewrite(
  file: URL,
  change: (text: string) => string,
): Promise<void> {
  await Deno.writeTextFile(file, change(await Deno.readTextFile(file)));
}

async function takeArtifacts(copy: URL): Promise<void> {
  const from = new URL("dist/release/", copy);
  const to = new URL("dist/release/", ROOT);
  await Deno.mkdir(to, { recursive: true });
  for (const { name } of Deno.readDirSync(to)) {
    await Deno.remove(new URL(name, to));
  }
  for (const { name } of Deno.readDirSync(from)) {
    await Deno.copyFile(new URL(name, from), new URL(name, to));
  }
}

async function task(cwd: URL, name: string): Promise<void> {
  const { success } = await denoCommand({
    args: ["task", name],
    cwd,
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`Cannot release: deno task ${name} failed`);
}

async function git(args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("git", {
    args: [...args],
    cwd: ROOT,
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(decoder.decode(stderr).trim());
  return decoder.decode(stdout).trim();
}

function tell(sentence: string): void {
  // deno-lint-ignore no-console
  console.log(sentence);
}
