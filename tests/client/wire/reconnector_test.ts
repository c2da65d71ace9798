import assert from "node:assert/strict";
import { CLOSE_RULES, RepClosedError } from "../../../client/mod.ts";
import { failureOf, readyRigOf, type Rig, rigOf } from "../_rig.ts";

/** `false`, and neither null nor undefined: certainly not executed. */
const UNSENT = false;

/** A rig that has sent its authentication request and got no answer, and a request that waits for it. */
async function authenticatingRig() {
  const rig = rigOf();
  const waiting = rig.client.get("/x");
  await rig.clock.settle();
  rig.socket.open();
  return { rig, waiting };
}

function refuseGreeting(rig: Rig, status: number, message: string): void {
  rig.refuse({ target: "/_rep/auth", req: "rep-auth" }, status, { message });
}

Deno.test("the client connects by itself, authenticates first and is then ready", async () => {
  const rig = rigOf();
  assert.equal(rig.client.state, "connecting");
  await rig.clock.settle();
  assert.equal(rig.socket.url, "ws://proxy/rep");
  assert.deepEqual(rig.socket.request, { protocols: ["rep.v1"], headers: {} });
  rig.socket.open();
  assert.deepEqual(rig.socket.frames, [{
    target: "/_rep/auth",
    method: "ACTION",
    data: { token: "key", ext: true, session: "shard-0", expiry: 300 },
    req: "rep-auth",
  }]);
  assert.equal(rig.client.state, "connecting");
  await rig.authenticate();
  assert.equal(rig.client.state, "ready");
  const info = await rig.client.ready;
  assert.equal(info.epoch, "e1");
  assert.equal(rig.client.limits.maxInFlight, 100);
  assert.deepEqual(rig.events.map(([name]) => name), [
    "connecting",
    "open",
    "ready",
  ]);
  await rig.client.close();
});

Deno.test("no request is sent before the authentication", async () => {
  const { rig, waiting: done } = await authenticatingRig();
  await rig.clock.settle();
  assert.equal(rig.socket.requests.length, 0);
  await rig.authenticate();
  rig.answer(rig.sent(), 1);
  assert.equal(await done, 1);
  await rig.client.close();
});

Deno.test("lazy connects with the first request and not before", async () => {
  const rig = rigOf({ lazy: true });
  await rig.clock.advance(60_000);
  assert.equal(rig.sockets.length, 0);
  assert.equal(rig.client.state, "idle");
  const done = rig.client.get("/x");
  await rig.authenticate();
  rig.answer(rig.sent(), 1);
  assert.equal(await done, 1);
  await rig.client.close();
});

Deno.test("the functions for url and token are called at every attempt", async () => {
  let attempt = 0;
  const rig = rigOf({ token: () => Promise.resolve(`key-${++attempt}`) });
  await rig.clock.settle();
  rig.socket.end();
  await rig.reconnect({});
  const { token } = rig.socket.frames[0]?.data as { token: string };
  assert.equal(token, "key-2");
  await rig.client.close();
});

Deno.test("a token function that fails is one failed attempt, not the end", async () => {
  let attempt = 0;
  const rig = rigOf({
    token: () => {
      attempt += 1;
      if (attempt === 1) throw new Error("vault is sealed");
      return "key";
    },
  });
  await rig.clock.settle();
  assert.deepEqual(rig.told("error").map(([, error]) => String(error)), [
    "Error: vault is sealed",
  ]);
  await rig.reconnect({});
  assert.equal(rig.client.state, "ready");
  await rig.client.close();
});

Deno.test("a token function that never settles ends with the attempt, after ten seconds", async () => {
  const rig = rigOf({ token: () => new Promise<string>(() => {}) });
  await rig.clock.advance(9_999);
  assert.equal(rig.client.state, "connecting");
  await rig.clock.advance(1);
  assert.equal(rig.client.state, "waiting");
  await rig.client.close();
});

Deno.test("a socket that never opens is terminated after ten seconds", async () => {
  const rig = rigOf();
  await rig.clock.settle();
  const first = rig.socket;
  await rig.clock.advance(10_000);
  assert.equal(first.closedWith?.code, 4499);
  assert.equal(rig.client.state, "waiting");
  await rig.reconnect({});
  assert.equal(rig.client.state, "ready");
  await rig.client.close();
});

