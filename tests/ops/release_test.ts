/** A release from its command line to a tag, in a copy of the repository. */
import assert from "node:assert/strict";
import manifest from "../../deno.json" with { type: "json" };
import { denoCommand } from "../../tools/deno_child.ts";
import { reachesRegistry } from "../_registry.ts";
import { parse, Spec, Validation } from "./deps.ts";

const ROOT = new URL("../../", import.meta.url);

const NEXT = manifest.version.replace(
  /^(\d+)\.(\d+)\.\d+$/,
  (_, major, minor) => `${major}.${Number(minor) + 1}.0`,
);

/** A repository of its own with the files as they stand here, committed or not. */
class Copy implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<Copy> {
    const copy = new Copy(await Deno.makeTempDir({ prefix: "sluice-copy-" }));
    const { folder } = copy;
    await copy.run(
      "sh",
      "-c",
      `
      cd "${ROOT.pathname}" && git ls-files -z --cached --others --exclude-standard |
        tar --create --null --files-from=- --ignore-failed-read 2>/dev/null |
        tar --extract --directory "${folder}"`,
    );
    await copy.git("init", "--quiet");
    await copy.git("config", "user.name", "test");
    await copy.git("config", "user.email", "test@localhost");
    await copy.git("add", "--all");
    await copy.git("commit", "--quiet", "--message", "Everything");
    return copy;
  }

  async release(...words: string[]): Promise<{ code: number; said: string }> {
    const { code, stdout, stderr } = await denoCommand({
      args: ["task", "--quiet", "release", ...words],
      cwd: this.folder,
    }).output();
    const decoder = new TextDecoder();
    return { code, said: `${decoder.decode(stdout)}${decoder.decode(stderr)}` };
  }

  git(...words: string[]): Promise<string> {
    return this.run("git", ...words);
  }

  async run(program: string, ...args: string[]): Promise<string> {
    const { success, stdout, stderr } = await new Deno.Command(program, {
      args,
      cwd: this.folder,
    }).output();
    const decoder = new TextDecoder();
    assert.ok(success, decoder.decode(stderr));
    return decoder.decode(stdout).trim();
  }

  read(file: string): Promise<string> {
    return Deno.readTextFile(`${this.folder}/${file}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

Deno.test({
  name:
    "deno task release rehearses without a trace: tarballs of the next version, checksums that hold, a bill of materials that CycloneDX takes",
  ignore: !reachesRegistry(),
  async fn() {
    await using copy = await Copy.make();
    const { code, said } = await copy.release(NEXT, "--skip-tests");
    assert.equal(code, 0, said);
    assert.equal(await copy.git("status", "--porcelain"), "");
    assert.equal(await copy.git("tag", "--list"), "");

    const out = `${copy.folder}/dist/release`;
    const names = [...Deno.readDirSync(out)].map(({ name }) => name).sort();
    assert.deepEqual(names, [
      "SHA256SUMS",
      "notes.md",
      "sbom.json",
      `sluice-${NEXT}.tgz`,
      `sluice-client-${NEXT}.tgz`,
      `sluice-discord-${NEXT}.tgz`,
    ]);
    await copy.run(
      "sh",
      "-c",
      `cd dist/release && sha256sum --check SHA256SUMS`,
    );
    const packed = await copy.run(
      "tar",
      ...["--extract", "--to-stdout", `--file=dist/release/sluice-${NEXT}.tgz`],
      "package/package.json",
    );
    assert.equal(JSON.parse(packed).version, NEXT);

    const sbom = await copy.read("dist/release/sbom.json");
    const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
    assert.equal(await validator.validate(sbom), null);
    const { components } = JSON.parse(sbom);
    const named = components.map(({ name }: { name: string }) => name);
    assert.ok(named.includes("undici"), `${named}`);
    assert.ok(!named.includes("typescript"), `${named}`);

    await copy.git("commit", "--quiet", "--allow-empty", "--message", "More");
    const written = await copy.release(NEXT, "--skip-tests", "--write");
    assert.equal(written.code, 0, written.said);
    assert.equal(await copy.git("status", "--porcelain"), "");
    assert.equal(await copy.git("tag", "--points-at", "HEAD"), `v${NEXT}`);
    assert.equal(JSON.parse(await copy.read("deno.json")).version, NEXT);
    assert.match(
      await copy.read("CHANGELOG.md"),
      new RegExp(`\n## Unreleased\n\n## ${NEXT} - \\d{4}-\\d\\d-\\d\\d\n`),
    );
    await runWorkflow(copy, NEXT);
  },
});

/** The steps of the workflow that check the tag and publish, but for publishing. */
async function runWorkflow(copy: Copy, version: string): Promise<void> {
  const { jobs } = parse(await copy.read(".github/workflows/release.yml"));
  const steps: { name?: string; run?: string }[] = jobs.packages.steps;
  const runOf = (wanted: string) => {
    const run = steps.find(({ name }) => name === wanted)?.run;
    assert.ok(run !== undefined, wanted);
    return run;
  };
  const named = runOf("The tag names the version");
  await copy.run(
    "bash",
    "-c",
    `export DRY_RUN= GITHUB_REF_NAME=v${version}; ${named}`,
  );
  await assert.rejects(
    copy.run("bash", "-c", `export DRY_RUN= GITHUB_REF_NAME=v0.0.0; ${named}`),
  );
  const said = await copy.run(
    "bash",
    "-ec",
    `export DRY_RUN=yes; ${runOf("Packages")} 2>&1`,
  );
  for (const name of ["sluice", "sluice-client", "sluice-discord"]) {
    assert.match(said, new RegExp(`\\+ ${name}@${version}(?:\n|$)`));
  }
}

Deno.test("a release with changes that are in no commit is refused in one sentence", async () => {
  await using copy = await Copy.make();
  await Deno.writeTextFile(`${copy.folder}/new.md`, "");
  const { code, said } = await copy.release(NEXT);
  assert.equal(code, 1);
  assert.equal(
    said,
    `Cannot release ${NEXT}: there are changes without a commit\n`,
  );
});

Deno.test("a release of a version that has a tag is refused in one sentence", async () => {
  await using copy = await Copy.make();
  await copy.git("tag", `v${manifest.version}`);
  const { code, said } = await copy.release(manifest.version);
  assert.equal(code, 1);
  assert.equal(
    said,
    `Cannot release ${manifest.version}: there is a tag v${manifest.version}\n`,
  );
});
