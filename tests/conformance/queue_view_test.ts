import assert from "node:assert/strict";
import { ALL_RIGHTS } from "../../rest/domain/access.ts";
import { hexDigestOf } from "../../rest/listener/access/digest.ts";
import { Secret } from "../../rest/domain/secret.ts";
import { KEY, startTestProxy, type TestProxy, TOKEN } from "../_proxy.ts";

const OTHER = "another-key-of-somebody-else-0123";
const CHANNEL = "/channels/123456789012345678/messages";

Deno.test("a key sees what it has waiting, with reason, place and estimate, and another key's only with the right admin", async () => {
  await using proxy = await startWithOther();
  const asked = flood(proxy, 12);
  await untilWaiting(proxy, 6);
  const { body } = await get(proxy, "/_rep/requests", KEY);
  assert.ok(body.requests.length >= 6);
  assert.deepEqual(
    body.requests.map(({ place }) => place),
    body.requests.map((_, n) => n + 1),
  );
  for (const { reason, route } of body.requests) {
    assert.ok(reason === "bucket" || reason === "order", reason);
    assert.equal(route, "POST /channels/{channel_id}/messages");
  }
  const mine = await get(proxy, "/_rep/requests", OTHER);
  assert.deepEqual(mine.body, { requests: [] });
  const theirs = await get(proxy, "/_rep/requests?key=default", OTHER);
  assert.equal(theirs.status, 403);
  const all = await get(proxy, "/_rep/requests?key=*", KEY);
  assert.ok(all.body.requests.length >= 5);
  await proxy.proxy.drain(0);
  await asked;
});

Deno.test("what waits is told in pages", async () => {
  await using proxy = await startTestProxy();
  const asked = flood(proxy, 14);
  await untilWaiting(proxy, 8);
  const first = await get(proxy, "/_rep/requests?limit=3", KEY);
  assert.equal(first.body.requests.length, 3);
  assert.equal(first.body.next, 3);
  const second = await get(proxy, "/_rep/requests?limit=3&offset=3", KEY);
  assert.equal(second.body.requests.length, 3);
  for (const bad of ["limit=101", "offset=-1", "limit=x"]) {
    const refused = await get(proxy, `/_rep/requests?${bad}`, KEY);
    assert.equal(refused.status, 400, bad);
  }
  await proxy.proxy.drain(0);
  await asked;
});

Deno.test("what a request would wait for is told without sending it", async () => {
  await using proxy = await startTestProxy();
  const path = `/_rep/limits?target=${CHANNEL}&method=POST`;
  const free = await get(proxy, path, KEY);
  assert.equal(free.body.wait, null);
  assert.equal(proxy.sim.requests().length, 0);
  const asked = flood(proxy, 12);
  await untilWaiting(proxy, 6);
  const sent = proxy.sim.requests().length;
  const { body } = await get(proxy, path, KEY);
  assert.ok((body.wait?.place ?? 0) >= 6);
  const reasons = ["bucket", "order", "first_answer"];
  assert.ok(reasons.includes(body.wait?.reason ?? ""));
  assert.ok(proxy.sim.requests().length - sent <= 2);
  const bad = await get(proxy, "/_rep/limits?target=/../x", KEY);
  assert.equal(bad.status, 400);
  const none = await get(proxy, "/_rep/limits", KEY);
  assert.equal(none.status, 400);
  await proxy.proxy.drain(0);
  await asked;
});

async function startWithOther(): Promise<TestProxy> {
  const sha256 = hexDigestOf(OTHER);
  const rights = { ...ALL_RIGHTS, isAdmin: false };
  return await startTestProxy({
    access: {
      keys: [{ name: "other", sha256, rights }],
      bots: [{ name: "main", token: new Secret(TOKEN) }],
    },
  });
}

interface Told {
  readonly requests: ReadonlyArray<
    { readonly place: number; readonly reason: string; readonly route: string }
  >;
  readonly next?: number;
  readonly wait: { readonly place: number; readonly reason: string } | null;
}

async function get(
  { url }: TestProxy,
  path: string,
  authorization: string,
): Promise<{ readonly status: number; readonly body: Told }> {
  const response = await fetch(url + path, { headers: { authorization } });
  return { status: response.status, body: await response.json() };
}

function flood({ url }: TestProxy, count: number): Promise<unknown> {
  return Promise.all(Array.from({ length: count }, async (_, n) => {
    const response = await fetch(url + CHANNEL, {
      method: "POST",
      headers: { authorization: KEY, "content-type": "application/json" },
      body: JSON.stringify({ content: String(n) }),
    });
    await response.body?.cancel();
  }));
}

async function untilWaiting(
  { proxy }: TestProxy,
  least: number,
): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (proxy.snapshot().waiting >= least) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("Too few ever waited");
}
