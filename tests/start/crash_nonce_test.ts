/** A message that Discord made and denied, whose library sends it again to the process that comes after signal 9. */
import assert from "node:assert/strict";
import { type Sim, startSim } from "../../sim/server.ts";
import { KEY } from "../_proxy.ts";
import { type Mortal, startMortal } from "./_crashing.ts";

const CHANNEL = "200000000000000001";
const OTHER_CHANNEL = "200000000000000002";

/** What the proxy sends before it hands the failure on. */
const PROXY_SENDS = 4;

interface Stand extends AsyncDisposable {
  readonly sim: Sim;
  readonly proxy: Mortal;
}

async function startStand(): Promise<Stand> {
  const stack = new AsyncDisposableStack();
  const sim = await startSim();
  stack.defer(() => sim.close());
  const proxy = stack.use(
    await startMortal(sim, {
      REST_MESSAGE_NONCE: "add",
      REST_JOURNAL_WRITES: "all",
    }),
  );
  return { sim, proxy, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Signal 9, when the end of what was answered is written: that goes with the next message at the latest. */
async function restart(proxy: Mortal, between: string): Promise<void> {
  assert.equal(await say(proxy, between, OTHER_CHANNEL), 200);
  await proxy.kill();
  await proxy.start();
}

async function say(
  { url }: Mortal,
  content: string,
  channel = CHANNEL,
): Promise<number> {
  const response = await fetch(`${url}/channels/${channel}/messages`, {
    method: "POST",
    headers: { "authorization": KEY, "content-type": "application/json" },
    body: JSON.stringify({ content }),
  });
  await response.body?.cancel();
  return response.status;
}

/** What the messages say that Discord has made, each once, in order. */
function made(sim: Sim): string[] {
  const byNonce = new Map<string, string>();
  for (const { body } of sim.requests()) {
    const { nonce, content } = JSON.parse(new TextDecoder().decode(body));
    byNonce.set(nonce, content);
  }
  assert.equal(byNonce.size, sim.audit.report().executed);
  return [...byNonce.values()];
}

/** Discord makes the next messages and says 502, until the proxy gives up. */
function denies(sim: Sim): void {
  const fault = { kind: "status", status: 502, isExecuted: true } as const;
  const match = `POST /channels/${CHANNEL}/messages`;
  sim.script({ match, fault, times: PROXY_SENDS });
}

Deno.test("a message that was made and denied until the proxy gave up is one message, though its library sends it again after signal 9", async () => {
  await using stand = await startStand();
  const { sim, proxy } = stand;
  denies(sim);
  assert.equal(await say(proxy, "ok"), 502);
  await restart(proxy, "1");
  assert.equal(await say(proxy, "ok"), 200);
  assert.deepEqual(made(sim), ["ok", "1"]);
  // Its nonce is handed out once: the same words are another message now.
  await restart(proxy, "2");
  assert.equal(await say(proxy, "ok"), 200);
  assert.deepEqual(made(sim), ["ok", "1", "2", "ok"]);
});

Deno.test("a message that is denied by turns with signal 9 stays one message", async () => {
  await using stand = await startStand();
  const { sim, proxy } = stand;
  for (const life of ["1", "2"]) {
    denies(sim);
    assert.equal(await say(proxy, "ok"), 502);
    await restart(proxy, life);
  }
  assert.equal(await say(proxy, "ok"), 200);
  assert.deepEqual(made(sim), ["ok", "1", "2"]);
});
