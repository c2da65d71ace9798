import assert from "node:assert/strict";
import { type Sim, startSim } from "../../sim/server.ts";

async function say(sim: Sim, path: string, body: string) {
  const response = await fetch(new URL(`/__sim/${path}`, sim.url), {
    method: "POST",
    body,
  });
  return { status: response.status, said: await response.json() };
}

const MISTAKES: ReadonlyArray<
  readonly [path: string, body: string, message: string]
> = [
  ["set", "{", "Cannot read the body: it is not JSON"],
  ["set", "[]", "Cannot read the body: want a JSON object"],
  ["set", '{"rulez": []}', 'Cannot set option "rulez": there is none'],
  [
    "set",
    '{"globalLimit": {"limit": "50"}}',
    'Cannot set option "globalLimit.limit" to "50": want a number',
  ],
  ["set", '{"rules": {}}', 'Cannot set option "rules" to {}: want a list'],
  [
    "set",
    '{"seed": 7, "rules": [{"match": "GET /users/{id}"}]}',
    'Cannot read rule "GET /users/{id}": wants limit and periodMs, or limits, or headerless',
  ],
  [
    "set",
    '{"faults": [{"probability": 1, "fault": {"kind": "stauts"}}]}',
    'Cannot plan a fault of kind "stauts": want one of status, answer, limited, block, reset, close, silence, slow_body, cut_body, nonsense',
  ],
  ["script", "{}", "Cannot plan a fault of kind undefined: want one of"],
  [
    "script",
    '{"fault": {"kind": "status"}}',
    'Cannot plan a fault status: want "status"',
  ],
  [
    "script",
    '{"fault": {"kind": "status", "status": "500"}}',
    'Cannot plan a fault status: want a number as "status"',
  ],
  [
    "script",
    '{"fault": {"kind": "reset", "executed": true}}',
    'Cannot plan a fault reset: no "executed" in it',
  ],
];

for (const [path, body, message] of MISTAKES) {
  Deno.test(`/__sim/${path} refuses ${body} and changes nothing`, async () => {
    await using sim = await startSim();
    const before = JSON.stringify(sim.settings());
    const { status, said } = await say(sim, path, body);
    assert.equal(status, 400);
    assert.ok(said.message.startsWith(message), said.message);
    assert.equal(JSON.stringify(sim.settings()), before);
    const response = await fetch(`${sim.url}/v10/users/@me`, {
      headers: { authorization: "Bot x.y.z" },
    });
    await response.body?.cancel();
    assert.equal(response.status, 200);
  });
}

Deno.test("/__sim/settings tells the options in force", async () => {
  await using sim = await startSim({ seed: 5 });
  await say(sim, "set", '{"globalLimit": {"limit": 7}}');
  const response = await fetch(new URL("/__sim/settings", sim.url));
  const { seed, globalLimit } = await response.json();
  assert.equal(seed, 5);
  assert.equal(globalLimit.limit, 7);
  assert.equal(globalLimit.periodMs, 1_000);
});

Deno.test("an unknown path of the simulation's says where the list is", async () => {
  await using sim = await startSim();
  const response = await fetch(new URL("/__sim/nope", sim.url));
  assert.equal(response.status, 404);
  assert.equal(
    (await response.json()).message,
    "404: GET /__sim/ lists what there is",
  );
});
