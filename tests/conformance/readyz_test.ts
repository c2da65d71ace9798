import assert from "node:assert/strict";
import { KEY, startTestProxy, type TestProxy } from "../_proxy.ts";

Deno.test("/readyz stays at 200 with a rejected token, says so, and is well again once Discord takes it", async () => {
  await using proxy = await startTestProxy();
  assert.deepEqual(await readyOf(proxy), [200, "ok", undefined]);
  const fault = {
    kind: "answer",
    status: 401,
    body: '{"message":"401: Unauthorized","code":0}',
  } as const;
  proxy.sim.script({ match: "GET /users/@me", fault, times: 2 });
  const response = await fetch(`${proxy.url}/users/@me`, {
    headers: { authorization: KEY },
  });
  await response.body?.cancel();
  await until(async () => (await readyOf(proxy))[1] === "degraded");
  assert.deepEqual(await readyOf(proxy), [200, "degraded", ["token_rejected"]]);
});

Deno.test("/readyz says that Cloudflare blocks the address, with 200: no other replica would do better", async () => {
  await using proxy = await startTestProxy();
  proxy.sim.script({ fault: { kind: "block", forMs: 60_000 } });
  const asked = fetch(`${proxy.url}/users/@me`, {
    headers: { authorization: KEY },
  });
  await until(async () => (await readyOf(proxy))[1] === "degraded");
  assert.deepEqual(await readyOf(proxy), [200, "degraded", ["blocked"]]);
  await proxy.proxy.drain(0);
  await (await asked).body?.cancel();
});

async function readyOf(
  { url }: TestProxy,
): Promise<[number, string, readonly string[] | undefined]> {
  const response = await fetch(`${url}/readyz`);
  const { status, reasons } = await response.json();
  return [response.status, status, reasons];
}

/** Asks again until it is so: the snapshot behind it is at most a fifth of a second old. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("It never was so");
}
