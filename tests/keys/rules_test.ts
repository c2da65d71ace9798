/** Rules for waiting, of a key and for all, over every transport, and read anew by a running process. */
import assert from "node:assert/strict";
import { readRules } from "../../rest/config/read_rules.ts";
import type { WaitRule } from "../../rest/domain/wait_rule.ts";
import { startSim } from "../../sim/server.ts";
import { KEY, TOKEN } from "../_proxy.ts";
import { makeFiles } from "../start/_files.ts";
import { startChild } from "../start/child.ts";
import {
  contentsOf,
  keyNamed,
  keysFileOf,
  type Stand,
  startStand,
} from "./_stand.ts";

/** After its first answer a line of this route waits for an hour. */
const SIM = {
  rules: [{
    match: "POST /channels/{}/messages",
    limit: 1,
    periodMs: 3_600_000,
  }],
} as const;
const ENV = { REST_MAX_WAIT_MS: "3600000" };

const NO_WAIT = { routes: ["POST /channels/*/messages"], wait: 0 };
const KEYS = {
  plain: {},
  hasty: { rules: [NO_WAIT] },
  patient: { rules: [{ routes: ["POST /channels/9/messages"] }] },
} as const;

function rulesOf(...given: object[]): readonly WaitRule[] {
  return readRules(given, (problem) => assert.fail(problem));
}

/** What a second message to a channel comes to: the code of its refusal, or that it waits. */
async function secondOf(
  stand: Stand,
  key: keyof typeof KEYS,
  channel: number,
  isRep = false,
): Promise<string | number | undefined> {
  const line = `POST /channels/${channel}/messages`;
  await using caller = isRep
    ? await stand.overRep(keyNamed(key))
    : stand.overHttp(keyNamed(key));
  const { status } = await caller.ask(line, { content: "1" });
  assert.equal(status, 200);
  const before = stand.proxy.proxy.snapshot().waiting;
  const second = caller.ask(line, { content: "2" });
  second.catch(() => {});
  const waits = stand.waiting(before + 1).then(() => "waits");
  waits.catch(() => {});
  return await Promise.race([second.then(({ code }) => code), waits]);
}

Deno.test("a key's rule holds for that key alone, over HTTP and over REP", async () => {
  await using stand = await startStand(KEYS, { sim: SIM, env: ENV });
  assert.equal(await secondOf(stand, "hasty", 1), "wait_too_long");
  const isRep = true;
  assert.equal(await secondOf(stand, "hasty", 2, isRep), "wait_too_long");
  assert.equal(await secondOf(stand, "plain", 3), "waits");
});

Deno.test("a rule for all holds for every key, and a key's own comes before it", async () => {
  await using stand = await startStand(KEYS, { sim: SIM, env: ENV });
  stand.proxy.proxy.replaceRules(rulesOf(NO_WAIT));
  assert.equal(await secondOf(stand, "plain", 1), "wait_too_long");
  assert.equal(await secondOf(stand, "patient", 2), "wait_too_long");
  assert.equal(await secondOf(stand, "patient", 9), "waits");
});

Deno.test("rules that are replaced hold from the next request on", async () => {
  await using stand = await startStand(KEYS, { sim: SIM, env: ENV });
  stand.proxy.proxy.replaceRules(rulesOf(NO_WAIT));
  assert.equal(await secondOf(stand, "plain", 1), "wait_too_long");
  stand.proxy.proxy.replaceRules([]);
  assert.equal(await secondOf(stand, "plain", 2), "waits");
});

/** Far longer than anything takes that these tests wait for. */
const WAIT_MS = 30_000;

Deno.test("a write with onLeave cancel is dropped when its caller closes the connection, though its body came in a segment of its own", async () => {
  await using stand = await startStand(KEYS, { sim: SIM, env: ENV });
  const { proxy } = stand.proxy;
  proxy.replaceRules(rulesOf({ onLeave: "cancel" }));
  await using caller = stand.overHttp(keyNamed("plain"));
  await caller.ask("POST /channels/1/messages", { content: "1" });

  const body = '{"content":"2"}';
  const connection = await Deno.connect({
    hostname: "127.0.0.1",
    port: stand.proxy.port,
  });
  const send = (text: string) =>
    connection.write(new TextEncoder().encode(text));
  await send(
    "POST /channels/1/messages HTTP/1.1\r\nHost: x\r\n" +
      `Authorization: ${keyNamed("plain")}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
  );
  // A call through, so that the head has been read before the body is there.
  await caller.ask("GET /users/@me");
  await send(body);
  await stand.waiting(1);
  connection.close();

  const endMs = performance.now() + WAIT_MS;
  while (proxy.snapshot().waiting > 0) {
    assert.ok(performance.now() < endMs, "it is still there");
    await caller.ask("GET /users/@me");
  }
  const contents = contentsOf(stand.proxy.sim.requests());
  assert.deepEqual(contents.filter((content) => content !== ""), ["1"]);
});

Deno.test("REST_RULES_FILE is read at the start and anew on SIGHUP; a mistake leaves the rules in force", async () => {
  await using files = await makeFiles();
  await using sim = await startSim(SIM);
  await using child = await startChild({
    env: {
      DISCORD_TOKEN: TOKEN,
      REST_AUTHORIZATION: KEY,
      REST_KEYS_FILE: await files.write("keys.json", keysFileOf({})),
      REST_RULES_FILE: await files.write("rules.json", [NO_WAIT]),
      REST_PORT: "0",
      REST_DRAIN_MS: "0",
      REST_UPSTREAM: sim.url,
      ...ENV,
    },
  });
  const [, host = ""] = await child.seen(
    /Listening on http:\/\/(\S+?)(?:"|\s)/,
  );
  const post = async (signal?: AbortSignal) => {
    const response = await fetch(`http://${host}/channels/9/messages`, {
      method: "POST",
      headers: { authorization: KEY, "content-type": "application/json" },
      body: '{"content":"hi"}',
      ...signal !== undefined && { signal },
    });
    await response.body?.cancel();
    return [response.status, response.headers.get("x-rest-proxy")];
  };
  assert.deepEqual(await post(), [200, null]);
  assert.deepEqual(await post(), [429, "wait_too_long"]);

  await files.write("rules.json", [{ ...NO_WAIT, wait: -1 }]);
  child.signal("SIGHUP");
  await child.seen(
    /SIGHUP: REST_RULES_FILE: rule 1: \\?"wait\\?" is -1: want seconds from 0 to 3600; the rules in use stay/,
  );
  assert.deepEqual(await post(), [429, "wait_too_long"]);

  await files.write("rules.json", [{ ...NO_WAIT, wait: 0.001 }, {}]);
  child.signal("SIGHUP");
  await child.seen(/SIGHUP: 2 rules are read/);
  assert.deepEqual(await post(), [429, "wait_too_long"]);

  await files.write("rules.json", []);
  child.signal("SIGHUP");
  await child.seen(/SIGHUP: 0 rules are read/);
  const leave = new AbortController();
  let isAnswered = false;
  const waiting = post(leave.signal).then(() => void (isAnswered = true));
  waiting.catch(() => {});
  // Whatever is answered after it came later.
  await fetch(`http://${host}/users/@me`, { headers: { authorization: KEY } })
    .then((response) => response.body?.cancel());
  assert.ok(!isAnswered);
  leave.abort();
  child.signal("SIGTERM");
  await child.ended();
});
