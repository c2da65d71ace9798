import assert from "node:assert/strict";
import { discardBody } from "../../rest/streams/answer_streams.ts";
import { CallerTicket } from "../../rest/dispatcher/answering/ticket.ts";
import { Job } from "../../rest/dispatcher/job.ts";
import { DetachedWrites } from "../../rest/idempotency/detached_writes.ts";
import { KeptBodies } from "../../rest/idempotency/kept_bodies.ts";
import { TOGETHER_MS } from "../../rest/idempotency/register.ts";
import type { Identity } from "../../rest/domain/identity.ts";
import type { Method } from "../../rest/domain/request.ts";
import { Secret } from "../../rest/domain/secret.ts";
import { runInNewContext, setFlagsFromString } from "../deps.ts";
import {
  answerOf,
  bytesOf,
  requestOf,
  streamOf,
  type Submission,
  submitWith,
} from "./_builders.ts";
import { ADOPT_MS, type Queue, queueOf } from "./_queue.ts";
import { lost } from "./_scripted_upstream.ts";

const SUBMITS = 100_000;
const SUBMITS_PER_ROUND = 2_000;

/** What a machine may still hold of the very last ones. */
const LEFT_MAX = 5;

const BOTS = Array.from({ length: 20 }, (_, index): Identity => ({
  id: `bot:${index}`,
  kind: "bot",
  authorization: new Secret(`Bot ${index}`),
  isOwn: true,
}));

/** A life each: how its callers come and go before anything is answered. */
const LIVES: ReadonlyArray<(visit: Visit) => void> = [
  (visit) => void visit.submit("GET"),
  (visit) => visit.submit("GET").leave(),
  (visit) => void visit.submit("GET").ticket.cancel(),
  (visit) => void visit.submit("POST"),
  (visit) => visit.submit("POST").leave(),
  (visit) => void visit.submit("POST").ticket.cancel(),
  // A WebSocket's signal lives on when its requests are through.
  (visit) => visit.overSocket("POST"),
  // Adopted, and left behind again.
  (visit) => {
    visit.submit("PATCH").leave();
    visit.submit("PATCH").leave();
  },
  (visit) => {
    visit.submit("PUT").leave();
    visit.submit("PUT");
  },
  // Named, and left.
  (visit) => visit.named("POST").leave(),
  (visit) => void visit.named("GET"),
  // Told too late that the first has left.
  (visit) => {
    const first = visit.submit("POST");
    visit.later(() => visit.submit("POST"));
    visit.later(() => first.leave());
  },
  // Answered first, left then, come back for.
  (visit) => {
    const first = visit.submit("DELETE");
    visit.inFlight(() => first.leave());
    visit.later(() => visit.submit("DELETE").leave());
  },
];

/** One place in Discord, and whoever comes there. */
interface Visit {
  submit(method: Method): Submission;
  overSocket(method: Method): void;
  /** With a name of its own. */
  named(method: Method): Submission;
  /** Once it has left, where it has. */
  inFlight(action: () => void): void;
  /** When a library may have given up. */
  later(action: () => void): void;
}

class Rounds {
  readonly #queue: Queue = queueOf();
  readonly #requests: Array<WeakRef<object>> = [];
  readonly #answers: Array<WeakRef<object>> = [];
  readonly #socket = new AbortController();
  #inFlight: Array<() => void> = [];
  #later: Array<() => void> = [];
  #place = 0;

  get submits(): number {
    return this.#requests.length;
  }

