import assert from "node:assert/strict";
import { SYSTEM_CLOCK } from "../../rest/clock/system_clock.ts";
import { createDispatcher } from "../../rest/dispatcher/dispatcher.ts";
import { USER_AGENT } from "../../rest/manager/join_queue.ts";
import { createScheduler } from "../../rest/scheduler/scheduler.ts";
import { createUpstream } from "../../rest/upstream/upstream.ts";
import { type Sim, startSim } from "../../sim/server.ts";
import { requestOf, sha256 } from "../dispatcher/_builders.ts";
import { BOT, causeOf, managerOf, TOKEN } from "./_builders.ts";

/** The manager, the queue and the real upstream client in front of a simulated Discord. */
function queueBefore(sim: Sim) {
  const dispatcher = createDispatcher({
    scheduler: createScheduler(),
    upstream: createUpstream({
      baseUrl: sim.url,
      userAgent: USER_AGENT,
      headersTimeoutMs: 5_000,
      bodyTimeoutMs: 5_000,
      connectTimeoutMs: 5_000,
    }),
    clock: SYSTEM_CLOCK,
    random: () => 0.5,
    facts: () => {},
    digest: sha256,
    options: {
      maxWaitMs: 60_000,
      isSingleFlight: false,
      adoptMs: 60_000,
      keptBytesMax: 1_048_576,
      apiVersion: 10,
    },
  });
  const manager = managerOf(dispatcher, { baseUrl: sim.url });
  return {
    dispatcher,
    manager,
    [Symbol.asyncDispose]: async () => void await dispatcher.drain(0),
  };
}

Deno.test("the manager's messages wait behind those of other callers, and each reaches Discord once", async () => {
  await using sim = await startSim({ latencyOut: { minMs: 30, maxMs: 30 } });
  await using queue = queueBefore(sim);
  const others = requestOf("POST", {
    path: "/channels/5/messages",
    identity: BOT,
    headers: [["content-type", "application/json"]],
    text: '{"content":"first"}',
  });
  const { dispatcher, manager } = queue;
  const first = dispatcher.submit(others).answer;
  const file = { name: "a.txt", blob: new Blob(["x".repeat(1_000_000)]) };
  const [second, third] = await Promise.all([
    manager.sendMessage(5n, { content: "second", files: [file] }),
    manager.sendMessage(5n, { content: "third" }),
    first,
  ]);
  assert.match(second.id, /^\d+$/);
  assert.ok(BigInt(second.id) < BigInt(third.id));

  const requests = sim.requests();
  assert.deepEqual(requests.map(({ mark }) => mark), [
    "first",
    "second",
    "third",
  ]);
  for (const [index, request] of requests.entries()) {
    const before = requests[index - 1]?.answeredAtMs ?? 0;
    assert.ok(request.receivedAtMs >= before, `${index} left too early`);
    assert.ok(
      request.headers.some(([name, value]) =>
        name.toLowerCase() === "authorization" && value === `Bot ${TOKEN}`
      ),
    );
  }
});

Deno.test("typed helpers of every kind come back as discordeno promises, against the simulated Discord", async () => {
  await using sim = await startSim();
  await using queue = queueBefore(sim);
  const { manager } = queue;
  // The simulation tells what it was asked.
  const user: unknown = await manager.getUser(7n);
  assert.equal((user as { path: string }).path, "/api/v10/users/7");
  const message = await manager.sendMessage(5n, {
    content: "with a file",
    files: [{ name: "a.txt", blob: new Blob(["file content"]) }],
  });
  assert.equal(
    await manager.deleteMessage(5n, message.id, "a reason"),
    undefined,
  );
  await manager.addReaction(5n, 6n, "👍");
  await manager.sendInteractionResponse(8n, "aW50ZXJhY3Rpb246eA", { type: 5 });

  sim.script({
    match: "GET /users/{user_id}",
    fault: { kind: "answer", status: 404, body: '{"code":10013}' },
  });
  assert.equal((await causeOf(manager.getUser(9n))).status, 404);

  const seen = sim.requests().map(({ method, target, status }) =>
    `${method} ${target} ${status}`
  );
  assert.deepEqual(seen, [
    "GET /api/v10/users/7 200",
    "POST /api/v10/channels/5/messages? 200",
    `DELETE /api/v10/channels/5/messages/${message.id} 204`,
    "PUT /api/v10/channels/5/messages/6/reactions/%F0%9F%91%8D/@me 204",
    "POST /api/v10/interactions/8/aW50ZXJhY3Rpb246eA/callback?with_response=false 204",
    "GET /api/v10/users/9 404",
  ]);
});
