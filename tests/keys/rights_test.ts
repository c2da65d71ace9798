/** What a key may do, over both transports, through the real proxy. */
import assert from "node:assert/strict";
import { readResponse, writeAll } from "../listener/_raw_http.ts";
import {
  botsOf,
  type Caller,
  contentsOf,
  type End,
  keyNamed,
  type Stand,
  startStand,
} from "./_stand.ts";

const KEYS = {
  all: {},
  reader: { "read-only": true },
  poster: { routes: ["POST /channels/*/messages"] },
  second: { bots: ["second"] },
  botless: { bots: [] },
} as const;

const MESSAGES = "POST /channels/9/messages";

// Who asks for what, and what the refusal says; undefined: it is sent.
const ASKED: ReadonlyArray<
  readonly [key: keyof typeof KEYS, line: string, refusal: string | undefined]
> = [
  ["all", MESSAGES, undefined],
  ["all", "GET /users/@me", undefined],
  ["reader", "GET /users/@me", undefined],
  [
    "reader",
    MESSAGES,
    "Cannot send POST /channels/{channel_id}/messages: key reader may only read",
  ],
  [
    "reader",
    "DELETE /channels/9",
    "Cannot send DELETE /channels/{channel_id}: key reader may only read",
  ],
  ["poster", MESSAGES, undefined],
  [
    "poster",
    "GET /channels/9/messages",
    "Cannot send GET /channels/{channel_id}/messages: it is not among the routes of key poster",
  ],
  [
    "poster",
    "POST /channels/9/messages/8/crosspost",
    "Cannot send POST /channels/{channel_id}/messages/{message_id}/crosspost: it is not among the routes of key poster",
  ],
  ["second", MESSAGES, undefined],
  [
    "botless",
    MESSAGES,
    "Cannot speak for a bot: this key may use none of those that are configured",
  ],
];

const TRANSPORTS: ReadonlyArray<
  readonly [string, (stand: Stand, key: string) => Promise<Caller>]
> = [
  ["HTTP", (stand, key) => Promise.resolve(stand.overHttp(keyNamed(key)))],
  ["REP", (stand, key) => stand.overRep(keyNamed(key))],
];

for (const [transport, callerOf] of TRANSPORTS) {
  Deno.test(`each key does over ${transport} what it may, and what it may not never reaches Discord`, async () => {
    await using stand = await startStand(KEYS);
    for (const [key, line, refusal] of ASKED) {
      await using caller = await callerOf(stand, key);
      const before = stand.proxy.sim.requests().length;
      const about = line.startsWith("POST") ? { content: "hi" } : {};
      const { status, code, message } = await caller.ask(line, about);
      const sent = stand.proxy.sim.requests().slice(before);
      const told = `${key}: ${line}`;
      if (refusal === undefined) {
        assert.equal(status, 200, told);
        const bot = key === "second" ? "second" : "main";
        assert.deepEqual(botsOf(sent), [bot], told);
      } else {
        assert.deepEqual([status, code], [403, "forbidden"], told);
        assert.equal(message, refusal);
        assert.equal(sent.length, 0, told);
      }
    }
  });

  Deno.test(`a key is over ${transport} no more urgent than it may be`, async () => {
    await using stand = await startStand({ patient: { urgency: 5 }, all: {} }, {
      // One a second may go, and the first is not answered before the others are here.
      sim: {
        globalLimit: { limit: 1 },
        latencyOut: { minMs: 600, maxMs: 600 },
      },
      env: { REST_GLOBAL_LIMIT: "1" },
    });
    await using patient = await callerOf(stand, "patient");
    await using all = await callerOf(stand, "all");
    const first = all.ask("POST /channels/1/messages", { content: "first" });
    await stand.arrived(1);
    const late = patient.ask("POST /channels/2/messages", {
      content: "patient",
      urgency: 0,
    });
    await stand.waiting(1);
    const next = all.ask("POST /channels/3/messages", {
      content: "all",
      urgency: 4,
    });
    await Promise.all([first, late, next]);
    assert.deepEqual(contentsOf(stand.proxy.sim.requests()), [
      "first",
      "all",
      "patient",
    ]);
  });
}