  async play(): Promise<void> {
    const { clock, dispatcher } = this.#queue;
    const until = this.submits + SUBMITS_PER_ROUND;
    while (this.submits < until) {
      LIVES[this.#place % LIVES.length]?.(this.#visit(this.#place));
      this.#place++;
    }
    await clock.settle();
    for (const action of this.#inFlight.splice(0)) action();
    await clock.advance(TOGETHER_MS);
    for (const action of this.#later.splice(0)) action();
    do {
      this.#endAll();
      await clock.advance(500);
    } while (
      dispatcher.control.snapshot().waiting +
      dispatcher.control.snapshot().inFlight
    );
    await clock.advance(ADOPT_MS);
    this.#queue.upstream.sends.length = 0;
    this.#queue.facts.length = 0;
  }

  /** Requests and answers that somebody holds still, when the queue has moved on. */
  async held(): Promise<number> {
    const { clock, dispatcher, upstream } = this.#queue;
    dispatcher.submit(requestOf("GET"));
    await clock.settle();
    upstream.next.answer(answerOf());
    await clock.settle();
    await new Promise((resolve) => setTimeout(resolve, 0));
    setFlagsFromString("--expose-gc");
    runInNewContext("gc")();
    const all = [...this.#requests, ...this.#answers];
    return all.filter((one) => one.deref() !== undefined).length;
  }

  drain(): Promise<unknown> {
    return this.#queue.dispatcher.drain(0);
  }

  #visit(place: number): Visit {
    const path = `/channels/${Math.floor(place / LIVES.length)}/messages`;
    const text = `${place}`;
    const identity = BOTS[place % BOTS.length];
    assert.ok(identity !== undefined);
    const requestWith = (method: Method) => {
      const about = method === "GET" ? {} : { text };
      const request = requestOf(method, { path, identity, ...about });
      this.#requests.push(new WeakRef(request));
      return request;
    };
    const { dispatcher } = this.#queue;
    return {
      submit(method) {
        const submission = submitWith({ dispatcher }, requestWith(method));
        submission.answer.then(discardBody, () => {});
        return submission;
      },
      named(method) {
        const guarantee = { owner: "key own", fingerprint: "" };
        const controller = new AbortController();
        const { signal } = controller;
        const request = requestWith(method);
        const ticket = dispatcher.submit(request, signal, guarantee);
        ticket.answer.then(discardBody, () => {});
        const leave = () => controller.abort();
        return { ticket, answer: ticket.answer, leave };
      },
      overSocket: (method) => {
        const { signal } = this.#socket;
        const { answer } = dispatcher.submit(requestWith(method), signal);
        answer.then(discardBody, () => {});
      },
      inFlight: (action) => void this.#inFlight.push(action),
      later: (action) => void this.#later.push(action),
    };
  }

  #endAll(): void {
    const { sends } = this.#queue.upstream;
    for (const [index, send] of sends.entries()) {
      if (!send.isOpen) continue;
      if (index % 7 === 0) {
        send.fail(lost());
        continue;
      }
      const { stream } = streamOf([BODY]);
      const answer = index % 2 === 0
        ? answerOf(index % 7 === 1 ? 503 : 200, { text: "body" })
        : answerOf(200, { body: stream });
      this.#answers.push(new WeakRef(answer.body ?? answer));
      send.answer(answer);
    }
  }
}

const BODY = bytesOf("body");

Deno.test("of 100,000 submits whose callers stay, leave and come back the dispatcher holds nothing a minute later", async () => {
  const rounds = new Rounds();
  while (rounds.submits < SUBMITS) await rounds.play();
  const held = await rounds.held();
  assert.ok(held <= LEFT_MAX, `${held} of ${rounds.submits} are held`);
  await rounds.drain();
});

const OUTCOME = {
  kind: "answer",
  answer: { status: 200, headers: [], body: bytesOf("kept") },
} as const;

Deno.test("of 100,000 detached writes that were adopted, overtaken, expired or beyond the bound, not one path is remembered", () => {
  let forgotten = 0;
  const bodies = new KeptBodies(1_000);
  const detachedWrites = new DetachedWrites<Job>({
    printOf: ({ target }) => target.path,
    adoptMs: ADOPT_MS,
    bodies,
    onForget: () => forgotten++,
  });
  const handler = { callerLeft() {}, takeBack: () => "done" as const };
  for (let index = 0; index < SUBMITS; index++) {
    const request = requestOf("POST", { path: `/channels/${index}/pins` });
    const job = new Job(index, new CallerTicket(request, handler), 0);
    detachedWrites.add(job, 0);
    const detached = detachedWrites.find(request, {});
    assert.ok(detached !== undefined);
    if (index % 3 === 0) detachedWrites.remove(detached);
    else if (index % 3 === 1) detachedWrites.forgetPath(detached.path);
    else detachedWrites.end(job, OUTCOME, 0);
  }
  assert.ok(detachedWrites.size > 0);
  detachedWrites.expire(ADOPT_MS);
  assert.equal(detachedWrites.size, 0);
  assert.equal(bodies.bytes, 0);
  assert.equal(forgotten, Math.floor(SUBMITS / 3));
});
