import assert from "node:assert/strict";
import { denoCommand } from "../../tools/deno_child.ts";

/** Starts the process and returns it with the address it printed. */
async function startProcess(
  options: unknown,
): Promise<{ child: Deno.ChildProcess; url: string }> {
  const child = denoCommand({
    args: ["run", "--no-prompt", "-A", "sim/main.ts", JSON.stringify(options)],
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  const { url } = JSON.parse(new TextDecoder().decode(value));
  return { child, url };
}

Deno.test("the process prints its address, takes its options, and ends on SIGTERM with 0", async () => {
  const { child, url } = await startProcess({
    accounts: { badTokens: ["bad"] },
  });
  const statusOf = async (token: string) => {
    const response = await fetch(`${url}/v10/users/@me`, {
      headers: { authorization: `Bot ${token}` },
    });
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await statusOf("bad"), 401);
  assert.equal(await statusOf("good"), 200);
  const report = await fetch(new URL("/__sim/report", url));
  assert.deepEqual((await report.json()).byStatus, { "200": 1, "401": 1 });
  child.kill("SIGTERM");
  const { code } = await child.status;
  await child.stdout.cancel();
  assert.equal(code, 0);
});
