import assert from "node:assert/strict";
import { FAULT_MEMBERS } from "../../sim/model/check_faults.ts";
import { DEFAULT_SETTINGS } from "../../sim/model/settings.ts";
import { SERVER_OPTIONS } from "../../sim/options.ts";
import { startSim } from "../../sim/server.ts";

const README = Deno.readTextFileSync(
  new URL("../../sim/README.md", import.meta.url),
);

/** The text below one heading. */
function section(heading: string): string {
  const [, text = ""] = README.split(`\n## ${heading}\n`);
  return text.split("\n## ")[0] ?? "";
}

/** The curl lines, in their order. */
function curlLines(): string[] {
  return section("Asking it and changing it").split("\n")
    .filter((line) => line.startsWith("curl "));
}

/** Members of an interface, read from its source: types leave nothing else to look at. */
function membersOf(file: string, name: string): string[] {
  const text = Deno.readTextFileSync(new URL(file, import.meta.url));
  const [, body = ""] = new RegExp(`interface ${name}[^{]*\\{(.*?)^\\}`, "ms")
    .exec(text) ?? [];
  return [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)]
    .map(([, member = ""]) => member);
}

Deno.test("the simulator's README names every option and every member of a group", () => {
  const options = section("Options");
  for (const [name, value] of Object.entries(DEFAULT_SETTINGS)) {
    assert.ok(options.includes(`\`${name}\``), name);
    if (typeof value !== "object" || Array.isArray(value)) continue;
    for (const member of Object.keys(value)) {
      assert.ok(options.includes(`\`${member}\``), `${name}.${member}`);
    }
  }
  for (const name of SERVER_OPTIONS) {
    assert.ok(options.includes(`\`${name}\``), name);
  }
});

Deno.test("the simulator's README names every member of a rule", () => {
  const members = membersOf("../../sim/model/limit_rule.ts", "LimitSpec");
  assert.ok(members.length > 10);
  for (const member of members) {
    assert.ok(section("Rules").includes(`\`${member}\``), member);
  }
});

Deno.test("the simulator's README names every fault with its members", () => {
  for (const [kind, { needed, may }] of Object.entries(FAULT_MEMBERS)) {
    const row = section("Faults").split("\n")
      .find((line) => line.startsWith(`| \`${kind}\``));
    assert.ok(row !== undefined, kind);
    for (const member of Object.keys({ ...needed, ...may })) {
      assert.ok(row.includes(`\`${member}\``), `${kind}.${member}`);
    }
  }
});

Deno.test("the simulator's README lists the paths that there are", async () => {
  await using sim = await startSim();
  const response = await fetch(new URL("/__sim/", sim.url));
  const paths = Object.keys(await response.json());
  assert.equal(paths.length, 8);
  for (const line of paths.filter((each) => each !== "POST /__sim/report")) {
    assert.ok(README.includes(`| \`${line}\``), line);
  }
});

Deno.test({
  name: "the simulator's README does what it says when its lines are run",
  ignore: !hasCurl(),
  async fn() {
    await using sim = await startSim();
    const here = new URL(sim.url).host;
    const statuses: string[] = [];
    for (const line of curlLines()) {
      const { stdout } = await new Deno.Command("sh", {
        args: [
          "-c",
          `${
            line.replaceAll("127.0.0.1:8001", here)
          } --silent --output /dev/null --write-out '%{http_code}'`,
        ],
      }).output();
      statuses.push(new TextDecoder().decode(stdout));
    }
    assert.deepEqual(statuses, ["200", "200", "429", "200", "200"]);
    assert.equal(sim.audit.report().limited.user, 1);
    // The planned fault: done, and never answered.
    const post = fetch(`${sim.url}/v10/channels/900000000000000001/messages`, {
      method: "POST",
      headers: {
        authorization: "Bot x.y.z",
        "content-type": "application/json",
      },
      body: JSON.stringify({ content: "a1" }),
    });
    await assert.rejects(post);
    assert.ok((sim.requests().at(-1)?.executed) === true);
  },
});

function hasCurl(): boolean {
  try {
    return new Deno.Command("curl", { args: ["--version"] }).outputSync()
      .success;
  } catch {
    return false;
  }
}