Deno.test("a key's rate is refused beyond over HTTP, and nobody else is held to it", async () => {
  await using stand = await startStand({ slow: { rate: 2 }, all: {} });
  const ends = await askAll(stand.overHttp(keyNamed("slow")), 4);
  assert.deepEqual(statusesOf(ends), [200, 200, 429, 429]);
  const told = "Cannot take the request: key slow may send 2 a second";
  for (const end of ends.filter(({ status }) => status === 429)) {
    assert.deepEqual([end.code, end.message], ["overloaded", told]);
  }
  const others = await askAll(stand.overHttp(keyNamed("all")), 4);
  assert.deepEqual(statusesOf(others), [200, 200, 200, 200]);
  assert.equal(stand.proxy.sim.requests().length, 6);
});

Deno.test("a key's number of requests at once is refused beyond over HTTP, and its places come free", async () => {
  await using stand = await startStand(...NARROW);
  const narrow = stand.overHttp(keyNamed("narrow"));
  const ends = await askAll(narrow, 3);
  assert.deepEqual(statusesOf(ends), [200, 429, 429]);
  assert.equal(
    ends.find(({ status }) => status === 429)?.message,
    "Cannot take the request: key narrow may have 1 without an answer",
  );
  assert.equal((await narrow.ask("GET /users/7")).status, 200);
});

// The client waits as long as it is told and asks again, for what was not sent.
Deno.test("over REP a key's rate and places are kept, and the client waits for them", async () => {
  for (const [key, rights, options] of BOUNDS) {
    await using stand = await startStand({ [key]: rights }, options);
    await using caller = await stand.overRep(keyNamed(key));
    const ends = await askAll(caller, 3);
    assert.deepEqual(statusesOf(ends), [200, 200, 200]);
    const refused = stand.proxy.facts.filter((fact) => fact.kind === "refused");
    assert.ok(refused.length > 0, "nothing was refused");
    assert.ok(refused.every(({ code }) => code === "overloaded"));
    const { received, makespanMs } = stand.proxy.sim.audit.report();
    assert.equal(received, 3);
    assert.ok(
      makespanMs >= 450,
      `${key}: all were through in ${makespanMs} ms`,
    );
  }
});

const SLOW_ANSWERS = { sim: { latencyOut: { minMs: 200, maxMs: 200 } } };

const NARROW = [{ narrow: { concurrency: 1 } }, SLOW_ANSWERS] as const;

const BOUNDS = [
  ["slow", { rate: 2 }, {}],
  ["narrow", { concurrency: 1 }, SLOW_ANSWERS],
] as const;

function statusesOf(ends: readonly End[]): number[] {
  return ends.map(({ status }) => status).sort();
}

/** So many reads of different users at once. */
function askAll(caller: Caller, count: number): Promise<End[]> {
  return Promise.all(
    Array.from({ length: count }, (_, n) => caller.ask(`GET /users/${n + 1}`)),
  );
}

Deno.test("what no key is opens nothing, whatever else is right about it", async () => {
  await using stand = await startStand(KEYS);
  const { status, code } = await stand.overHttp("no-key-of-anybody").ask(
    "GET /users/@me",
  );
  assert.deepEqual([status, code], [401, "unauthorized"]);
  assert.equal(stand.proxy.sim.requests().length, 0);
});

for (const [key, rights] of Object.entries({ free: {}, bound: { rate: 5 } })) {
  Deno.test(`a ${key} key that is taken back while its request's body comes sends nothing`, async () => {
    await using stand = await startStand({ [key]: rights });
    const { port, proxy, sim } = stand.proxy;
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await writeAll(
      connection,
      "POST /channels/9/messages HTTP/1.1\r\nHost: proxy\r\n" +
        `Authorization: ${keyNamed(key)}\r\nExpect: 100-continue\r\n` +
        "Content-Length: 15\r\n\r\n",
    );
    // The runtime says "continue" when the body is asked for: the key was let in.
    await connection.read(new Uint8Array(1_024));
    proxy.replaceKeys([]);
    await writeAll(connection, '{"content":"x"}');
    assert.equal((await readResponse(connection)).status, 401);
    assert.equal(sim.requests().length, 0);
  });
}
