/** Any order of requests, answers, refusals, lost frames and cuts, against a model of the proxy. */
import assert from "node:assert/strict";
import { fc } from "../deps.ts";
import type { FakeSocket, Frame } from "./_fake_socket.ts";
import { replyOf, type Rig, rigOf } from "./_rig.ts";

type Act =
  | { readonly kind: "ask"; readonly line: number }
  | { readonly kind: "cut" }
  | {
    readonly kind: "deliver" | "answer" | "refuse" | "hear" | "wait";
    readonly count: number;
  };

/** Longer than the wait a refusal asks for, shorter than a heartbeat. */
const LONGEST_WAIT_MS = 3_000;

const line = fc.nat(2);
const count = fc.integer({ min: 1, max: 10 });
const anyOf = <Kind extends string>(kind: Kind) =>
  fc.record({ kind: fc.constant(kind), count });

const ACT: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("ask" as const), line }),
  },
  { weight: 4, arbitrary: anyOf("deliver") },
  { weight: 3, arbitrary: anyOf("answer") },
  { weight: 3, arbitrary: anyOf("hear") },
  { weight: 2, arbitrary: anyOf("wait") },
  { weight: 1, arbitrary: anyOf("refuse") },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cut" as const) }) },
);

/** The proxy's half of one session, and a wire that may lose what is on it. */
class Model {
  /** Every request that was accepted, in order. */
  readonly accepted: Frame[] = [];
  readonly #rig: Rig;
  readonly #byReq = new Map<unknown, Record<string, unknown> | "running">();
  readonly #mailbox = new Map<number, Record<string, unknown>>();
  /** What was refused and has not come again: nothing younger of its order group is taken before it. */
  readonly #refused = new Set<Frame>();
  #refusing = 0;
  #running: Frame[] = [];
  #seq = 0;
  #isKnown = false;
  #socket: FakeSocket | undefined;
  /** How many frames of the present socket have arrived. */
  #arrived = 0;
  /** Said, but not heard yet. */
  #onTheWay: Record<string, unknown>[] = [];

  constructor(rig: Rig) {
    this.#rig = rig;
  }

  get isQuiet(): boolean {
    return this.#running.length === 0 && this.#onTheWay.length === 0 &&
      this.#socket !== undefined &&
      this.#arrived === this.#socket.frames.length;
  }

