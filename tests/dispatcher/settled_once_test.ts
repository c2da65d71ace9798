import assert from "node:assert/strict";
import type { Answer } from "../../rest/domain/answer.ts";
import type { Ticket } from "../../rest/domain/ports.ts";
import { Refusal } from "../../rest/domain/refusal.ts";
import { fc } from "../deps.ts";
import {
  answerOf,
  type Bench,
  benchOf,
  bytesOf,
  requestOf,
  streamOf,
} from "./_builders.ts";
import { lost, timedOut, unsent } from "./_scripted_upstream.ts";

/** Bodies of different lengths, so that the scheduler's view tells them apart. */
const TEXTS = ["a", "bb", "ccc"] as const;

type Step =
  | {
    readonly kind: "submit";
    readonly method: "GET" | "POST" | "PUT" | "DELETE" | "PATCH";
    readonly text: number;
    readonly isLate: boolean;
  }
  | { readonly kind: "leave" | "cancel"; readonly at: number }
  | {
    readonly kind: "answer";
    readonly at: number;
    readonly status: number;
    readonly isStream: boolean;
  }
  | { readonly kind: "fail"; readonly at: number; readonly how: number }
  | { readonly kind: "advance"; readonly ms: number }
  | { readonly kind: "hold"; readonly isHeld: boolean }
  | { readonly kind: "refuse"; readonly at: number };

const at = fc.nat(20);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("submit" as const),
      method: fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH"),
      text: fc.nat(TEXTS.length - 1),
      isLate: fc.boolean(),
    }),
  },
  fc.record({ kind: fc.constantFrom("leave", "cancel"), at }),
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("answer" as const),
      at,
      status: fc.constantFrom(200, 204, 401, 404, 429, 500, 502, 503),
      isStream: fc.boolean(),
    }),
  },
  fc.record({ kind: fc.constant("fail" as const), at, how: fc.nat(3) }),
  fc.record({ kind: fc.constant("advance" as const), ms: fc.nat(70_000) }),
  fc.record({ kind: fc.constant("hold" as const), isHeld: fc.boolean() }),
  fc.record({ kind: fc.constant("refuse" as const), at }),
);

/** Plays steps and keeps the books. */
class Play {
  readonly bench: Bench;
  readonly tickets: Ticket[] = [];
  readonly controllers: AbortController[] = [];
  readonly ends: Array<Array<Answer | Refusal>> = [];
  /** POSTs that Discord may have run, by their text. */
  readonly mayHaveRun = new Map<string, number>();

  constructor(isSingleFlight: boolean) {
    this.bench = benchOf({ isSingleFlight, maxWaitMs: 60_000 });
  }

  async take(step: Step): Promise<void> {
    const { bench } = this;
    switch (step.kind) {
      case "submit":
        this.#submit(step);
        break;
      case "leave":
        this.controllers[step.at]?.abort();
        break;
      case "cancel":
        this.tickets[step.at]?.cancel();
        break;
      case "answer":
      case "fail":
        this.#end(step);
        break;
      case "advance":
        await bench.clock.advance(step.ms);
        break;
      case "hold":
        bench.scheduler.isHeld = step.isHeld;
        break;
      case "refuse": {
        const id = bench.scheduler.waitingIds[step.at];
        if (id === undefined) break;
        bench.scheduler.refuse(id, {
          code: "wait_too_long",
          message: "Cannot send request in time",
          retryAfterMs: 1_000,
        });
      }
    }
    await bench.clock.settle();
  }

  #submit(step: Step & { kind: "submit" }): void {
    const controller = new AbortController();
    if (step.isLate) controller.abort();
    const text = step.method === "GET" ? {} : { text: TEXTS[step.text] ?? "" };
    const request = requestOf(step.method, text);
    const ticket = this.bench.dispatcher.submit(request, controller.signal);
    const ends: Array<Answer | Refusal> = [];
    ticket.answer.then((end) => ends.push(end), (end) => ends.push(end));
    this.tickets.push(ticket);
    this.controllers.push(controller);
    this.ends.push(ends);
  }

  #end(step: Step & { kind: "answer" | "fail" }): void {
    const open = this.bench.upstream.sends.filter(({ isOpen }) => isOpen);
    const send = open[step.at];
    if (send === undefined) return;
    const failure = step.kind === "fail"
      ? [unsent(), lost(), timedOut(), new TypeError("bug")][step.how]
      : undefined;
    const isUndone = step.kind === "answer"
      ? step.status === 429
      : step.how === 0;
    if (send.request.method === "POST" && !isUndone) {
      const text = new TextDecoder().decode(send.request.body);
      this.mayHaveRun.set(text, (this.mayHaveRun.get(text) ?? 0) + 1);
    }
    if (step.kind === "fail") return send.fail(failure);
    const about = step.isStream
      ? { body: streamOf([bytesOf("body")]).stream }
      : { text: "body" };
    send.answer(answerOf(step.status, about));
  }

  postsQueued(text: string): number {
    return this.bench.scheduler.asks.filter(({ method, bytes }) =>
      method === "POST" && bytes === text.length
    ).length;
  }
}

Deno.test("in any order of events every ticket ends once, every lease is settled once, and no queued POST runs twice", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.array(step, { maxLength: 60, size: "max" }),
      async (isSingleFlight, steps) => {
        const play = new Play(isSingleFlight);
        const { dispatcher, scheduler, clock } = play.bench;
        for (const each of steps) await play.take(each);
        await dispatcher.drain(0);
        await clock.settle();

        for (const [index, ends] of play.ends.entries()) {
          assert.equal(ends.length, 1, `ticket ${index}`);
          const [end] = ends;
          if (end instanceof Error) assert.ok(end instanceof Refusal);
        }
        assert.deepEqual(scheduler.leasedIds, []);
        assert.deepEqual(scheduler.waitingIds, []);
        assert.equal(clock.timerCount, 0);
        for (const text of TEXTS) {
          const ran = play.mayHaveRun.get(text) ?? 0;
          assert.ok(ran <= play.postsQueued(text), `${text} ran ${ran} times`);
        }
      },
    ),
    { seed: 20_261_101, numRuns: 500 },
  );
});
