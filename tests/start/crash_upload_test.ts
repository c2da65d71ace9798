/** Large bodies outlive signal 9 as files beside the journal: a real process with the permissions of `deno task start`. */
import assert from "node:assert/strict";
import { ask, CountingDiscord, fetched, startMortal } from "./_crashing.ts";

const CONTENT = "what nobody may read. ".repeat(50_000);

for (const key of ["", "5f".repeat(32)]) {
  const how = key === "" ? "as it is" : "encrypted";
  Deno.test(`an upload of a megabyte that was taken with 202 arrives whole after signal 9, kept ${how}`, async () => {
    await using discord = new CountingDiscord();
    const folder = await Deno.makeTempDir();
    await using proxy = await startMortal(discord, {
      REST_JOURNAL: `${folder}/journal.db`,
      REST_JOURNAL_KEY: key,
    });
    discord.hold();
    const headers = { prefer: "respond-async" };
    await ask(proxy, { content: "first", headers });
    await discord.arrived(1);
    // It waits behind the first, which nobody answers.
    const taken = await ask(proxy, { content: CONTENT, headers });
    assert.equal(taken.status, 202);
    assert.ok(taken.body.durable);
    await proxy.kill();
    assert.equal(await isReadable(folder), key === "");
    discord.release();
    await proxy.start();
    const { status } = await fetched(
      proxy,
      taken.headers.get("location") ?? "",
    );
    assert.equal(status, 200);
    assert.deepEqual(discord.contents, ["first", CONTENT]);
    await proxy.stop();
    // Its outcome is kept, its body no longer.
    assert.deepEqual([...Deno.readDirSync(`${folder}/journal.db.bodies`)], []);
    await Deno.remove(folder, { recursive: true });
  });
}

/** Whether the text stands in a file below a folder. */
async function isReadable(folder: string): Promise<boolean> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory ? await isReadable(path) : holds(path)) return true;
  }
  return false;
}

function holds(path: string): boolean {
  const text = new TextDecoder("latin1").decode(Deno.readFileSync(path));
  return text.includes("nobody may read");
}