Deno.test("an opening that fails without a close event is over at once (Node 22)", async () => {
  const rig = rigOf();
  await rig.clock.settle();
  rig.socket.isDeaf = true;
  rig.socket.fire("error", { message: "connection refused" });
  assert.deepEqual(rig.told("close"), [
    ["close", 1006, "connection refused", true],
  ]);
  await rig.reconnect({});
  assert.equal(rig.client.state, "ready");
  await rig.client.close();
});

Deno.test("a factory that throws is one failed attempt", async () => {
  const rig = rigOf({
    webSocket: () => {
      throw new SyntaxError("bad url");
    },
  });
  await rig.clock.settle();
  assert.equal(rig.client.state, "waiting");
  assert.equal(String(rig.told("error")[0]?.[1]), "SyntaxError: bad url");
  await rig.client.close();
});

/** Section 2.3 of the protocol: what a close code does to the client. */
const CODES: [code: number, willReconnect: boolean, delayMs: number][] = [
  [1000, true, 125],
  [1001, true, 125],
  [1005, true, 125],
  [1006, true, 125],
  [0, true, 125],
  [1009, true, 125],
  [1011, true, 125],
  [1012, true, 2_500],
  [1013, true, 7_500],
  [4400, false, 0],
  [4401, false, 0],
  [4403, false, 0],
  [4408, true, 125],
  [4409, false, 0],
  [4413, true, 125],
  [4429, true, 5_125],
  [4499, true, 125],
  [3999, true, 125],
];

for (const [code, willReconnect, delayMs] of CODES) {
  const outcome = willReconnect ? `returns after ${delayMs} ms` : "stays away";
  Deno.test(`closed with ${code} the client ${outcome}`, async () => {
    const rig = await readyRigOf();
    rig.socket.end(code, "because");
    const shown = code === 0 ? 1006 : code;
    assert.deepEqual(rig.told("close"), [
      ["close", shown, "because", willReconnect],
    ]);
    await rig.clock.settle();
    if (willReconnect) {
      assert.deepEqual(rig.told("reconnecting"), [
        ["reconnecting", delayMs, { code: shown, reason: "because" }],
      ]);
      await rig.clock.advance(delayMs - 1);
      assert.equal(rig.sockets.length, 1);
      await rig.clock.advance(1);
      assert.equal(rig.sockets.length, 2);
    } else {
      await rig.clock.advance(600_000);
      assert.equal(rig.sockets.length, 1);
      assert.equal(rig.client.state, "closed");
    }
    await rig.client.close();
    assert.equal(rig.clock.timerCount, 0);
  });
}

Deno.test("every close code of the table is tried above", () => {
  const tried = new Set(CODES.map(([code]) => code));
  const missing = [...CLOSE_RULES.keys()].filter((code) => !tried.has(code));
  assert.deepEqual(missing, []);
});

Deno.test("the ceiling doubles while connections do not last, and starts over after ten stable seconds", async () => {
  const rig = await readyRigOf();
  const delays: unknown[] = [];
  rig.client.on("reconnecting", (delayMs) => void delays.push(delayMs));
  for (const lastedMs of [0, 9_999, 10_000, 10_000]) {
    await rig.clock.advance(lastedMs);
    rig.socket.end();
    await rig.reconnect({});
  }
  assert.deepEqual(delays, [125, 250, 125, 125]);
  await rig.client.close();
});

Deno.test("retryWaitMs and shouldRetry have the last word", async () => {
  const rig = await readyRigOf({
    retryWaitMs: (attempt, { code }) => attempt * 1_000 + code,
    shouldRetry: ({ code }) => code !== 1001,
  });
  rig.socket.end(4403);
  assert.deepEqual(rig.told("reconnecting").at(-1)?.[1], 5_403);
  await rig.reconnect({});
  rig.socket.end(1001);
  assert.equal(rig.client.state, "closed");
  await rig.client.close();
});

Deno.test("where shouldRetry says undefined the close code decides", async () => {
  const rig = await readyRigOf({
    shouldRetry: ({ code }) => code === 4409 ? true : undefined,
  });
  rig.socket.end(4409, "session taken over");
  await rig.clock.advance(1_000);
  assert.equal(rig.sockets.length, 2);
  rig.socket.end(4403, "authentication refused");
  await rig.clock.advance(600_000);
  assert.equal(rig.sockets.length, 2);
});

