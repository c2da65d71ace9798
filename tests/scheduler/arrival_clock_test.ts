import assert from "node:assert/strict";
import { ArrivalClock } from "../../rest/scheduler/arrival_clock.ts";
import { bucketOf, reportOf, SERVER_OFFSET_MS } from "./_builders.ts";

Deno.test("ArrivalClock knows nothing before the first answer", () => {
  assert.equal(new ArrivalClock().offsetMs, undefined);
});

Deno.test("ArrivalClock counts offset and way in together, whatever the way out", () => {
  const clock = new ArrivalClock();
  for (const receivedAtMs of [40, 400, 900, 35]) {
    learn(clock, { sentAtMs: 0, decidedAtMs: 25, receivedAtMs });
  }
  // A thirty-second of the way from the floor (received at 35) is still distrusted.
  assert.equal(clock.offsetMs, SERVER_OFFSET_MS + 25 - 1 - 35 / 32);
});

Deno.test("ArrivalClock believes half of what its first answer says", () => {
  const clock = new ArrivalClock();
  learn(clock, { sentAtMs: 0, decidedAtMs: 25, receivedAtMs: 60 });
  assert.equal(clock.offsetMs, SERVER_OFFSET_MS + 25 - 60 / 2 - 1);
});

Deno.test("ArrivalClock tells when a request was sent as if by the fastest way", () => {
  const clock = new ArrivalClock();
  for (let n = 0; n < 100; n++) {
    learn(clock, { sentAtMs: n, decidedAtMs: n + 10, receivedAtMs: n + 60 });
  }
  const bucket = bucketOf({ decidedAtMs: 1_030 });
  const report = reportOf(1_100, { sentAtMs: 1_000, bucket });
  const asIfMs = clock.sentAsIfAtMs(report) ?? 0;
  assert.ok(Math.abs(asIfMs - 1_021) < 1, String(asIfMs));
});

Deno.test("ArrivalClock keeps the fastest way in and allows for a faster one yet", () => {
  const clock = new ArrivalClock();
  learn(clock, { sentAtMs: 0, decidedAtMs: 20, receivedAtMs: 60 });
  learn(clock, { sentAtMs: 100, decidedAtMs: 150, receivedAtMs: 190 });
  const offsetMs = (clock.offsetMs ?? 0) - SERVER_OFFSET_MS;
  const distrust = (20 - -40) / 8;
  assert.equal(offsetMs, 20 - (50 - 20) / 3 - distrust - 1);
});

Deno.test("ArrivalClock refuses an answer whose two headers contradict the rest", () => {
  const clock = new ArrivalClock();
  learn(clock, { sentAtMs: 0, decidedAtMs: 25, receivedAtMs: 50 });
  const isTrusted = learn(clock, {
    sentAtMs: 100,
    decidedAtMs: 5_000,
    receivedAtMs: 150,
  });
  assert.ok(!isTrusted);
  assert.equal(clock.offsetMs, SERVER_OFFSET_MS + 25 - 50 / 2 - 1);
});

Deno.test("ArrivalClock follows Discord's clock when three answers agree that it was set", () => {
  const clock = new ArrivalClock();
  learn(clock, { sentAtMs: 0, decidedAtMs: 25, receivedAtMs: 50 });
  for (const sentAtMs of [100, 200, 300]) {
    const decidedAtMs = sentAtMs + 5_025;
    learn(clock, { sentAtMs, decidedAtMs, receivedAtMs: sentAtMs + 50 });
  }
  assert.ok((clock.offsetMs ?? 0) > SERVER_OFFSET_MS + 5_000);
});

Deno.test("ArrivalClock remembers the fastest way in for a minute, however many slower ones follow", () => {
  const clock = new ArrivalClock();
  learn(clock, { sentAtMs: 0, decidedAtMs: 1, receivedAtMs: 50 });
  const sendSlow = (fromMs: number) => {
    for (let n = 0; n < 1_000; n++) {
      const sentAtMs = fromMs + n;
      const decidedAtMs = sentAtMs + 80;
      learn(clock, { sentAtMs, decidedAtMs, receivedAtMs: sentAtMs + 130 });
    }
  };
  sendSlow(1_000);
  assert.ok((clock.offsetMs ?? 0) <= SERVER_OFFSET_MS + 1);
  sendSlow(70_000);
  assert.ok((clock.offsetMs ?? 0) > SERVER_OFFSET_MS + 70);
});

function learn(
  clock: ArrivalClock,
  at: { sentAtMs: number; decidedAtMs: number; receivedAtMs: number },
): boolean {
  const { sentAtMs, receivedAtMs, decidedAtMs } = at;
  const bucket = bucketOf({ decidedAtMs });
  return clock.learn(reportOf(receivedAtMs, { sentAtMs, bucket }));
}
