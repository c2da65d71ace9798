/** The demo's buttons against the real proxy: what they break heals by itself, and at a press. */
import assert from "node:assert/strict";
import { demoButtons, OUTAGE_MS } from "../../tools/demo_page.ts";
import { createManualClock, type ManualClock } from "../_manual_clock.ts";
import { KEY, startTestProxy, type TestProxy } from "../_proxy.ts";

Deno.test("the demo's outage meets every call and ends by itself", async () => {
  await using demo = await startDemo();
  demo.press("Discord goes down");
  assert.equal(await demo.status(), 503);
  await demo.clock.advance(OUTAGE_MS - 1);
  assert.equal(await demo.status(), 503);
  await demo.clock.advance(1);
  assert.equal(await demo.status(), 200);
  await demo.clock.advance(600_000);
  assert.equal(demo.clock.timerCount, 0);
});

Deno.test("an outage that is asked for twice ends after the second", async () => {
  await using demo = await startDemo();
  demo.press("Discord goes down");
  await demo.clock.advance(OUTAGE_MS - 1);
  demo.press("Discord goes down");
  await demo.clock.advance(OUTAGE_MS - 1);
  assert.equal(await demo.status(), 503);
  await demo.clock.advance(1);
  assert.equal(await demo.status(), 200);
});

Deno.test("all is well at once when the demo's button says so", async () => {
  await using demo = await startDemo();
  demo.press("Discord goes down");
  demo.press("All well again");
  assert.equal(await demo.status(), 200);
  assert.equal(demo.clock.timerCount, 0);
});

Deno.test("the demo's bad token is rejected, and the next check already finds it good", async () => {
  await using demo = await startDemo();
  demo.press("Bad token");
  assert.equal(demo.calls.length, 1);
  assert.equal(await demo.status(), 401);
  await demo.untilRejected();
  const { status } = await demo.askDiscord();
  assert.equal(status, 200);
});

interface Demo extends AsyncDisposable {
  readonly clock: ManualClock;
  press(button: string): void;
  /** How many calls the buttons have made. */
  readonly calls: readonly number[];
  /** What a message to a channel is answered. */
  status(): Promise<number>;
  /** What the next check of the token would be answered. */
  askDiscord(): Promise<{ readonly status: number }>;
  untilRejected(): Promise<void>;
}

async function startDemo(): Promise<Demo> {
  const proxy = await startTestProxy();
  const clock = createManualClock();
  const calls: number[] = [];
  const call = (n: number) => void calls.push(n);
  const buttons = demoButtons(proxy.sim, call, clock);
  return {
    clock,
    calls,
    press: (button) => buttons[button]?.(),
    status: () => post(proxy),
    async askDiscord() {
      const response = await fetch(`${proxy.sim.url}/v10/users/@me`, {
        headers: { authorization: "Bot a-token" },
      });
      await response.body?.cancel();
      return response;
    },
    async untilRejected() {
      for (let tries = 0; tries < 500; tries++) {
        const { identities } = proxy.proxy.snapshot();
        const isRejected = identities.some(({ credential }) =>
          credential === "rejected"
        );
        if (isRejected) return;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      throw new Error("The token was never rejected");
    },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
    },
  };
}

async function post({ url }: TestProxy): Promise<number> {
  const response = await fetch(`${url}/channels/1/messages`, {
    method: "POST",
    headers: { authorization: KEY, "content-type": "application/json" },
    body: '{"content":"hello"}',
  });
  await response.body?.cancel();
  return response.status;
}
