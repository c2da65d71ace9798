import assert from "node:assert/strict";
import type { KeyRights } from "../../rest/domain/access.ts";
import type { Answer } from "../../rest/domain/answer.ts";
import type { Fact } from "../../rest/domain/fact.ts";
import type { Submitter } from "../../rest/domain/ports.ts";
import { Refusal } from "../../rest/domain/refusal.ts";
import type { ProxyRequest } from "../../rest/domain/request.ts";
import { parseRoutePattern } from "../../rest/domain/route_pattern.ts";
import { createKeyGate } from "../../rest/listener/access/key_gate.ts";
import { createKeyRing } from "../../rest/listener/access/key_ring.ts";
import { createManualClock } from "../_manual_clock.ts";
import { requestOf } from "../dispatcher/_builders.ts";
import { answerOf, keyOf } from "../listener/_bench.ts";

const KEYLESS_MAX = 2;

/** A gate for a key `k` with these rights, before a queue that waits to be told. */
function gateOf(rights: Partial<KeyRights>) {
  const facts: Fact[] = [];
  const submitted: ProxyRequest[] = [];
  const ends: Array<PromiseWithResolvers<Answer>> = [];
  const submitter: Submitter = {
    submit(request) {
      submitted.push(request);
      const end = Promise.withResolvers<Answer>();
      ends.push(end);
      return { answer: end.promise, cancel: () => "sent" };
    },
  };
  const keys = createKeyRing([
    keyOf("k", "the-key", rights),
    keyOf("all", "x"),
  ]);
  const clock = createManualClock();
  const gate = createKeyGate({
    submitter,
    keys,
    clock,
    facts: (fact) => void facts.push(fact),
    keylessMax: KEYLESS_MAX,
  });
  return { gate, keys, clock, facts, submitted, ends };
}

async function refusedWith(answer: Promise<Answer>): Promise<Refusal> {
  try {
    await answer;
  } catch (error) {
    assert.ok(error instanceof Refusal);
    return error;
  }
  throw new Error("it was not refused");
}

const mine = (method: ProxyRequest["method"] = "GET", change = {}) =>
  requestOf(method, { caller: "k/client", ...change });

Deno.test("a key without bounds crosses the gate as it is", () => {
  const { gate, submitted } = gateOf({});
  const request = requestOf("POST", { caller: "all/client" });
  gate.submit(request);
  assert.equal(submitted[0], request);
});

Deno.test("callers that no key of ours brought in are not held to any", () => {
  const { gate, submitted } = gateOf({ isReadOnly: true });
  for (const caller of ["token/a", "manager"]) {
    gate.submit(requestOf("POST", { caller }));
  }
  assert.equal(submitted.length, 2);
});

Deno.test("callers without a key have a share together, whatever they call themselves, and are told so", async () => {
  const { gate, submitted, ends } = gateOf({});
  const keyless = (client: string) => requestOf("POST", { caller: client });
  const names = ["keyless@10.0.0.1", "keyless/one", "keyless@10.0.0.2"];
  const [, , third] = names.map((name) => gate.submit(keyless(name)).answer);
  assert.ok(third !== undefined);
  const { code, message } = await refusedWith(third);
  assert.equal(code, "overloaded");
  assert.equal(
    message,
    "Cannot take the request: callers without a key may have 2 without an answer",
  );
  assert.throws(() => gate.enter(keyless("keyless@10.0.0.3")), Refusal);
  // Keys have all the rest.
  for (let count = 0; count < 5; count++) {
    gate.submit(requestOf("POST", { caller: "all/client" }));
  }
  assert.equal(submitted.length, 7);
  ends[0]?.resolve(answerOf());
  await Promise.resolve().then(() => {});
  gate.submit(keyless("keyless@10.0.0.3"));
  assert.equal(submitted.length, 8);
});

Deno.test("a read-only key reads, and is told that it may do no more", async () => {
  const { gate, submitted, facts } = gateOf({ isReadOnly: true });
  gate.submit(mine("GET"));
  const refusal = await refusedWith(gate.submit(mine("POST")).answer);
  assert.equal(refusal.code, "forbidden");
  assert.equal(refusal.status, 403);
  assert.equal(
    refusal.message,
    "Cannot send POST /channels/{channel_id}/messages: key k may only read",
  );
  assert.equal(submitted.length, 1);
  assert.deepEqual(facts, [{
    kind: "refused",
    code: "forbidden",
    bot: "main",
    label: "POST /channels/{channel_id}/messages",
    caller: "k/client",
    detail:
      "Cannot send POST /channels/{channel_id}/messages: key k may only read",
  }]);
});