  deliver(count: number): void {
    this.#follow();
    const frames = this.#socket?.frames ?? [];
    for (const frame of frames.slice(this.#arrived, this.#arrived + count)) {
      this.#arrived += 1;
      this.#take(frame);
    }
  }

  /** Finishes one of the running requests. */
  answer(at: number): void {
    const [frame] = this.#running.splice(at % (this.#running.length || 1), 1);
    if (frame === undefined) return;
    this.#seq += 1;
    const reply = replyOf(frame, { status: 200, data: frame.data }, {
      seq: this.#seq,
    });
    this.#byReq.set(frame.req, reply);
    this.#mailbox.set(this.#seq, reply);
    this.#say(reply);
  }

  /** Refuses this many of the next requests that arrive. */
  refuse(count: number): void {
    this.#refusing = count;
  }

  hear(count: number): void {
    for (const reply of this.#onTheWay.splice(0, count)) {
      this.#socket?.say(reply);
    }
  }

  cut(): void {
    if (this.#socket === undefined || this.#rig.socket !== this.#socket) return;
    this.#onTheWay = [];
    const socket = this.#socket;
    this.#socket = undefined;
    socket.end();
  }

  #follow(): void {
    if (this.#rig.sockets.length === 0) return;
    if (this.#socket === this.#rig.socket) return;
    if (this.#rig.client.state !== "connecting") return;
    this.#socket = this.#rig.socket;
    this.#arrived = 0;
    this.#onTheWay = [];
    this.#socket.open();
  }

  #take(frame: Frame): void {
    if (frame.ack !== undefined) this.#acknowledge(frame.ack);
    if (frame.target === "/_rep/auth") return this.#greet(frame);
    if (frame.target === "/_rep/ack") {
      return this.#acknowledge((frame.data as { seq: number }).seq);
    }
    const known = this.#byReq.get(frame.req);
    if (known === "running") return;
    if (known !== undefined) return this.#say(redelivered(known));
    for (const refused of this.#refused) {
      if (refused.req === frame.req) this.#refused.delete(refused);
    }
    const isEarly = [...this.#refused].some((refused) =>
      refused.target === frame.target &&
      Number(refused.data) < Number(frame.data)
    );
    if (isEarly || this.#refusing-- > 0) return this.#sayNo(frame);
    this.#byReq.set(frame.req, "running");
    this.accepted.push(frame);
    this.#running.push(frame);
  }

  #greet(frame: Frame): void {
    const { lastSeq = 0 } = frame.data as { lastSeq?: number };
    const kept = [...this.#mailbox].filter(([seq]) => seq > lastSeq);
    const data = {
      session: "shard-0",
      resumed: this.#isKnown,
      epoch: "e1",
      seq: this.#seq,
      redeliver: kept.length,
      limits: { maxInFlight: 8 },
    };
    this.#isKnown = true;
    this.#say(replyOf(frame, { status: 200, data }));
    for (const [, reply] of kept) this.#say(redelivered(reply));
  }

  #acknowledge(upTo: number): void {
    assert.ok(upTo <= this.#seq, "acknowledged what was never said");
    for (const seq of this.#mailbox.keys()) {
      if (seq <= upTo) this.#mailbox.delete(seq);
    }
  }

  #sayNo(frame: Frame): void {
    this.#refused.add(frame);
    const error = { code: "overloaded", sent: false, ["retry_after"]: 1 };
    this.#say(replyOf(frame, { status: 429, error }));
  }

  #say(reply: Record<string, unknown>): void {
    if (this.#socket !== undefined) this.#onTheWay.push(reply);
  }
}

function redelivered(reply: Record<string, unknown>): Record<string, unknown> {
  return { ...reply, meta: { redelivered: true } };
}

/** Short stories hold no cut in the middle of a resume. */
const LONG = { minLength: 150, maxLength: 250, size: "max" } as const;

interface Asked {
  readonly target: string;
  readonly n: number;
  readonly answer: Promise<unknown>;
}

Deno.test("whatever is lost on the way, every request is accepted once, in its group's order, and answered", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(ACT, LONG), async (acts) => {
      const rig = rigOf({ refusalRetries: 1_000 });
      const model = new Model(rig);
      const asked: Asked[] = [];
      const missed: unknown[] = [];
      rig.client.on("missed", (reply) => void missed.push(reply));
      await rig.clock.settle();
      for (const act of acts) {
        await carryOut(act, rig, model, asked);
        await rig.clock.settle();
      }
      for (let round = 0; round < 400; round += 1) {
        if (rig.client.pending === 0 && model.isQuiet) break;
        model.refuse(0);
        model.deliver(100);
        model.answer(0);
        model.hear(100);
        await rig.clock.advance(100);
      }
      assert.equal(rig.client.pending, 0);
      const answers = await Promise.all(asked.map(({ answer }) => answer));
      assert.deepEqual(answers, asked.map(({ n }) => n));
      for (const target of ["/0", "/1", "/2"]) {
        assert.deepEqual(
          model.accepted.filter((one) => one.target === target)
            .map(({ data }) => data),
          asked.filter((one) => one.target === target).map(({ n }) => n),
        );
      }
      assert.deepEqual(missed, []);
      assert.equal(rig.client.inFlight, 0);
      await rig.client.close();
      assert.equal(rig.clock.timerCount, 0);
    }),
    { seed: 20_260_101, numRuns: 300 },
  );
});

async function carryOut(
  act: Act,
  rig: Rig,
  model: Model,
  asked: Asked[],
): Promise<void> {
  switch (act.kind) {
    case "ask": {
      const target = `/${act.line}`;
      const n = asked.length;
      const answer = rig.client.action(target, { data: n });
      asked.push({ target, n, answer });
      return;
    }
    case "deliver":
      return model.deliver(act.count);
    case "answer":
      return model.answer(act.count);
    case "refuse":
      return model.refuse(act.count);
    case "hear":
      return model.hear(act.count);
    case "cut":
      return model.cut();
    case "wait":
      return await rig.clock.advance(act.count * LONGEST_WAIT_MS / 10);
  }
}
