import assert from "node:assert/strict";
import { seenPeers } from "../_peers.ts";
import { startTestProxy } from "../_proxy.ts";
import { scrape } from "./_scrape.ts";

const NAMES = [
  "owned_scopes",
  "peers",
  "peers_unreachable",
  "store_unreachable",
  "door_waiting_requests",
  "door_handed_on_requests",
].map((name) => `sluice_${name}`);

Deno.test("of several proxies each tells whom it sends for, and how it stands with Redis and the others", async () => {
  await using proxy = await startTestProxy({ parts: { peers: seenPeers() } });
  const { values } = await scrape(proxy.url);
  assert.deepEqual(NAMES.map((name) => values.get(name)), [21, 2, 1, 0, 0, 0]);
  assert.equal(values.get('sluice_owner{bot="main"}'), 1);
  assert.equal(values.get('sluice_ownerless{bot="main"}'), 0);
  assert.equal(values.get('sluice_lease_age_seconds{bot="main"}'), 0.42);
});

Deno.test("a proxy that is alone has no figure of a cluster", async () => {
  await using proxy = await startTestProxy();
  const { values } = await scrape(proxy.url);
  const shown = [...values.keys()].filter((name) =>
    /^sluice_(?:owne|peer|door|lease|store)/.test(name)
  );
  assert.deepEqual(shown, []);
});

Deno.test("the probe of a proxy whose peer does not answer says so, and that it serves", async () => {
  await using proxy = await startTestProxy({ parts: { peers: seenPeers() } });
  const response = await fetch(`${proxy.url}/readyz`);
  const { status, reasons } = await response.json();
  assert.equal(response.status, 200);
  assert.equal(status, "degraded");
  assert.deepEqual(reasons, ["peers_unreachable"]);
});

Deno.test("the probe of a proxy that reaches no Redis and may send for nobody sends callers elsewhere", async () => {
  const peers = seenPeers({ owned: 0, isStoreAway: true, peers: [] });
  await using proxy = await startTestProxy({ parts: { peers } });
  const response = await fetch(`${proxy.url}/readyz`);
  const { reasons } = await response.json();
  assert.equal(response.status, 503);
  assert.deepEqual(reasons, ["store_unreachable"]);
});
