/** What outlives signal 9, seen by callers and by Discord: real processes over real sockets. */
import assert from "node:assert/strict";
import { RepClient } from "../../client/mod.ts";
import { KEY } from "../_proxy.ts";
import {
  ask,
  CountingDiscord,
  fetched,
  type Mortal,
  startMortal,
} from "./_crashing.ts";

const ASYNC = { prefer: "respond-async" };

Deno.test("20 messages were taken with 202: after signal 9 all arrive once and in order, and every location answers", async () => {
  await using discord = new CountingDiscord();
  await using proxy = await startMortal(discord);
  const locations: string[] = [];
  for (let n = 1; n <= 20; n++) {
    if (n === 3) {
      await Promise.all(locations.map((location) => fetched(proxy, location)));
      discord.hold();
    }
    const { status, headers, body } = await ask(proxy, {
      content: `${n}`,
      headers: ASYNC,
    });
    assert.equal(status, 202);
    assert.ok(body.durable);
    locations.push(headers.get("location") ?? "");
  }
  await discord.arrived(3);
  await proxy.kill();
  discord.release();
  await proxy.start();
  const answers = await Promise.all(
    locations.map((location) => fetched(proxy, location)),
  );
  // The one that was under way is not sent again: nobody knows whether it was done.
  const statuses = answers.map(({ status }) => status);
  assert.equal(statuses.filter((status) => status === 408).length, 1);
  assert.equal(statuses.filter((status) => status === 200).length, 19);
  const wanted = Array.from({ length: 20 }, (_, n) => `${n + 1}`);
  assert.deepEqual(discord.contents, wanted);
});

Deno.test("what nobody can know is told to whoever asks, counted in the log and listed for its key", async () => {
  await using discord = new CountingDiscord();
  await using proxy = await startMortal(discord);
  discord.hold();
  const headers = { "idempotency-key": "order-7" };
  const broken = ask(proxy, { content: "7", headers }).catch(() => undefined);
  await discord.arrived(1);
  await proxy.kill();
  assert.equal(await broken, undefined);
  await proxy.start();
  const again = await ask(proxy, { content: "7", headers });
  assert.equal(again.status, 408);
  assert.equal(again.body.code, "outcome_unknown");
  assert.equal(again.body.sent, null);
  assert.equal(discord.calls.length, 1);
  const { body } = await ask(proxy, { method: "GET", path: "/_rep/unknown" });
  assert.equal(body.requests.length, 1);
  assert.equal(body.requests[0].target, "POST /channels/1/messages");
  assert.equal(body.requests[0].name, "Idempotency-Key: order-7");
  assert.match(body.requests[0].caller, /^default/);
  assert.match(proxy.said.join("\n"), /1 outcome is unknown/);
  const metrics = await fetch(`${proxy.url}/metrics`, {
    headers: { authorization: KEY },
  });
  assert.match(
    await metrics.text(),
    /^sluice_unknown_outcomes_total\{[^}]+\} 1$/m,
  );
});

Deno.test("a role that was being given is given again: twice is once", async () => {
  await using discord = new CountingDiscord();
  await using proxy = await startMortal(discord, {
    REST_JOURNAL_WRITES: "all",
  });
  discord.hold();
  const path = "/guilds/1/members/2/roles/3";
  void ask(proxy, { method: "PUT", path }).catch(() => {});
  await discord.arrived(1);
  await proxy.kill();
  discord.release();
  await proxy.start();
  await discord.arrived(2);
  assert.equal(new Set(discord.calls).size, 1);
});

Deno.test("with all writes kept a plain caller's messages arrive though it and the proxy died, and its re-send gets the answer of the first", async () => {
  await using discord = new CountingDiscord();
  await using proxy = await startMortal(discord, {
    REST_JOURNAL_WRITES: "all",
  });
  discord.hold();
  const callers = ["1", "2", "3"].map((content) =>
    ask(proxy, { content }).catch(() => "broken")
  );
  await discord.arrived(1);
  await untilWaiting(proxy, 2);
  await proxy.kill();
  assert.deepEqual(await Promise.all(callers), ["broken", "broken", "broken"]);
  await proxy.start();
  // Equal to what waits: it is handed over instead of being sent beside it.
  const again = ask(proxy, { content: "3" });
  discord.release();
  assert.equal((await again).status, 200);
  await discord.arrived(3);
  assert.deepEqual(discord.contents, ["1", "2", "3"]);
});