for (const method of ["POST", "PUT", "PATCH", "DELETE"] as const) {
  Deno.test(`a read-only key may not ${method}`, async () => {
    const { gate } = gateOf({ isReadOnly: true });
    const { code } = await refusedWith(gate.submit(mine(method)).answer);
    assert.equal(code, "forbidden");
  });
}

Deno.test("a key with routes may use those, and no id stands in what others are told", async () => {
  const pattern = parseRoutePattern("GET /channels/1/messages");
  assert.ok(pattern);
  const { gate, submitted } = gateOf({ routes: [pattern] });
  gate.submit(mine("GET"));
  const elsewhere = mine("GET", { path: "/channels/2/messages" });
  const refusal = await refusedWith(gate.submit(elsewhere).answer);
  assert.equal(refusal.code, "forbidden");
  assert.equal(
    refusal.message,
    "Cannot send GET /channels/{channel_id}/messages: it is not among the routes of key k",
  );
  assert.equal(submitted.length, 1);
});

Deno.test("nothing is more urgent than its key may be, and what is less stays so", () => {
  const { gate, submitted } = gateOf({ urgency: 4 });
  for (const urgency of [0, 3, 4, 5, 7]) {
    gate.submit(mine("GET", { urgency }));
  }
  assert.deepEqual(submitted.map(({ urgency }) => urgency), [4, 4, 4, 5, 7]);
});

Deno.test("a key's place is free when its answer is there, or its refusal", async () => {
  const { gate, ends, clock } = gateOf({ concurrency: 1 });
  const first = gate.submit(mine());
  const { code, retryAfterMs } = await refusedWith(gate.submit(mine()).answer);
  assert.deepEqual([code, retryAfterMs], ["overloaded", 1_000]);
  ends[0]?.resolve(answerOf());
  await first.answer;
  await clock.settle();
  const second = gate.submit(mine());
  ends[1]?.reject(new Refusal("draining", "Cannot send"));
  assert.equal((await refusedWith(second.answer)).code, "draining");
  await clock.settle();
  gate.submit(mine());
  assert.equal(ends.length, 3);
});

Deno.test("the rate is counted by key, whatever its clients are called", async () => {
  const { gate, clock, submitted } = gateOf({ rate: 2 });
  gate.submit(mine("GET", { caller: "k/a" }));
  gate.submit(mine("GET", { caller: "k@h" }));
  const third = gate.submit(mine("GET", { caller: "k/b" }));
  assert.equal((await refusedWith(third.answer)).retryAfterMs, 500);
  await clock.advance(500);
  gate.submit(mine("GET", { caller: "k/b" }));
  assert.equal(submitted.length, 3);
});

Deno.test("what was refused spends nothing of the rate", async () => {
  const { gate, submitted } = gateOf({ rate: 1, isReadOnly: true });
  await refusedWith(gate.submit(mine("POST")).answer);
  gate.submit(mine("GET"));
  assert.equal(submitted.length, 1);
});

Deno.test("a place held while a body is read counts, and is the request's own", async () => {
  const { gate, submitted } = gateOf({ concurrency: 1 });
  const leave = gate.enter(mine());
  assert.throws(() => gate.enter(mine()), { code: "overloaded" });
  const { code } = await refusedWith(gate.submit(mine()).answer);
  assert.equal(code, "overloaded");
  leave?.();
  gate.submit(mine());
  assert.equal(submitted.length, 1);
});

Deno.test("before a body is read its request is held to everything but urgency", () => {
  assert.throws(() => gateOf({ isReadOnly: true }).gate.enter(mine("POST")), {
    code: "forbidden",
  });
  assert.throws(() => gateOf({ routes: [] }).gate.enter(mine("GET")), {
    code: "forbidden",
  });
  const { gate } = gateOf({ rate: 1 });
  gate.enter(mine());
  // Entering spends nothing: the request itself does.
  gate.enter(mine());
  gate.submit(mine());
  assert.throws(() => gate.enter(mine()), { code: "overloaded" });
});

Deno.test("other bounds hold from the moment the keys are replaced", async () => {
  const { gate, keys, submitted } = gateOf({});
  gate.submit(mine("POST"));
  keys.replace([keyOf("k", "the-key", { isReadOnly: true })]);
  const { code } = await refusedWith(gate.submit(mine("POST")).answer);
  assert.equal(code, "forbidden");
  assert.equal(submitted.length, 1);
});
