import assert from "node:assert/strict";
import { Callers } from "../../../rest/scheduler/queues/callers.ts";

Deno.test("Callers gives one name one object, and one key's names one key", () => {
  const callers = new Callers();
  assert.equal(callers.of("a/x"), callers.of("a/x"));
  assert.equal(callers.of("a/x").key, callers.of("a@127.0.0.1").key);
  assert.notEqual(callers.of("a/x").key, callers.of("b/x").key);
});

Deno.test("Callers forgets names that hold nothing, and none that has requests", () => {
  const callers = new Callers();
  const busy = callers.of("busy/x");
  busy.requests++;
  for (let n = 0; n < 100_000; n++) callers.of(`k${n}/client`);
  assert.ok(callers.size <= 4_097, `${callers.size} are remembered`);
  assert.equal(callers.of("busy/x"), busy);
  assert.equal(callers.of("busy/y").key, busy.key);
});
