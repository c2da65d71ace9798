import assert from "node:assert/strict";
import { SETTINGS } from "../../rest/config/settings.ts";
import { startWords } from "../../tools/deno_child.ts";

const UNITS = new URL("../../ops/systemd/", import.meta.url);
const SERVICE = Deno.readTextFileSync(new URL("sluice.service", UNITS));

function valueOf(name: string): string {
  const line = SERVICE.split("\n").find((line) => line.startsWith(`${name}=`));
  assert.ok(line !== undefined, `${name} is missing`);
  return line.slice(name.length + 1);
}

Deno.test("the service of systemd runs what deno task start runs, without a process between, which the socket would be for", () => {
  const words = valueOf("ExecStart").replaceAll("'", "").split(" ");
  assert.deepEqual(words, ["/usr/bin/deno", ...startWords().slice(1)]);
});

Deno.test("the service keeps its journal where systemd lets it write", () => {
  const folder = `/var/lib/${valueOf("StateDirectory")}/`;
  assert.match(SERVICE, new RegExp(`^Environment=REST_JOURNAL=${folder}`, "m"));
});

Deno.test("systemd kills the service later than a drain ends", () => {
  const stopMs = Number(valueOf("TimeoutStopSec")) * 1_000;
  assert.ok(stopMs >= Number(SETTINGS.drainMs.fallback) + 5_000);
});

Deno.test({
  name: "systemd finds nothing wrong with the units",
  ignore: !isThere("/usr/bin/systemd-analyze") || !isThere("/usr/bin/deno"),
  fn() {
    const { code, stderr } = new Deno.Command("systemd-analyze", {
      args: ["verify", "sluice.service", "sluice.socket"],
      cwd: UNITS,
    }).outputSync();
    assert.equal(new TextDecoder().decode(stderr), "");
    assert.equal(code, 0);
  },
});

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
