/** `REST_KEYS_FILE` read anew by a running process, with callers on the line. */
import assert from "node:assert/strict";
import { RepClient, RepError } from "../../client/mod.ts";
import { type Sim, startSim } from "../../sim/server.ts";
import { TOKEN } from "../_proxy.ts";
import { makeFiles, type TestFiles } from "../start/_files.ts";
import { type Child, startChild } from "../start/child.ts";
import { keyNamed, keysFileOf } from "./_stand.ts";

interface Running extends AsyncDisposable {
  readonly child: Child;
  readonly sim: Sim;
  readonly host: string;
  /** Puts another file in place and says so to the process. */
  reread(content: unknown): Promise<void>;
  /** Status and message of a request under this key. */
  ask(key: string, line: string): Promise<[number, string | undefined]>;
}

async function run(files: TestFiles, first: unknown): Promise<Running> {
  const sim = await startSim();
  const child = await startChild({
    env: {
      DISCORD_TOKEN: TOKEN,
      REST_AUTHORIZATION: "the-key-of-the-operator-himself",
      REST_KEYS_FILE: await files.write("keys.json", first),
      REST_PORT: "0",
      REST_UPSTREAM: sim.url,
    },
  });
  const [, host = ""] = await child.seen(
    /Listening on http:\/\/(\S+?)(?:"|\s)/,
  );
  return {
    child,
    sim,
    host,
    async reread(content) {
      await files.write("keys.json", content);
      child.signal("SIGHUP");
    },
    async ask(key, line) {
      const [method = "", path] = line.split(" ");
      const response = await fetch(`http://${host}${path}`, {
        method,
        headers: {
          authorization: keyNamed(key),
          "content-type": "application/json",
        },
        body: method === "POST" ? '{"content":"hi"}' : null,
      });
      const { message } = await response.json();
      return [response.status, response.ok ? undefined : message];
    },
    async [Symbol.asyncDispose]() {
      await child[Symbol.asyncDispose]();
      await sim.close();
    },
  };
}

/** One line of the log that says so, quotes escaped as JSON has them. */
function sentenceWith(words: string): RegExp {
  const escaped = words.replaceAll('"', '\\\\"');
  return new RegExp(`SIGHUP: REST_KEYS_FILE.* ${escaped}`);
}

const POST = "POST /channels/9/messages";
const GET = "GET /users/@me";

Deno.test("a new file with one mistake is refused as a whole, in a sentence, and the old keys go on as they were", async () => {
  await using files = await makeFiles();
  const [reader] = keysFileOf({ reader: { "read-only": true } });
  const [fresh] = keysFileOf({ fresh: {} });
  const [widened] = keysFileOf({ reader: {} });
  await using running = await run(files, [reader]);
  const { child, reread, ask } = running;
  const asBefore = async (what: string) => {
    assert.deepEqual(await ask("reader", GET), [200, undefined], what);
    assert.equal((await ask("reader", POST))[0], 403, what);
    assert.equal((await ask("fresh", GET))[0], 401, what);
  };
  await asBefore("at the start");
  const mistakes: ReadonlyArray<readonly [content: unknown, told: string]> = [
    [
      [widened, fresh, { name: "bad", sha256: "0".repeat(64), rate: 0 }],
      'key "bad" "rate" is 0: want a whole number from 1 to 10000',
    ],
    [
      [widened, { ...Object(fresh), routes: ["POST channels"] }],
      'key "fresh" "routes", pattern 1: want a method',
    ],
    [
      [widened, { ...Object(fresh), readonly: true }],
      'key "fresh" has an unknown member "readonly": want none but name,',
    ],
    [`[${JSON.stringify(widened)},`, "what is in it is not JSON"],
  ];
  for (const [content, told] of mistakes) {
    await reread(content);
    await child.seen(sentenceWith(told));
    await asBefore(told);
  }
  await reread([widened, fresh]);
  await child.seen(/SIGHUP: 2 keys are read/);
  assert.deepEqual(await ask("reader", POST), [200, undefined]);
  assert.deepEqual(await ask("fresh", GET), [200, undefined]);

  child.signal("SIGTERM");
  const { code, out, err } = await child.ended();
  assert.equal(code, 0);
  const kept = (out + err).match(/SIGHUP: [^}]*; the keys in use stay/g);
  assert.equal(kept?.length, mistakes.length);
});

Deno.test("a connection that is open is held to the keys that are read, from its next request on", async () => {
  await using files = await makeFiles();
  await using running = await run(files, keysFileOf({ bot: {} }));
  const { child, host, sim, reread } = running;
  const token = keyNamed("bot");
  await using client = new RepClient(`ws://${host}/rep`, { token });
  await client.action("/channels/9/messages", { data: { content: "1" } });

  await reread(keysFileOf({ bot: { "read-only": true } }));
  await child.seen(/SIGHUP: 1 keys are read/);
  const refused = client.action("/channels/9/messages", {
    data: { content: "2" },
  });
  await assert.rejects(refused, (error) => {
    assert.ok(error instanceof RepError);
    assert.deepEqual([error.status, error.code, error.sent], [
      403,
      "forbidden",
      false,
    ]);
    return true;
  });
  await client.get("/users/@me");

  await reread(keysFileOf({ other: {} }));
  await child.seen(/SIGHUP: 1 keys are read[^]*SIGHUP: 1 keys are read/);
  await assert.rejects(client.get("/users/@me"), (error) => {
    assert.ok(error instanceof RepError);
    assert.deepEqual([error.status, error.code], [401, "unauthorized"]);
    return true;
  });
  assert.equal(sim.requests().length, 2);
  child.signal("SIGTERM");
  await child.ended();
});
