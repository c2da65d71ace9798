import assert from "node:assert/strict";
import { readyRigOf } from "../_rig.ts";

Deno.test("a listener that throws breaks neither the client nor the other listeners", async () => {
  const rig = await readyRigOf();
  const heard: string[] = [];
  rig.client.on("notice", () => {
    throw new Error("broken listener");
  });
  rig.client.on("notice", ({ type }) => void heard.push(type));
  rig.socket.say({
    target: "/_rep/notice",
    method: "ACTION",
    data: { type: "x" },
  });
  await rig.clock.settle();
  assert.deepEqual(heard, ["x"]);
  assert.equal(String(rig.told("error")[0]?.[1]), "Error: broken listener");
  const done = rig.client.get("/x");
  rig.answer(rig.sent(), 1);
  assert.equal(await done, 1);
  await rig.client.close();
});

Deno.test("an async listener that rejects is no unhandled rejection", async () => {
  const rig = await readyRigOf();
  rig.client.on("notice", () => Promise.reject("no Error at all"));
  rig.socket.say({
    target: "/_rep/notice",
    method: "ACTION",
    data: { type: "x" },
  });
  await rig.clock.settle();
  assert.equal(String(rig.told("error")[0]?.[1]), "Error: no Error at all");
  await rig.client.close();
});

Deno.test("an error listener that throws ends there", async () => {
  const rig = await readyRigOf();
  let calls = 0;
  rig.client.on("error", () => {
    calls += 1;
    throw new Error("again");
  });
  rig.socket.say({ target: "error", method: "REPLY", data: { status: 400 } });
  await rig.clock.settle();
  assert.equal(calls, 1);
  await rig.client.close();
});

Deno.test("on() returns a function that stops the listening, also when the listener calls it", async () => {
  const rig = await readyRigOf();
  let calls = 0;
  const off = rig.client.on("notice", () => {
    calls += 1;
    off();
  });
  for (let n = 0; n < 3; n += 1) {
    rig.socket.say({
      target: "/_rep/notice",
      method: "ACTION",
      data: { type: "x" },
    });
  }
  assert.equal(calls, 1);
  await rig.client.close();
});

Deno.test("a failure without a listener disturbs nothing", async () => {
  const rig = await readyRigOf();
  rig.socket.say({ target: "error", method: "REPLY", data: { status: 400 } });
  rig.socket.end(4403, "go away");
  await rig.clock.settle();
  assert.equal(rig.client.state, "closed");
  await rig.client.close();
});
