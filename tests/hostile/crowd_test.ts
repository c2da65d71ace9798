import assert from "node:assert/strict";
import { bringCrowd, crowdProblemOf } from "../../tools/fuzz/crowd.ts";
import { startProxyChild } from "../../tools/soak/child.ts";
import { processFacts } from "../../tools/soak/process_facts.ts";
import { KEY } from "../_proxy.ts";
import { say } from "./_hostile_upstream.ts";

const MIB = 1024 * 1024;

/** Pairs of crowds; it stopped growing after three to four of them (seen 2026-11). */
const CROWDS_MAX = 10;

Deno.test("1,000 connections that say nothing useful: good requests are answered among them, and all they took is given back", async () => {
  await using proxy = await startProxyChild({
    env: { REST_AUTHORIZATION: KEY, REST_UPSTREAM: "http://127.0.0.1:9/api" },
  });
  const crowd = () => bringCrowd(proxy, 1_000, KEY);
  const first = await crowd();
  assert.equal(first.opened, 1_000);
  assert.ok(first.during.sockets >= 1_000);
  assert.equal(crowdProblemOf(first), undefined);
  // What is dead is collected when it pays, so memory grows for a while; what
  // is held would grow with every crowd.
  let residentBytes = first.after.residentBytes;
  for (let count = 0; count < CROWDS_MAX; count++) {
    await crowd();
    const { after } = await crowd();
    const growthBytes = after.residentBytes - residentBytes;
    if (growthBytes < 4 * MIB) return;
    residentBytes = after.residentBytes;
  }
  assert.fail(`memory goes on growing: ${residentBytes} bytes`);
});

Deno.test("256 MiB from a caller without a key are neither kept nor read", async () => {
  await using proxy = await startProxyChild({
    env: { REST_AUTHORIZATION: KEY, REST_UPSTREAM: "http://127.0.0.1:9/api" },
  });
  const before = await processFacts(proxy.pid);
  using caller = await Deno.connect({
    hostname: "127.0.0.1",
    port: Number(proxy.url.port),
  });
  const bytes = 256 * MIB;
  await say(
    caller,
    `POST /api/v10/channels/1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes}\r\n\r\n`,
  );
  const mebibyte = new Uint8Array(MIB);
  let saidMib = 0;
  const isCut = (async () => {
    for (; saidMib < bytes / MIB; saidMib++) await say(caller, mebibyte);
  })();
  await assert.rejects(isCut);
  assert.ok(saidMib < 64, `${saidMib} MiB were read`);
  const after = await processFacts(proxy.pid);
  const growthBytes = after.residentBytes - before.residentBytes;
  assert.ok(growthBytes < 48 * MIB, `memory grew by ${growthBytes} bytes`);
});

Deno.test("more connections than the process may have files: it is there again when they are gone", async () => {
  await using proxy = await startProxyChild({
    env: { REST_AUTHORIZATION: KEY, REST_UPSTREAM: "http://127.0.0.1:9/api" },
    filesMax: 200,
  });
  const port = Number(proxy.url.port);
  const crowd = await Promise.allSettled(
    Array.from(
      { length: 400 },
      () => Deno.connect({ hostname: "127.0.0.1", port }),
    ),
  );
  for (const each of crowd) {
    if (each.status === "fulfilled") each.value.close();
  }
  const response = await askUntilAnswered(new URL("/healthz", proxy.url));
  assert.equal(response, 200);
  assert.ok(!proxy.hasEnded);
});

/** A port that could not be served for a moment is tried again, as every client does. */
async function askUntilAnswered(url: URL): Promise<number> {
  const untilMs = performance.now() + 5_000;
  for (;;) {
    try {
      const response = await fetch(url);
      await response.body?.cancel();
      return response.status;
    } catch (error) {
      if (performance.now() > untilMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