Deno.test("an answer under a key is the same after signal 9, and a different request under it is refused", async () => {
  await using discord = new CountingDiscord();
  await using proxy = await startMortal(discord);
  const headers = { "idempotency-key": "order-8" };
  const first = await ask(proxy, { content: "8", headers });
  await proxy.kill();
  await proxy.start();
  const again = await ask(proxy, { content: "8", headers });
  assert.deepEqual([again.status, again.body], [200, first.body]);
  const other = await ask(proxy, { content: "9", headers });
  assert.equal(other.status, 422);
  assert.equal(discord.calls.length, 1);
});

Deno.test("a session is there again after signal 9: answered requests are redelivered, waiting ones executed, none twice", async () => {
  await using discord = new CountingDiscord();
  await using proxy = await startMortal(discord);
  const url = `${proxy.url.replace("http", "ws")}/rep`;
  const options = { token: KEY, session: "shard-0" };
  {
    await using client = new RepClient(url, options);
    await client.action("/channels/1/messages", {
      data: { content: "1" },
      req: "a-1",
    });
    discord.hold();
    for (const n of [2, 3, 4]) {
      client.action("/channels/1/messages", {
        data: { content: `${n}` },
        req: `a-${n}`,
      }).catch(() => {});
    }
    await discord.arrived(2);
    await untilWaiting(proxy, 2);
    await proxy.kill();
  }
  discord.release();
  await proxy.start();
  await using client = new RepClient(url, options);
  const seen = new Map<string, number>();
  client.on("missed", ({ req, status }) => seen.set(String(req), status));
  await client.ready;
  while (seen.size < 3) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.equal(seen.get("a-2"), 408);
  assert.equal(seen.get("a-3"), 200);
  assert.equal(seen.get("a-4"), 200);
  const reply = await client.action("/channels/1/messages", {
    data: { content: "1" },
    req: "a-1",
    raw: true,
  });
  assert.equal(reply.status, 200);
  assert.deepEqual(discord.contents, ["1", "2", "3", "4"]);
});

Deno.test("what a drain leaves stays in the journal, and the next process does it", async () => {
  await using discord = new CountingDiscord();
  await using proxy = await startMortal(discord, {
    REST_DRAIN_MS: "300",
    REST_JOURNAL_WRITES: "all",
  });
  discord.hold();
  const { headers } = await ask(proxy, { content: "1", headers: ASYNC });
  const later = await ask(proxy, { content: "2", headers: ASYNC });
  const plain = ask(proxy, { content: "3" }).catch(() => undefined);
  await discord.arrived(1);
  await untilWaiting(proxy, 2);
  await proxy.stop();
  const told = await plain;
  // Nobody may be told that it was not sent: the next process sends it.
  assert.equal(told?.body?.sent ?? null, null);
  discord.release();
  await proxy.start();
  const [first, second] = await Promise.all(
    [headers, later.headers].map((one) =>
      fetched(proxy, one.get("location") ?? "")
    ),
  );
  assert.deepEqual([first?.status, second?.status], [408, 200]);
  await discord.arrived(3);
  assert.deepEqual(discord.contents, ["1", "2", "3"]);
});

Deno.test("a second process is refused the journal in one sentence, and a start without one says that nothing outlives it", async () => {
  await using discord = new CountingDiscord();
  await using proxy = await startMortal(discord);
  assert.match(proxy.said.join("\n"), /The journal is empty/);
  await assert.rejects(proxy.start(), /is in use by another process/);
  await using bare = await startMortal(discord, { REST_JOURNAL: "" });
  assert.match(bare.said.join("\n"), /REST_JOURNAL is not set/);
});

async function untilWaiting(proxy: Mortal, least: number): Promise<void> {
  for (;;) {
    const { body } = await ask(proxy, {
      method: "GET",
      path: "/_rep/requests",
    });
    if (body.requests.length >= least) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
