/** `POST /update-bearer-token` while requests wait, through the real proxy. */
import assert from "node:assert/strict";
import { createRestManager } from "../../deps.ts";
import type { ReceivedRequest } from "../../sim/server.ts";
import { keyNamed, type Stand, startStand, TOKENS } from "./_stand.ts";

const KEYS = { one: {}, other: {} } as const;
const OLD = "old-token-of-a-user";
const NEW = "new-token-of-a-user";
const GUILDS = "GET /users/@me/guilds";

/** One at a time, answered late: what comes second waits until the tokens have changed. */
const SLOW = {
  sim: {
    rules: [{ match: "* /users/@me/guilds", limit: 1, periodMs: 1_000 }],
    latencyOut: { minMs: 200, maxMs: 200 },
  },
};

function userOf(stand: Stand, key: keyof typeof KEYS, token: string) {
  return stand.overHttp(`Bearer ${token}`, {
    "x-rest-authorization": keyNamed(key),
  });
}

async function update(
  stand: Stand,
  key: keyof typeof KEYS,
): Promise<unknown> {
  const response = await fetch(`${stand.proxy.url}/update-bearer-token`, {
    method: "POST",
    headers: {
      authorization: keyNamed(key),
      "content-type": "application/json",
    },
    body: JSON.stringify({ oldToken: OLD, newToken: NEW }),
  });
  assert.equal(response.status, 200);
  return await response.json();
}

/** The tokens of what arrived. */
function tokensOf(requests: readonly ReceivedRequest[]): string[] {
  return requests.map(({ headers }) =>
    headers.find(([name]) => name.toLowerCase() === "authorization")?.[1] ?? ""
  );
}

Deno.test("what waits goes out with the new token, what has left keeps the old one", async () => {
  await using stand = await startStand(KEYS, SLOW);
  const user = userOf(stand, "one", OLD);
  const ends = [1, 2, 3].map(() => user.ask(`${GUILDS}?limit=1`));
  await stand.waiting(3);
  assert.deepEqual(await update(stand, "one"), { moved: 2 });
  for (const { status } of await Promise.all(ends)) assert.equal(status, 200);
  assert.deepEqual(tokensOf(stand.proxy.sim.requests()).sort(), [
    `Bearer ${NEW}`,
    `Bearer ${NEW}`,
    `Bearer ${OLD}`,
  ]);
  assert.equal(stand.proxy.sim.audit.report().byStatus["429"], undefined);
});

Deno.test("of another key nothing is moved, whoever knows its users' tokens", async () => {
  await using stand = await startStand(KEYS, SLOW);
  const user = userOf(stand, "one", OLD);
  const ends = [1, 2].map(() => user.ask(GUILDS));
  await stand.waiting(2);
  assert.deepEqual(await update(stand, "other"), { moved: 0 });
  for (const { status } of await Promise.all(ends)) assert.equal(status, 200);
  const old = `Bearer ${OLD}`;
  assert.deepEqual(tokensOf(stand.proxy.sim.requests()), [old, old]);
});

// discordeno does not read what it is answered.
const UNREAD = { sanitizeResources: false } as const;

Deno.test(
  "discordeno's updateTokenQueues moves what its manager has waiting",
  UNREAD,
  async () => {
    await using stand = await startStand(KEYS, SLOW);
    const rest = createRestManager({
      token: TOKENS.main,
      proxy: {
        baseUrl: stand.proxy.url,
        authorization: keyNamed("one"),
        // Beside the user's token, which stands in `authorization`.
        authorizationHeader: "x-rest-authorization",
        updateBearerTokenEndpoint: "update-bearer-token",
      },
    });
    const asUser = (token: string) =>
      rest.makeRequest("GET", "/users/@me/guilds", {
        headers: { authorization: `Bearer ${token}` },
      });
    const ends = [asUser(OLD), asUser(OLD)];
    await stand.waiting(2);
    await rest.updateTokenQueues(OLD, NEW);
    const later = asUser(NEW);
    await Promise.all([...ends, later]);
    assert.deepEqual(tokensOf(stand.proxy.sim.requests()).sort(), [
      `Bearer ${NEW}`,
      `Bearer ${NEW}`,
      `Bearer ${OLD}`,
    ]);
  },
);
