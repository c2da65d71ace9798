import assert from "node:assert/strict";
import type { Clock } from "../../../client/mod.ts";
import {
  type Exchange,
  exchangeOf,
} from "../../../client/requests/exchange.ts";
import { SendQueue } from "../../../client/requests/send_queue.ts";
import { fc } from "../../deps.ts";

Deno.test("SendQueue returns requests in the order of submission", () => {
  const queue = queueOf(1, 2, 3);
  assert.deepEqual(taken(queue), [1, 2, 3]);
  assert.equal(queue.size, 0);
  assert.equal(queue.bytes, 0);
});

Deno.test("SendQueue puts what comes back before everything younger, in its order", () => {
  const queue = queueOf(4, 5);
  queue.putBack([exchange(3), exchange(1)]);
  assert.deepEqual(taken(queue), [1, 3, 4, 5]);
});

Deno.test("SendQueue delays one order group and lets the others pass", () => {
  const delays = new Delays();
  const queue = queueOn(delays);
  queue.delay(exchange(1, "/a"), 1_000);
  queue.push(exchange(2, "/a"));
  queue.push(exchange(3, "/b"));
  assert.deepEqual(taken(queue), [3]);
  assert.equal(queue.size, 2);
  delays.advance(999);
  assert.deepEqual(taken(queue), []);
  delays.advance(1);
  assert.deepEqual(taken(queue), [1, 2]);
});

Deno.test("SendQueue takes of several delays the one that ends last", () => {
  const delays = new Delays();
  const queue = queueOn(delays);
  queue.delay(exchange(1), 1_000);
  queue.delay(exchange(2), 3_000);
  queue.delay(exchange(3), 2_000);
  delays.advance(2_999);
  assert.deepEqual(taken(queue), []);
  delays.advance(1);
  assert.deepEqual(taken(queue), [1, 2, 3]);
});

Deno.test("SendQueue says when a delay is over, and says nothing once it is stopped", () => {
  let over = 0;
  const delays = new Delays();
  const queue = new SendQueue(delays, () => void over++);
  queue.delay(exchange(1, "/a"), 1_000);
  queue.delay(exchange(2, "/b"), 2_000);
  delays.advance(1_000);
  assert.equal(over, 1);
  queue.stop();
  delays.advance(1_000);
  assert.equal(over, 1);
});

Deno.test("SendQueue counts a request once, however often it is entered", () => {
  const delays = new Delays();
  const queue = queueOn(delays);
  const one = exchange(1);
  queue.push(one);
  queue.delay(one, 1_000);
  queue.putBack([one]);
  assert.equal(queue.size, 1);
  delays.advance(1_000);
  assert.deepEqual(taken(queue), [1]);
  assert.equal(queue.bytes, 0);
});

Deno.test("SendQueue forgets what was removed, also from a delayed group", () => {
  const delays = new Delays();
  const queue = queueOn(delays);
  const [delayed, waiting] = [exchange(1, "/a"), exchange(2, "/b")];
  queue.delay(delayed, 1_000);
  queue.push(waiting);
  assert.ok(queue.remove(delayed));
  assert.ok(queue.remove(waiting));
  assert.ok(!queue.remove(waiting));
  delays.advance(1_000);
  assert.deepEqual(taken(queue), []);
  assert.equal(queue.size, 0);
});

Deno.test("SendQueue loses nothing, doubles nothing and keeps every group's order, whatever is done to it", () => {
  const act = fc.oneof(
    fc.record({ kind: fc.constant("push"), group: fc.nat(2) }),
    fc.record({ kind: fc.constant("next") }),
    fc.record({ kind: fc.constant("back"), at: fc.nat() }),
    fc.record({ kind: fc.constant("delay"), at: fc.nat() }),
    fc.record({ kind: fc.constant("remove"), at: fc.nat() }),
    fc.record({ kind: fc.constant("advance"), at: fc.nat(2_000) }),
  );
  fc.assert(
    fc.property(fc.array(act, { maxLength: 200 }), (acts) => {
      const delays = new Delays();
      const queue = queueOn(delays);
      const waiting = new Set<Exchange>();
      const out: Exchange[] = [];
      let order = 0;
      for (const { kind, ...rest } of acts) {
        const { group = 0, at = 0 } = rest as { group?: number; at?: number };
        if (kind === "push") {
          const one = exchange(++order, `/${group}`);
          queue.push(one);
          waiting.add(one);
        } else if (kind === "next") {
          const one = queue.next();
          if (one === undefined) continue;
          assert.ok(waiting.delete(one), "gave out what did not wait");
          out.push(one);
        } else if (kind === "back" || kind === "delay") {
          const [one] = out.splice(at % (out.length || 1), 1);
          if (one === undefined) continue;
          if (kind === "back") queue.putBack([one]);
          else queue.delay(one, at % 1_500);
          waiting.add(one);
        } else if (kind === "remove") {
          const one = [...waiting][at % (waiting.size || 1)];
          if (one === undefined) continue;
          assert.ok(queue.remove(one));
          waiting.delete(one);
        } else delays.advance(at);
        assert.equal(queue.size, waiting.size);
      }
      delays.advance(1_500);
      const rest = taken(queue);
      assert.deepEqual(
        rest,
        [...waiting].map((one) => one.order).sort((a, b) => a - b),
      );
      assert.equal(queue.bytes, 0);
    }),
    { seed: 20_260_101, numRuns: 300 },
  );
});

/** A clock whose timers run while it is advanced, without a turn of the event loop. */
class Delays implements Clock {
  #nowMs = 0;
  readonly #timers = new Set<{ atMs: number; action: () => void }>();

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, action: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, action };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  afterIdly(delayMs: number, action: () => void): () => void {
    return this.after(delayMs, action);
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    for (const timer of this.#timers) {
      if (timer.atMs > this.#nowMs) continue;
      this.#timers.delete(timer);
      timer.action();
    }
  }
}

function queueOn(clock: Clock): SendQueue {
  return new SendQueue(clock, () => {});
}

function queueOf(...orders: number[]): SendQueue {
  const queue = queueOn(new Delays());
  for (const order of orders) queue.push(exchange(order));
  return queue;
}

function taken(queue: SendQueue): number[] {
  const orders: number[] = [];
  for (let one = queue.next(); one !== undefined; one = queue.next()) {
    orders.push(one.order);
  }
  return orders;
}

function exchange(order: number, target = "/x"): Exchange {
  return exchangeOf({
    order,
    req: `r-${order}`,
    method: "GET",
    target,
    options: {},
    deadlineAtMs: undefined,
    stringify: JSON.stringify,
    resolve: () => {},
    reject: () => {},
  });
}
