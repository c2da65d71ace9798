/** What one key does to Discord's limits, and what another feels of it, through the real proxy. */
import assert from "node:assert/strict";
import {
  type Caller,
  type End,
  keyNamed,
  type Stand,
  startStand,
} from "./_stand.ts";

const KEYS = { loud: {}, quiet: {} } as const;
const FLOOD = 2_000;
const WARM_UP = 10;

/**
 * Sent besides what two keys in turn get: those already chosen, and the tokens
 * of the time that a busy machine takes over its turns, 100 a second. Out of
 * turn the quiet key would wait for a thousand.
 */
const SLACK = 400;

/** Where the flood waits: at the limit of the bot, or at one bucket that both keys use. */
const PLACES = [
  {
    place: "the bot's global limit",
    options: {
      sim: {
        rules: [{ match: "* *", headerless: true }],
        globalLimit: { limit: 100 },
      },
      env: { REST_GLOBAL_LIMIT: "100" },
    },
    loudLine: (n: number) => `GET /users/${n + 1}`,
    quietLine: (n: number) => `GET /users/${n + 90_001}`,
  },
  {
    place: "one route's limit",
    options: {
      sim: {
        rules: [{
          match: "GET /channels/{}/messages",
          limit: 50,
          periodMs: 500,
        }],
        globalLimit: { limit: 1_000 },
      },
      env: { REST_GLOBAL_LIMIT: "1000" },
    },
    loudLine: (n: number) => `GET /channels/9/messages?before=${n + 1}`,
    quietLine: (n: number) => `GET /channels/9/messages?after=${n + 1}`,
  },
] as const;

for (const { place, options, loudLine, quietLine } of PLACES) {
  Deno.test(`while ${FLOOD} of one key wait at ${place}, another's are answered within its share`, async () => {
    await using stand = await startStand(KEYS, options);
    using stalls = watchStalls();
    const loud = stand.overHttp(keyNamed("loud"));
    const quiet = stand.overHttp(keyNamed("quiet"));
    // Up for a while: how one that has just started fares is the scheduler's to show.
    for (let n = 0; n < WARM_UP; n++) await quiet.ask(quietLine(FLOOD + n));
    const flood = Promise.all(
      Array.from({ length: FLOOD }, (_, n) => loud.ask(loudLine(n))),
    );
    try {
      await stand.waiting(FLOOD / 2);
      // Alone first, then a second's worth of its half at once.
      for (const count of [1, 1, 50]) {
        const before = stand.proxy.sim.requests().length;
        const lines = Array.from({ length: count }, (_, n) => quietLine(n));
        const ends = await Promise.all(lines.map((line) => quiet.ask(line)));
        const sent = stand.proxy.sim.requests().length - before;
        assert.ok(ends.every(({ status }) => status === 200));
        assert.ok(sent <= 2 * count + SLACK, `${sent} left, ${count} of them`);
      }
    } finally {
      await stand.proxy.proxy.drain(0);
      await flood;
    }
    // Here Discord shares a thread with its callers, and counts at once what came while that stood still.
    const { global = 0, ...others } = stand.proxy.sim.audit.report().limitedBy;
    assert.deepEqual(others, {});
    const { limit } = options.sim.globalLimit;
    const ofItsOwn = Math.ceil(limit * stalls.stalledMs / 1_000);
    assert.ok(global <= ofItsOwn, `${global} were 429s, ${ofItsOwn} Discord's`);
    for (const { status, code } of await flood) {
      assert.ok(status === 200 || code === "draining", `${status} ${code}`);
    }
  });
}

const LOOK_MS = 10;
/** A loop that is this late has stood still. */
const LATE_MS = 250;

/** Counts how long this process stands still. */
function watchStalls(): { readonly stalledMs: number } & Disposable {
  let stalledMs = 0;
  let lastMs = performance.now();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    const lateMs = nowMs - lastMs - LOOK_MS;
    if (lateMs >= LATE_MS) stalledMs += lateMs;
    lastMs = nowMs;
  }, LOOK_MS);
  return {
    get stalledMs() {
      return stalledMs;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

const INVALID_LIMIT = 100;
const PINS = "GET /channels/7/pins";

/** Every answer to it says no, and Discord shuts the address out after a hundred and twenty of them. */
const STORM = {
  sim: {
    rules: [{ match: "* *", headerless: true }],
    faults: [{
      match: "GET /channels/{}/pins",
      probability: 1,
      fault: {
        kind: "answer",
        status: 403,
        headers: [["content-type", "application/json"]],
        body: '{"message":"Missing Access","code":50001}',
      },
    }],
    invalidRequests: { limit: 120 },
  },
  env: { REST_INVALID_LIMIT: String(INVALID_LIMIT) },
} as const;

Deno.test("a storm of 403s ends at its key's share: the address is not blocked, and another key is served, by the same route too", async () => {
  await using stand = await startStand(KEYS, STORM);
  const loud = stand.overHttp(keyNamed("loud"));
  const quiet = stand.overHttp(keyNamed("quiet"));
  const ends = await storm(loud, 300);
  const forbidden = ends.filter(({ status }) => status === 403);
  const refused = ends.filter(({ code }) => code === "invalid_budget");
  assert.equal(forbidden.length + refused.length, ends.length);
  // Six tenths, and what was under way when they were reached.
  assert.ok(
    forbidden.length >= 60 && forbidden.length < 60 + AT_ONCE,
    `${forbidden.length} were sent`,
  );
  assert.equal(refused[0]?.status, 503);
  assert.match(
    refused[0]?.message ?? "",
    /invalid requests of this key in 10 minutes, more than its share of 100$/,
  );

  stand.proxy.sim.set({ faults: [] });
  await served(stand, quiet);
  const again = await loud.ask(PINS);
  assert.equal(again.code, "invalid_budget");
  assert.equal(stand.proxy.sim.audit.report().invalid, forbidden.length);
});

const AT_ONCE = 10;

/** So many in all, a few at a time. */
async function storm(caller: Caller, count: number): Promise<End[]> {
  const ends: End[] = [];
  while (ends.length < count) {
    const some = Array.from({ length: AT_ONCE }, () => caller.ask(PINS));
    ends.push(...await Promise.all(some));
  }
  return ends;
}

async function served({ proxy }: Stand, caller: Caller): Promise<void> {
  for (const line of [PINS, "GET /users/@me", "GET /guilds/5"]) {
    const { status } = await caller.ask(line);
    assert.equal(status, 200, line);
  }
  assert.equal(proxy.proxy.snapshot().breaker.state, "closed");
}
