import assert from "node:assert/strict";
import { bundle } from "../../tools/bundle.ts";
import { denoCommand } from "../../tools/deno_child.ts";
import { parse } from "../ops/deps.ts";
import { reachesRegistry } from "../_registry.ts";

const ROOT = new URL("../../", import.meta.url);
const FOLDER = new URL(".github/workflows/", ROOT);
const FILES = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).sort();

interface Step {
  readonly uses?: string;
  readonly run?: string;
}

interface Job {
  readonly "timeout-minutes"?: number;
  readonly steps: readonly Step[];
}

function textOf(file: string): string {
  return Deno.readTextFileSync(new URL(file, FOLDER));
}

function jobsOf(file: string): Job[] {
  return Object.values(parse(textOf(file)).jobs);
}

Deno.test({
  name:
    "GitHub's own reader finds nothing wrong with the workflows, and something with one that misspells",
  ignore: !reachesRegistry(),
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const program = `${folder}/problems.js`;
      const flags = ["--platform=deno"];
      const text = await bundle("tests/workflows/problems.ts", flags);
      await Deno.writeTextFile(program, text);
      for (const file of FILES) {
        assert.deepEqual(
          await problemsOf(program, new URL(file, FOLDER).pathname),
          [],
          file,
        );
      }
      const wrong = `${folder}/wrong.yml`;
      await Deno.writeTextFile(
        wrong,
        textOf("check.yml").replace("steps:", "stepps:"),
      );
      const [problem = ""] = await problemsOf(program, wrong);
      assert.match(problem, /Unexpected value 'stepps'/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

async function problemsOf(program: string, path: string): Promise<string[]> {
  const { stdout, stderr, success } = await denoCommand({
    args: ["run", "--allow-read", "--allow-env", program, path],
  }).output();
  const decoder = new TextDecoder();
  assert.ok(success, decoder.decode(stderr));
  return JSON.parse(decoder.decode(stdout));
}

Deno.test("every job has an end, and takes no action but GitHub's own", () => {
  for (const file of FILES) {
    for (const job of jobsOf(file)) {
      assert.ok(job["timeout-minutes"] !== undefined, file);
      const foreign = job.steps.map(({ uses }) => uses)
        .filter((uses) => uses !== undefined && !uses.startsWith("actions/"));
      assert.deepEqual(foreign, [], file);
    }
  }
});

Deno.test("CONTRIBUTING lists the secrets and variables that the workflows read, and no others", () => {
  const wanted = new Set(
    FILES.flatMap((file) =>
      textOf(file).match(/(?<=\b(?:secrets|vars)\.)\w+/g) ?? []
    ),
  );
  const contributing = Deno.readTextFileSync(new URL("CONTRIBUTING.md", ROOT));
  const [, section = ""] = contributing.split("\n## How to release\n");
  const [text = ""] = section.split("\n## ");
  const listed = text.match(/(?<=^\| `)[A-Z_]+(?=`)/gm) ?? [];
  assert.deepEqual(listed.sort(), [...wanted].sort());
});

Deno.test("shell in workflows is what bash reads", () => {
  for (const file of FILES) {
    for (const { run } of jobsOf(file).flatMap(({ steps }) => steps)) {
      if (run === undefined) continue;
      const { stderr } = new Deno.Command("bash", {
        args: ["-n", "-c", run],
      }).outputSync();
      assert.equal(new TextDecoder().decode(stderr), "", run);
    }
  }
});
