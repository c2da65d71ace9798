/** The programme against a simulated Discord whose rules were changed: what it says must be just that. */
import assert from "node:assert/strict";
import { type Sim, type SimOptions, startSim } from "../../../sim/server.ts";
import {
  compare,
  type Difference,
  type Findings,
} from "../../../tools/verify/findings.ts";
import {
  runProgramme,
  TIDY_REQUESTS,
} from "../../../tools/verify/programme.ts";
import { Visit } from "../../../tools/verify/visit.ts";

const GROUND = {
  guild: "900000000000000009",
  applicationId: "123456789012345678",
};

function visit(
  sim: Sim,
  { requestsMax = 300 }: { requestsMax?: number } = {},
): Promise<Findings> {
  const visitor = new Visit({
    baseUrl: sim.url,
    token: "x.y.z",
    requestsMax,
    kept: TIDY_REQUESTS,
  });
  return runProgramme(visitor, GROUND);
}

/** What is found in a world with these options beside the default one. */
async function differencesIn(options: SimOptions): Promise<Difference[]> {
  await using here = await startSim();
  await using there = await startSim(options);
  const [simulated, real] = await Promise.all([visit(here), visit(there)]);
  assert.equal(simulated.stopped, undefined);
  assert.equal(real.stopped, undefined);
  return compare(simulated, real);
}

const CHANGES: ReadonlyArray<
  readonly [what: string, options: SimOptions, differences: Difference[]]
> = [
  ["nothing is changed", {}, []],
  [
    "a limit, a kind and a group are changed",
    {
      rules: [
        { match: "GET /users/{id}", limit: 20, periodMs: 30_000 },
        {
          match: "PUT /guilds/{g}/members/{u}/roles/{r}",
          limit: 10,
          periodMs: 100_000,
        },
        {
          match: "DELETE /channels/{c}/messages/{m}/reactions/{e}/@me",
          limit: 1,
          periodMs: 250,
        },
      ],
    },
    [
      {
        what: "PUT /guilds/{id}/members/{id}/roles/{id}",
        simulated: "10, fixed, reset after 10.0 s",
        real: "10, sliding, reset after 10.0 s",
      },
      {
        what: "GET /users/{id}",
        simulated: "30, sliding, reset after 1.0 s",
        real: "20, sliding, reset after 1.5 s",
      },
      {
        what:
          "PUT /channels/{id}/messages/{id}/reactions/{emoji}/@me and DELETE /channels/{id}/messages/{id}/reactions/{emoji}/@me",
        simulated: "one bucket",
        real: "two buckets",
      },
    ],
  ],
  [
    "callbacks have a limit and names have none",
    {
      rules: [
        {
          match: "POST /interactions/{i}/{t}/callback",
          limit: 5,
          periodMs: 5_000,
        },
        { match: "PATCH /channels/{c}", limit: 5, periodMs: 15_000 },
      ],
    },
    [
      {
        what: "three names of a channel in a row",
        simulated: "429 with tokens left",
        real: "all pass",
      },
      {
        what: "the answer to an interaction callback",
        simulated: "no rate-limit headers",
        real: "rate-limit headers",
      },
    ],
  ],
];

for (const [what, options, differences] of CHANGES) {
  Deno.test(`where ${what}, that is what differs`, async () => {
    assert.deepEqual(await differencesIn(options), differences);
  });
}

Deno.test("a nonce counts where it is enforced", async () => {
  await using sim = await startSim();
  const found = await visit(sim);
  assert.equal(found.facts.get("one nonce twice, enforced"), "one message");
  assert.equal(
    found.facts.get("one nonce twice, not enforced"),
    "two messages",
  );
});

Deno.test("what it made is deleted, and nothing else", async () => {
  await using sim = await startSim();
  await visit(sim);
  const made = sim.requests().filter(({ target, method }) =>
    method === "POST" && /\/(guilds|applications)\//.test(target)
  );
  const deleted = sim.requests()
    .filter(({ method, target }) =>
      method === "DELETE" && !/\/messages\//.test(target)
    )
    .map(({ target }) => target.replace(/\d{16,20}$/, "{id}"));
  const guild = `/api/v10/guilds/${GROUND.guild}`;
  assert.deepEqual(deleted, [
    `/api/v10/applications/${GROUND.applicationId}/guilds/${GROUND.guild}/commands/{id}`,
    `${guild}/roles/{id}`,
    "/api/v10/channels/{id}",
    "/api/v10/channels/{id}",
    "/api/v10/channels/{id}",
  ]);
  assert.ok(made.length >= deleted.length);
});

for (const requestsMax of [10, 30]) {
  Deno.test(`of ${requestsMax} requests it spends no more, and what was made is deleted all the same`, async () => {
    await using sim = await startSim();
    const { stopped, requests } = await visit(sim, { requestsMax });
    assert.equal(stopped, `All ${requestsMax} requests are spent`);
    assert.ok(requests <= requestsMax);
    assert.equal(sim.requests().length, requests);
    const channels = sim.requests().filter(({ method, target }) =>
      method === "DELETE" && /\/channels\/\d+$/.test(target)
    );
    assert.equal(channels.length, 3);
  });
}

Deno.test("a token that Discord does not take costs one request", async () => {
  await using sim = await startSim({ accounts: { badTokens: ["x.y.z"] } });
  const { stopped } = await visit(sim);
  assert.equal(stopped, "Discord does not take this token (401)");
  assert.equal(sim.requests().length, 1);
});

Deno.test("a bot that may not make channels is told which rights it needs", async () => {
  await using sim = await startSim({
    script: [{
      match: "POST /guilds/{id}/channels",
      fault: { kind: "answer", status: 403, body: '{"code": 50013}' },
    }],
  });
  const { stopped } = await visit(sim);
  assert.match(stopped ?? "", /give it Manage Channels, Roles and Webhooks$/);
});

Deno.test("an address that Cloudflare blocks sends nothing more", async () => {
  await using sim = await startSim({
    script: [{ match: "GET /users/@me", fault: { kind: "block", shape: "b" } }],
  });
  const { stopped, requests } = await visit(sim);
  assert.match(stopped ?? "", /^Cloudflare blocks this address/);
  assert.equal(requests, 1);
});

Deno.test("a world of 429s is left after a dozen of them", async () => {
  const fault = { kind: "limited", scope: "user", retryAfterMs: 1 } as const;
  await using sim = await startSim({
    faults: ["GET *", "PATCH *", "PUT *"]
      .map((match) => ({ match, probability: 1, fault })),
  });
  const { invalid, stopped } = await visit(sim);
  assert.equal(invalid, 12);
  assert.equal(
    stopped,
    "12 answers were 401, 403 or 429: too many to go on",
  );
});
