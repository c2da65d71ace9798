import assert from "node:assert/strict";

/** Asserts that a program, its output piped, says where it listens, and ends well on SIGTERM. */
export async function assertListensAndEnds(
  child: Deno.ChildProcess,
): Promise<void> {
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  while (!said.includes("Listening on")) {
    const { value, done } = await reader.read();
    assert.ok(!done, said);
    said += value;
  }
  child.kill("SIGTERM");
  assert.equal((await child.status).code, 0);
  await reader.cancel();
}
