import assert from "node:assert/strict";
import { globalLimitOf, watchGlobalLimits } from "../../rest/auto_limits.ts";
import type { Answer } from "../../rest/domain/answer.ts";
import type { Fact } from "../../rest/domain/fact.ts";
import type { ProxyRequest } from "../../rest/domain/request.ts";
import { Secret } from "../../rest/domain/secret.ts";
import { createBotRing } from "../../rest/listener/access/bot_ring.ts";
import { Model } from "../../sim/model/model.ts";
import { simRequestOf } from "../../sim/model/request.ts";
import { createManualClock } from "../_manual_clock.ts";

const HOUR_MS = 3_600_000;

for (
  const [shards, limit] of [
    [1, 50],
    [2, 500],
    [16, 500],
    [20, 500],
    [32, 800],
    [
      100_000,
      10_000,
    ],
  ] as const
) {
  Deno.test(`a bot that may start ${shards} shards at a time may send ${limit} requests a second`, () => {
    assert.equal(globalLimitOf(gatewayOf(shards)), limit);
  });
}

for (
  const [what, change] of [
    ["an error", { status: 401 }],
    ["no JSON", { body: new TextEncoder().encode("<html>") }],
    ["no number", {
      body: new TextEncoder().encode('{"session_start_limit":{}}'),
    }],
  ] as [string, Partial<Answer>][]
) {
  Deno.test(`${what} in place of the gateway tells no limit`, () => {
    assert.equal(globalLimitOf({ ...gatewayOf(16), ...change }), undefined);
  });
}

Deno.test("each bot without a limit of the operator's is asked about at the start and every hour, until it is stopped", async () => {
  const clock = createManualClock();
  const asked: ProxyRequest[] = [];
  const limits: (readonly [string, number])[] = [];
  const facts: Fact[] = [];
  const bots = createBotRing(["a", "b"].map((name) => ({
    name,
    token: new Secret(`${btoa(`1${name.charCodeAt(0)}`)}.x.${name}`),
  }))).all;
  const stop = watchGlobalLimits({
    bots,
    clock,
    facts: (fact) => facts.push(fact),
    apiVersion: 10,
    hasOwnLimit: ({ name }) => name === "b",
    submitter: {
      submit: (request) => {
        asked.push(request);
        const answer = Promise.resolve(gatewayOf(16));
        return { answer, cancel: () => "done" as const };
      },
    },
    setLimit: (id, limit) => limits.push([id, limit]),
  });
  await clock.settle();
  await clock.advance(HOUR_MS);
  stop();
  await clock.advance(2 * HOUR_MS);
  assert.deepEqual(asked.map(({ target }) => target.path), [
    "/gateway/bot",
    "/gateway/bot",
  ]);
  const id = bots[0]?.identity.id ?? "";
  assert.deepEqual(limits, [[id, 500], [id, 500]]);
  assert.deepEqual(facts[0], { kind: "global_limit", bot: "a", limit: 500 });
});

function gatewayOf(maxConcurrency: number): Answer {
  const model = new Model({ answers: { maxConcurrency } }, 0);
  const request = simRequestOf("GET", "/api/v10/gateway/bot");
  const { status, body } = model.handle(request, 0).response;
  return {
    status,
    headers: [],
    body: new TextEncoder().encode(String(body)),
  };
}
