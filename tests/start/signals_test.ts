import assert from "node:assert/strict";
import { KEY } from "./_held_upstream.ts";
import { startChild } from "./child.ts";

const ENV = { REST_AUTHORIZATION: KEY, REST_PORT: "0" };
const WAIT_MS = 5_000;

/** What a debugger of Node's tells to whoever asks at its usual place. */
async function debuggersTold(): Promise<string> {
  try {
    const response = await fetch("http://127.0.0.1:9229/json/list");
    return await response.text();
  } catch {
    return "";
  }
}

Deno.test("SIGUSR1 leaves no debugger open, and the proxy serves on", async () => {
  await using child = await startChild({ env: ENV });
  const [, url] = await child.seen(/Listening on (http:\/\/127\.0\.0\.1:\d+)/);
  for (let count = 0; count < 3; count++) child.signal("SIGUSR1");
  await child.seen(/SIGUSR1: the debugger is shut again/);
  const untilMs = performance.now() + WAIT_MS;
  // It is open for some milliseconds, and another process may have one.
  let told = await debuggersTold();
  while (told.includes("rest/mod.ts") && performance.now() < untilMs) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    told = await debuggersTold();
  }
  assert.ok(!told.includes("rest/mod.ts"), told);
  const response = await fetch(`${url}/healthz`);
  assert.equal(response.status, 200);
  await response.body?.cancel();
  child.signal("SIGTERM");
  assert.equal((await child.ended()).code, 0);
});

Deno.test("SIGHUP without a file to read again is told, and does not end the process", async () => {
  await using child = await startChild({ env: ENV });
  await child.seen(/Listening on/);
  child.signal("SIGHUP");
  await child.seen(/SIGHUP: there is no file to read again/);
  child.signal("SIGTERM");
  assert.equal((await child.ended()).code, 0);
});
