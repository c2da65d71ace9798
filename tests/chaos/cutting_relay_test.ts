import assert from "node:assert/strict";
import { createRandom } from "../../sim/model/random.ts";
import {
  type Cut,
  type CuttingRelay,
  startCuttingRelay,
} from "../../tools/chaos/cutting_relay.ts";

const hostname = "127.0.0.1";

/** A server with one caller in front of it, the relay between them. */
interface Line extends AsyncDisposable {
  readonly relay: CuttingRelay;
  readonly caller: Deno.Conn;
  readonly server: Deno.Conn;
}

async function lineOf(way: Cut, lifeMs: number): Promise<Line> {
  const listener = Deno.listen({ hostname, port: 0 });
  const relay = await startCuttingRelay({
    serverPort: listener.addr.port,
    random: createRandom(1),
    lifeMs: { minMs: lifeMs, maxMs: lifeMs },
    ways: [way],
    ghostMs: 100,
  });
  const accepted = listener.accept();
  const caller = await Deno.connect({ hostname, port: relay.port });
  const server = await accepted;
  return {
    relay,
    caller,
    server,
    async [Symbol.asyncDispose]() {
      for (const end of [caller, server, listener]) end.close();
      await relay[Symbol.asyncDispose]();
    },
  };
}

/** What can be read at once; "reset" when the connection was. */
async function readFrom(end: Deno.Conn): Promise<string | null> {
  const buffer = new Uint8Array(100);
  try {
    const size = await end.read(buffer);
    return size === null
      ? null
      : new TextDecoder().decode(buffer.subarray(0, size));
  } catch (error) {
    assert.ok(error instanceof Deno.errors.ConnectionReset);
    return "reset";
  }
}

async function say(end: Deno.Conn, text: string): Promise<void> {
  await end.write(new TextEncoder().encode(text));
}

/** Longer than any test here takes. */
const NEVER_MS = 60_000;

Deno.test("the relay passes on what both ends say, and a close", async () => {
  await using line = await lineOf("reset", NEVER_MS);
  await say(line.caller, "hello");
  assert.equal(await readFrom(line.server), "hello");
  await say(line.server, "welcome");
  assert.equal(await readFrom(line.caller), "welcome");
  await line.server.closeWrite();
  assert.equal(await readFrom(line.caller), null);
  assert.deepEqual(line.relay.cuts, { reset: 0, torn: 0, ghost: 0 });
});

Deno.test("a reset line is reset at both ends", async () => {
  await using line = await lineOf("reset", 1);
  assert.equal(await readFrom(line.caller), "reset");
  assert.equal(await readFrom(line.server), "reset");
  assert.equal(line.relay.cuts.reset, 1);
});

Deno.test("a torn line delivers half of what is said next, and is reset", async () => {
  await using line = await lineOf("torn", 1);
  while (line.relay.cuts.torn === 0) await turn();
  await say(line.caller, "12345678");
  assert.equal(await readFrom(line.server), "1234");
  assert.equal(await readFrom(line.server), "reset");
  assert.equal(await readFrom(line.caller), "reset");
});

Deno.test("a ghost is gone for its caller, and silent for its server until it is reset there too", async () => {
  await using line = await lineOf("ghost", 1);
  assert.equal(await readFrom(line.caller), "reset");
  const { promise: aWhile, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(() => resolve("nothing"), 30);
  const heard = readFrom(line.server);
  assert.equal(await Promise.race([heard, aWhile]), "nothing");
  clearTimeout(timer);
  assert.equal(await heard, "reset");
});

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
