import assert from "node:assert/strict";
import { ArrivalClock } from "../../rest/scheduler/arrival_clock.ts";
import { bucketOf, reportOf, SERVER_OFFSET_MS } from "./_builders.ts";

Deno.test("ArrivalClock knows nothing before the first answer", () => {
  assert.equal(new ArrivalClock().offsetMs, undefined);
});

Deno.test("ArrivalClock counts offset and way in together, whatever the way out", () => {
  const clock = new ArrivalClock();
  for (const [round, tookMs] of [40, 400, 900, 35].entries()) {
    const sentAtMs = 1_000 * round;
    const receivedAtMs = sentAtMs + tookMs;
    learn(clock, { sentAtMs, decidedAtMs: sentAtMs + 25, receivedAtMs });
  }
  // Of the 40 ms that the first round might have been too slow by, three more have left this.
  assert.equal(clock.offsetMs, SERVER_OFFSET_MS + 25 - 1 - 40 / 64);
});

Deno.test("ArrivalClock takes nothing for the way in while all it knows was under way together", () => {
  const clock = new ArrivalClock();
  for (const receivedAtMs of [60, 61, 62, 63]) {
    learn(clock, { sentAtMs: 0, decidedAtMs: 25, receivedAtMs });
  }
  learn(clock, { sentAtMs: 120, decidedAtMs: 145, receivedAtMs: 182 });
  assert.equal(clock.offsetMs, SERVER_OFFSET_MS + 25 - 60 - 1);
});

Deno.test("ArrivalClock tells when a request was sent as if by the fastest way", () => {
  const clock = new ArrivalClock();
  for (let sentAtMs = 0; sentAtMs < 10_000; sentAtMs += 200) {
    learn(clock, {
      sentAtMs,
      decidedAtMs: sentAtMs + 10,
      receivedAtMs: sentAtMs + 60,
    });
  }
  const bucket = bucketOf({ decidedAtMs: 10_030 });
  const report = reportOf(10_100, { sentAtMs: 10_000, bucket });
  const asIfMs = clock.sentAsIfAtMs(report) ?? 0;
  assert.ok(Math.abs(asIfMs - 10_021) < 1, String(asIfMs));
});

Deno.test("ArrivalClock keeps the fastest way in and allows for a faster one yet", () => {
  const clock = new ArrivalClock();
  learn(clock, { sentAtMs: 0, decidedAtMs: 20, receivedAtMs: 60 });
  learn(clock, { sentAtMs: 200, decidedAtMs: 250, receivedAtMs: 290 });
  const offsetMs = (clock.offsetMs ?? 0) - SERVER_OFFSET_MS;
  const doubt = (20 - -40) / 4;
  assert.equal(offsetMs, 20 - (50 - 20) / 3 - doubt - 1);
});

Deno.test("ArrivalClock expects the next round to be faster by as much as the last one was", () => {
  const clock = new ArrivalClock();
  for (const [round, wayInMs] of [60, 60, 60, 40].entries()) {
    const sentAtMs = 1_000 * round;
    const decidedAtMs = sentAtMs + wayInMs;
    learn(clock, { sentAtMs, decidedAtMs, receivedAtMs: decidedAtMs + 30 });
  }
  const offsetMs = (clock.offsetMs ?? 0) - SERVER_OFFSET_MS;
  const spread = (60 - 40) / 5;
  assert.equal(offsetMs, 40 - spread - 20 - 1);
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
  assert.equal(clock.offsetMs, SERVER_OFFSET_MS + 25 - 50 - 1);
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

Deno.test("ArrivalClock does not take a slow burst after a long silence for the way in", () => {
  const clock = new ArrivalClock();
  for (let sentAtMs = 0; sentAtMs < 10_000; sentAtMs += 500) {
    learn(clock, {
      sentAtMs,
      decidedAtMs: sentAtMs + 5,
      receivedAtMs: sentAtMs + 50,
    });
  }
  for (let n = 0; n < 200; n++) {
    const sentAtMs = 120_000 + n / 10;
    const decidedAtMs = sentAtMs + 80;
    learn(clock, { sentAtMs, decidedAtMs, receivedAtMs: decidedAtMs + 45 });
  }
  const offsetMs = (clock.offsetMs ?? 0) - SERVER_OFFSET_MS;
  assert.ok(offsetMs <= 5, String(offsetMs));
});

function learn(
  clock: ArrivalClock,
  at: { sentAtMs: number; decidedAtMs: number; receivedAtMs: number },
): boolean {
  const { sentAtMs, receivedAtMs, decidedAtMs } = at;
  const bucket = bucketOf({ decidedAtMs });
  return clock.learn(reportOf(receivedAtMs, { sentAtMs, bucket }));
}
