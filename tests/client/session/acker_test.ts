import assert from "node:assert/strict";
import { Acker } from "../../../client/session/acker.ts";
import { createManualClock } from "../../_manual_clock.ts";
import { clientClock, readyRigOf } from "../_rig.ts";

Deno.test("B4: an ack is sent 200 ms after the first reply it is for", async () => {
  const { acker, clock, acks } = ackerOf();
  finish(acker, 1);
  await clock.advance(150);
  finish(acker, 2);
  await clock.advance(49);
  assert.deepEqual(acks, []);
  await clock.advance(1);
  assert.deepEqual(acks, [2]);
});

Deno.test("B4: fifty replies are acknowledged at once, forty-nine wait", () => {
  const { acker, acks } = ackerOf();
  for (let seq = 1; seq <= 49; seq += 1) finish(acker, seq);
  assert.deepEqual(acks, []);
  finish(acker, 50);
  assert.deepEqual(acks, [50]);
});

Deno.test("an ack never passes a reply that is still being handled", async () => {
  const { acker, clock, acks } = ackerOf();
  for (const seq of [1, 2, 3]) acker.received(seq);
  acker.handled(3);
  acker.handled(1);
  await clock.advance(200);
  assert.deepEqual(acks, [1]);
  acker.handled(2);
  await clock.advance(200);
  assert.deepEqual(acks, [1, 3]);
});

Deno.test("a frame that is sent anyway carries the ack, and then none is due", async () => {
  const { acker, clock, acks } = ackerOf();
  assert.equal(acker.take(), undefined);
  finish(acker, 1);
  assert.equal(acker.take(), 1);
  assert.equal(acker.take(), undefined);
  await clock.advance(1_000);
  assert.deepEqual(acks, []);
  assert.equal(clock.timerCount, 0);
});

Deno.test("after a reconnect the last ack is sent again, because nobody knows whether it arrived", () => {
  const { acker, acks } = ackerOf();
  finish(acker, 7);
  acker.take();
  acker.connected();
  assert.deepEqual(acks, [7]);
});

Deno.test("an ack that could not be sent stays due", () => {
  const { acker, acks, network } = ackerOf();
  finish(acker, 1);
  network.isUp = false;
  acker.flush();
  network.isUp = true;
  acker.flush();
  assert.deepEqual(acks, [1]);
});

Deno.test("received() recognises a seq it has had, also one below a gap", () => {
  const { acker } = ackerOf();
  assert.ok(acker.received(5));
  assert.ok(!acker.received(5));
  assert.ok(!acker.received(3));
  assert.ok(acker.received(6));
});

Deno.test("after stop() a handler that finishes late acknowledges nothing", async () => {
  const { acker, clock, acks } = ackerOf();
  acker.received(1);
  acker.stop();
  acker.handled(1);
  await clock.advance(1_000);
  assert.deepEqual(acks, []);
});

Deno.test("the client puts its ack on the next request", async () => {
  const rig = await readyRigOf();
  const first = rig.client.get("/1");
  rig.answer(rig.sent(), 1, { seq: 1 });
  await first;
  const second = rig.client.get("/2");
  assert.equal(rig.sent().ack, 1);
  rig.answer(rig.sent(), 2, { seq: 2 });
  await second;
  await rig.clock.advance(200);
  assert.deepEqual(rig.socket.control("ack").map(({ data }) => data), [
    { seq: 2 },
  ]);
  await rig.client.close();
});

function ackerOf() {
  const clock = createManualClock();
  const network = { isUp: true };
  const acks: number[] = [];
  const acker = new Acker(clientClock(clock), (seq) => {
    if (network.isUp) acks.push(seq);
    return network.isUp;
  });
  return { acker, clock, acks, network };
}

function finish(acker: Acker, seq: number): void {
  acker.received(seq);
  acker.handled(seq);
}
