/** `POST /update-bearer-token` at one proxy, of what waits at another. */
import assert from "node:assert/strict";
import { startSim } from "../../sim/server.ts";
import { KEY } from "../_proxy.ts";
import { startCluster } from "./_cluster.ts";

const OLD = "old-token-of-a-user-0001";
const NEW = "new-token-of-a-user-0002";

/** More than a channel's bucket lets out at once. */
const ASKED = 9;

for (const [asked, updated] of [[0, 0], [1, 0], [0, 1], [1, 1]] as const) {
  const where = (place: number) => place === 0 ? "the owner" : "a door";
  Deno.test(`what was asked at ${where(asked)} and waits goes on under the new token that ${where(updated)} is told of`, async () => {
    await using sim = await startSim({
      rules: [{ match: "* /users/@me/guilds", limit: 1, periodMs: 300 }],
      latencyOut: { minMs: 100, maxMs: 100 },
    });
    await using cluster = await startCluster({ upstream: sim.url, count: 2 });
    const urlOf = (place: number) => cluster.proxies[place]?.url ?? "";
    const headers = {
      "x-rest-authorization": KEY,
      authorization: `Bearer ${OLD}`,
    };
    const answers = Array.from({ length: ASKED }, async (_, at) => {
      const path = `/api/v10/users/@me/guilds?limit=${at + 1}`;
      const response = await fetch(urlOf(asked) + path, { headers });
      await response.body?.cancel();
      return response.status;
    });
    const [owner] = cluster.proxies;
    while ((owner?.proxy.snapshot().waiting ?? 0) < ASKED - 3) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const update = await fetch(`${urlOf(updated)}/update-bearer-token`, {
      method: "POST",
      headers: { authorization: KEY, "content-type": "application/json" },
      body: JSON.stringify({ oldToken: OLD, newToken: NEW }),
    });
    const { moved } = await update.json();
    assert.ok(moved >= ASKED - 4, `${moved} moved`);
    const statuses = await Promise.all(answers);
    assert.deepEqual(statuses, Array(ASKED).fill(200));
    const renewed = sim.requests().filter(({ headers }) =>
      headers.some(([, value]) => value === `Bearer ${NEW}`)
    );
    assert.equal(renewed.length, moved);
  });
}
