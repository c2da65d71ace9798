import assert from "node:assert/strict";
import { TakingOver } from "../../rest/cluster/taking_over.ts";

Deno.test("what waited in a scope may leave when it is known, and callers are served when the rest is read", async () => {
  const taking = new TakingOver();
  const known = Promise.withResolvers<void>();
  const rest = Promise.withResolvers<void>();
  const ready = taking.read("7", async (letSend) => {
    await known.promise;
    letSend();
    await rest.promise;
  });
  const seen = () => [taking.maySend("7"), taking.has("7")];
  assert.deepEqual(seen(), [false, true]);
  known.resolve();
  await known.promise;
  assert.deepEqual(seen(), [true, true]);
  rest.resolve();
  assert.ok(await ready);
  assert.deepEqual(seen(), [true, false]);
});

Deno.test("a scope that was lost while it was read, and gained anew, is not sent for on the word of the first reading", async () => {
  const taking = new TakingOver();
  const rest = Promise.withResolvers<void>();
  let letFirst = () => {};
  const first = taking.read("7", (letSend) => {
    letFirst = letSend;
    return rest.promise;
  });
  taking.lost("7");
  const second = taking.read("7", () => new Promise(() => {}));
  letFirst();
  rest.resolve();
  assert.ok(!await first);
  assert.ok(!taking.maySend("7"));
  assert.ok(taking.has("7"));
  void second;
});
