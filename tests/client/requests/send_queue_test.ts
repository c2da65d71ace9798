import assert from "node:assert/strict";
import {
  type Exchange,
  exchangeOf,
} from "../../../client/requests/exchange.ts";
import { Outbox } from "../../../client/requests/send_queue.ts";
import { fc } from "../../deps.ts";

Deno.test("Outbox hands out in the order of submission", () => {
  const outbox = outboxOf(1, 2, 3);
  assert.deepEqual(taken(outbox), [1, 2, 3]);
  assert.equal(outbox.size, 0);
  assert.equal(outbox.bytes, 0);
});

Deno.test("Outbox puts what comes back before everything younger, in its order", () => {
  const outbox = outboxOf(4, 5);
  outbox.putBack([exchange(3), exchange(1)]);
  assert.deepEqual(taken(outbox), [1, 3, 4, 5]);
});

Deno.test("Outbox holds one line back and lets the others pass", () => {
  const outbox = new Outbox();
  outbox.hold(exchange(1, "/a"));
  outbox.push(exchange(2, "/a"));
  outbox.push(exchange(3, "/b"));
  assert.deepEqual(taken(outbox), [3]);
  assert.equal(outbox.size, 2);
  outbox.letGo("GET /a");
  assert.deepEqual(taken(outbox), [1, 2]);
});

Deno.test("Outbox counts a request once, however often it is entered", () => {
  const outbox = new Outbox();
  const one = exchange(1);
  outbox.push(one);
  outbox.hold(one);
  outbox.putBack([one]);
  assert.equal(outbox.size, 1);
  outbox.letGo("GET /x");
  assert.deepEqual(taken(outbox), [1]);
  assert.equal(outbox.bytes, 0);
});

Deno.test("Outbox forgets what was removed, also from a held line", () => {
  const outbox = new Outbox();
  const [held, waiting] = [exchange(1, "/a"), exchange(2, "/b")];
  outbox.hold(held);
  outbox.push(waiting);
  assert.ok(outbox.remove(held));
  assert.ok(outbox.remove(waiting));
  assert.ok(!outbox.remove(waiting));
  outbox.letGo("GET /a");
  assert.deepEqual(taken(outbox), []);
  assert.equal(outbox.size, 0);
});

Deno.test("Outbox loses nothing, doubles nothing and keeps every line's order, whatever is done to it", () => {
  const act = fc.oneof(
    fc.record({ kind: fc.constant("push"), line: fc.nat(2) }),
    fc.record({ kind: fc.constant("next") }),
    fc.record({ kind: fc.constant("back"), at: fc.nat() }),
    fc.record({ kind: fc.constant("hold"), at: fc.nat() }),
    fc.record({ kind: fc.constant("remove"), at: fc.nat() }),
    fc.record({ kind: fc.constant("letGo"), line: fc.nat(2) }),
  );
  fc.assert(
    fc.property(fc.array(act, { maxLength: 200 }), (acts) => {
      const outbox = new Outbox();
      const waiting = new Set<Exchange>();
      const out: Exchange[] = [];
      let order = 0;
      for (const { kind, ...how } of acts) {
        const { line = 0, at = 0 } = how as { line?: number; at?: number };
        if (kind === "push") {
          const one = exchange(++order, `/${line}`);
          outbox.push(one);
          waiting.add(one);
        } else if (kind === "next") {
          const one = outbox.next();
          if (one === undefined) continue;
          assert.ok(waiting.delete(one), "handed out what did not wait");
          out.push(one);
        } else if (kind === "back" || kind === "hold") {
          const [one] = out.splice(at % (out.length || 1), 1);
          if (one === undefined) continue;
          if (kind === "back") outbox.putBack([one]);
          else outbox.hold(one);
          waiting.add(one);
        } else if (kind === "remove") {
          const one = [...waiting][at % (waiting.size || 1)];
          if (one === undefined) continue;
          assert.ok(outbox.remove(one));
          waiting.delete(one);
        } else outbox.letGo(`GET /${line}`);
        assert.equal(outbox.size, waiting.size);
      }
      for (const line of [0, 1, 2]) outbox.letGo(`GET /${line}`);
      const rest = taken(outbox);
      assert.deepEqual(
        rest,
        [...waiting].map((one) => one.order).sort((a, b) => a - b),
      );
      assert.equal(outbox.bytes, 0);
    }),
    { seed: 20_260_101, numRuns: 300 },
  );
});

function outboxOf(...orders: number[]): Outbox {
  const outbox = new Outbox();
  for (const order of orders) outbox.push(exchange(order));
  return outbox;
}

function taken(outbox: Outbox): number[] {
  const orders: number[] = [];
  for (let one = outbox.next(); one !== undefined; one = outbox.next()) {
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
    leaveByMs: undefined,
    stringify: JSON.stringify,
    resolve: () => {},
    reject: () => {},
  });
}