Deno.test("a retryWaitMs or shouldRetry that throws is an error event, and the table decides", async () => {
  const rig = await readyRigOf({
    retryWaitMs: () => {
      throw new Error("no wait");
    },
    shouldRetry: () => {
      throw new Error("no answer");
    },
  });
  rig.socket.end(1012);
  assert.deepEqual(rig.told("reconnecting").at(-1)?.[1], 2_500);
  assert.deepEqual(rig.told("error").map(([, error]) => String(error)), [
    "Error: no answer",
    "Error: no wait",
  ]);
  await rig.client.close();
});

Deno.test("a refused key closes the client: ready and every request reject, nothing is tried again", async () => {
  const { rig, waiting } = await authenticatingRig();
  refuseGreeting(rig, 401, "Invalid key");
  rig.socket.end(4403, "refused");
  const error = await failureOf(rig.client.ready, RepClosedError);
  assert.equal(error.closeCode, 4403);
  assert.equal(error.message, "Not connected: closed with 4403 Invalid key");
  assert.equal((await failureOf(waiting, RepClosedError)).sent, UNSENT);
  assert.equal(
    (await failureOf(rig.client.get("/y"), RepClosedError)).closeCode,
    4403,
  );
  await rig.clock.advance(600_000);
  assert.equal(rig.sockets.length, 1);
  await rig.client.close();
});

Deno.test("an authentication refused for load is tried again, with the longest back-off", async () => {
  const rig = rigOf();
  await rig.clock.settle();
  rig.socket.open();
  refuseGreeting(rig, 503, "draining");
  assert.deepEqual(rig.told("reconnecting"), [
    ["reconnecting", 7_500, { code: 1013, reason: "draining" }],
  ]);
  await rig.reconnect({});
  assert.equal(rig.client.state, "ready");
  await rig.client.close();
});

Deno.test("error and two close events in one tick are one loss (C58)", async () => {
  const rig = await readyRigOf();
  const { socket } = rig;
  socket.fire("error", { message: "Unexpected EOF" });
  socket.end(0);
  socket.end(1006);
  socket.say({ method: "REPLY", req: "x", data: { status: 200 } });
  assert.deepEqual(rig.told("close"), [
    ["close", 1006, "Unexpected EOF", true],
  ]);
  await rig.reconnect();
  assert.equal(rig.sockets.length, 2);
  await rig.client.close();
});

Deno.test("ready waits for the next connection after a loss", async () => {
  const rig = await readyRigOf();
  rig.socket.end();
  let isReady = false;
  void rig.client.ready.then(() => isReady = true);
  await rig.clock.settle();
  assert.ok(!isReady);
  await rig.reconnect({ resumed: true, epoch: "e2" });
  assert.ok(isReady);
  assert.equal((await rig.client.ready).epoch, "e2");
  await rig.client.close();
});

Deno.test("terminate() drops the socket at once and connects again", async () => {
  const rig = await readyRigOf();
  rig.socket.isDeaf = true;
  rig.client.terminate();
  assert.deepEqual(rig.told("close"), [
    ["close", 4499, "given up by the caller", true],
  ]);
  await rig.reconnect();
  assert.equal(rig.client.state, "ready");
  await rig.client.close();
});

Deno.test("the key may travel as a subprotocol or as a header", async () => {
  const byProtocol = rigOf({ authBy: "subprotocol", token: "kö+/?" });
  await byProtocol.clock.settle();
  assert.deepEqual(byProtocol.socket.request.protocols, [
    "rep.v1",
    "rep.auth.a8O2Ky8_",
  ]);
  await byProtocol.client.close();
  const byHeader = rigOf({ authBy: "header" });
  await byHeader.clock.settle();
  assert.deepEqual(byHeader.socket.request, {
    protocols: ["rep.v1"],
    headers: { authorization: "key" },
  });
  await byHeader.client.close();
});

Deno.test("authorization and clientName are part of the authentication request", async () => {
  const rig = rigOf({ authorization: "Bot abc", clientName: "shard 0" });
  await rig.clock.settle();
  rig.socket.open();
  const authRequest = rig.socket.frames[0]?.data as Record<string, unknown>;
  assert.equal(authRequest["authorization"], "Bot abc");
  assert.equal(authRequest["client"], "shard 0");
  await rig.client.close();
});
