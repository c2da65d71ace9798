import assert from "node:assert/strict";
import {
  FAILURES_MAX,
  PAUSE_MS_MAX,
  PAUSE_MS_MIN,
  Restarts,
  START_MS_MAX,
  STEADY_MS,
} from "../../supervisor/restarts.ts";

const KILLED = { code: null, signal: "SIGKILL" };
const REFUSED = { code: 1, signal: null };
const CLEAN = { code: 0, signal: null };

/** With one process running since 0. */
function running(): Restarts {
  const restarts = new Restarts();
  restarts.started(0);
  return restarts;
}

Deno.test("a first process that ends by itself within the time of a start ends the supervisor with its code", () => {
  const before = START_MS_MAX - 1;
  assert.deepEqual(running().ended(REFUSED, before), { kind: "exit", code: 1 });
  assert.deepEqual(running().ended(REFUSED, START_MS_MAX), {
    kind: "start",
    afterMs: PAUSE_MS_MIN,
  });
});

Deno.test("a process that a signal ended is started again, however young it was", () => {
  assert.deepEqual(running().ended(KILLED, 1), {
    kind: "start",
    afterMs: PAUSE_MS_MIN,
  });
});

Deno.test("pauses double up to their bound, and after the last failure in a row the supervisor ends with the process's code", () => {
  const restarts = running();
  const pauses: number[] = [];
  for (let count = 0; count < FAILURES_MAX; count++) {
    const action = restarts.ended(KILLED, 0);
    assert.equal(action.kind, "start");
    if (action.kind === "start") pauses.push(action.afterMs);
    restarts.started(0);
  }
  assert.deepEqual(pauses.slice(0, 7), [
    200,
    400,
    800,
    1600,
    3200,
    6400,
    10000,
  ]);
  assert.ok(pauses.every((pause) => pause <= PAUSE_MS_MAX));
  assert.deepEqual(restarts.ended(KILLED, 0), { kind: "exit", code: 137 });
});

Deno.test("a process that has served steadily wipes the failures before it out", () => {
  const restarts = running();
  restarts.ended(KILLED, 0);
  restarts.started(0);
  const action = restarts.ended(KILLED, STEADY_MS);
  assert.deepEqual(action, { kind: "start", afterMs: PAUSE_MS_MIN });
});

Deno.test("SIGTERM is handed on, and the end that follows is the supervisor's, with the process's code", () => {
  const restarts = running();
  assert.deepEqual(restarts.stop(), { kind: "signal", signal: "SIGTERM" });
  assert.deepEqual(restarts.ended(CLEAN, 5), { kind: "exit", code: 0 });
  const late = running();
  late.stop();
  assert.deepEqual(late.stop(), { kind: "signal", signal: "SIGTERM" });
  assert.deepEqual(late.ended(REFUSED, 5), { kind: "exit", code: 1 });
});

Deno.test("SIGTERM in a pause ends the supervisor at once, with the code of the process that was", () => {
  const restarts = running();
  restarts.ended(KILLED, 5);
  assert.deepEqual(restarts.stop(), { kind: "exit", code: 137 });
});

Deno.test("a process that was drained by somebody else ends the supervisor with 0", () => {
  assert.deepEqual(running().ended(CLEAN, 5), { kind: "exit", code: 0 });
});

Deno.test("SIGHUP is handed on where nothing has changed that a process takes up at its start alone", () => {
  const restarts = running();
  const isChanged = false;
  assert.deepEqual(restarts.hangUp(isChanged), {
    kind: "signal",
    signal: "SIGHUP",
  });
  // It has no say in what comes after an end.
  assert.deepEqual(restarts.ended(CLEAN, 5), { kind: "exit", code: 0 });
});

Deno.test("SIGHUP where something has changed drains the process and then starts the next one, without a pause", () => {
  const restarts = running();
  const isChanged = true;
  assert.deepEqual(restarts.hangUp(isChanged), {
    kind: "signal",
    signal: "SIGTERM",
  });
  assert.deepEqual(restarts.hangUp(isChanged), { kind: "nothing" });
  assert.deepEqual(restarts.ended(CLEAN, 5), { kind: "start", afterMs: 0 });
});

Deno.test("settings refused after a restart are tried again in pauses, since callers wait in the line and somebody mends them", () => {
  const restarts = running();
  const isChanged = true;
  restarts.hangUp(isChanged);
  restarts.ended(CLEAN, 5);
  restarts.started(5);
  assert.deepEqual(restarts.ended(REFUSED, 10), {
    kind: "start",
    afterMs: PAUSE_MS_MIN,
  });
  assert.deepEqual(restarts.hangUp(isChanged), { kind: "start", afterMs: 0 });
});

Deno.test("SIGTERM during a restart wins", () => {
  const restarts = running();
  const isChanged = true;
  restarts.hangUp(isChanged);
  restarts.stop();
  assert.deepEqual(restarts.ended(CLEAN, 5), { kind: "exit", code: 0 });
  assert.deepEqual(restarts.hangUp(isChanged), { kind: "nothing" });
});
