import assert from "node:assert/strict";
import { SETTINGS } from "../../rest/config/settings.ts";
import { denoCommand, startWords } from "../../tools/deno_child.ts";
import { filledExample } from "./_env_file.ts";
import { assertListensAndEnds } from "./_listens_and_ends.ts";

const ROOT = new URL("../../", import.meta.url);
const UNITS = new URL("../../ops/systemd/", import.meta.url);
const SERVICE = Deno.readTextFileSync(new URL("sluice.service", UNITS));

const NPM_SERVICE = Deno.readTextFileSync(
  new URL("npm/sluice.service", UNITS),
);

function valueOf(name: string, unit = SERVICE): string {
  const line = unit.split("\n").find((line) => line.startsWith(`${name}=`));
  assert.ok(line !== undefined, `${name} is missing`);
  return line.slice(name.length + 1);
}

Deno.test("the service of systemd runs what deno task start runs, without a process between, which the socket would be for", () => {
  const words = valueOf("ExecStart").replaceAll("'", "").split(" ");
  const task = startWords().slice(1).filter((word) => word !== "--env-file")
    .map((word) =>
      word.replace(/^(?:--lock=)?(?=deno\.lock|rest\/)/, "$&/opt/sluice/")
    );
  assert.deepEqual(words, ["/usr/bin/deno", ...task]);
});

Deno.test("the service keeps its journal where systemd lets it write", () => {
  const folder = `/var/lib/${valueOf("StateDirectory")}/`;
  assert.match(SERVICE, new RegExp(`^Environment=REST_JOURNAL=${folder}`, "m"));
});

Deno.test("the service takes a filled-in .env.example, and keeps its journal in the folder of its state", async () => {
  const state = await Deno.makeTempDir();
  assert.equal(
    valueOf("WorkingDirectory"),
    `/var/lib/${valueOf("StateDirectory")}`,
  );
  const line = valueOf("ExecStart").replaceAll("'", "")
    .replaceAll("/opt/sluice/", ROOT.pathname);
  const child = denoCommand({
    args: ["run", "--cached-only", ...line.split(" ").slice(2)],
    cwd: state,
    clearEnv: true,
    env: { ...filledExample("key-of-the-systemd-tests"), REST_PORT: "0" },
    stdout: "piped",
  }).spawn();
  await assertListensAndEnds(child);
  assert.ok(Deno.statSync(`${state}/journal/sluice.db`).isFile);
  await Deno.remove(state, { recursive: true });
});

Deno.test("what docs/deploying.md takes out of /opt/sluice is in the repository", () => {
  const page = Deno.readTextFileSync(new URL("docs/deploying.md", ROOT));
  const places = [...page.matchAll(/ \/opt\/sluice\/([\w./]+)/g)]
    .map(([, place = ""]) => new URL(place, ROOT));
  assert.ok(places.length >= 2);
  for (const place of places) {
    // A name that ends in a dot stands for all files that begin so.
    const [start = "", folder] = [place.pathname, new URL("./", place)];
    const names = [...Deno.readDirSync(folder)].map(({ name }) =>
      `${folder.pathname}${name}`
    );
    assert.ok(names.some((name) => name.startsWith(start)), start);
  }
});

Deno.test("systemd kills the service later than a drain ends", () => {
  const stopMs = Number(valueOf("TimeoutStopSec")) * 1_000;
  assert.ok(stopMs >= Number(SETTINGS.drainMs.fallback) + 5_000);
});

Deno.test("the service of the npm package has what the other one has, holds its port itself, and gets its signal once", () => {
  const own = ["ExecStart", "KillMode"];
  const settingsIn = (unit: string) =>
    unit.slice(unit.indexOf("[Service]")).split("\n")
      .filter((line) => /^\w+=/.test(line))
      .filter((line) => !own.some((name) => line.startsWith(`${name}=`)))
      .filter((line) => !line.includes("DENO_NO_UPDATE_CHECK"));
  assert.deepEqual(settingsIn(NPM_SERVICE), settingsIn(SERVICE));
  assert.equal(valueOf("ExecStart", NPM_SERVICE), "/usr/bin/env sluice");
  assert.equal(valueOf("KillMode", NPM_SERVICE), "mixed");
});

Deno.test({
  name: "systemd finds nothing wrong with the units",
  ignore: !isThere("/usr/bin/systemd-analyze") || !isThere("/usr/bin/deno"),
  fn() {
    for (
      const units of [
        ["sluice.service", "sluice.socket"],
        ["npm/sluice.service"],
      ]
    ) {
      const { code, stderr } = new Deno.Command("systemd-analyze", {
        args: ["verify", ...units],
        cwd: UNITS,
      }).outputSync();
      assert.equal(new TextDecoder().decode(stderr), "");
      assert.equal(code, 0);
    }
  },
});

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
