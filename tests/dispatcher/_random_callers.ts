import assert from "node:assert/strict";
import type { Answer } from "../../rest/domain/answer.ts";
import type { Identity } from "../../rest/domain/identity.ts";
import { Refusal } from "../../rest/domain/refusal.ts";
import type { Method, ProxyRequest } from "../../rest/domain/request.ts";
import { Secret } from "../../rest/domain/secret.ts";
import { TOGETHER_MS } from "../../rest/idempotency/register.ts";
import { createRandom, type Random } from "../../sim/model/random.ts";
import {
  answerOf,
  bytesOf,
  requestOf,
  streamOf,
  type Submission,
  submitWith,
} from "./_builders.ts";
import { type Queue, queueOf } from "./_queue.ts";
import { lost, type Send, timedOut, unsent } from "./_scripted_upstream.ts";

/** One submit, and everything it came to. */
interface Called extends Submission {
  readonly text: string;
  readonly isWrite: boolean;
  readonly ends: Array<Answer | Refusal>;
}

/** One text of a write: who asked for it, and how often Discord may have run it. */
interface Book {
  asked: number;
  /** Callers told that it was certainly not sent. */
  unsent: number;
  mayHaveRun: number;
}

const METHODS: readonly Method[] = [
  "POST",
  "POST",
  "POST",
  "PATCH",
  "PUT",
  "DELETE",
  "GET",
];

/** Writes that differ in all that is looked at, told apart by their text. */
const TEXTS = ["a", "b"] as const;

const TOKENS = ["first", "second"] as const;

/** Turns of the microtask queue between two steps: what falls between a decision and its poll. */
const TURNS_MAX = 6;

const STEPS_MS = [0, 1, 20, 99, 100, 101, 500, 3_000, 20_000, 61_000] as const;

/**
 * Callers that come, leave, cancel and come back in any order, against a
 * Discord that answers, limits, loses and rejects; the books are kept from the
 * outside alone.
 */
export class RandomCallers {
  readonly #random: Random;
  readonly #queue: Queue;
  readonly #called: Called[] = [];
  readonly #books = new Map<string, Book>();
  readonly #answersGiven = new Map<string, number>();
  /** Callers whose second try is here already, and whose leaving is told late. */
  readonly #late: Called[] = [];
  #answers = 0;

  constructor(seed: number) {
    this.#random = createRandom(seed);
    this.#queue = queueOf({
      maxWaitMs: this.#pick([1_000, 5_000, 60_000]),
      isSingleFlight: this.#chance(0.5),
      random: this.#random,
    });
    const { upstream } = this.#queue;
    const { close } = upstream;
    upstream.close = () => {
      // What is cut off may have run.
      for (const send of upstream.sends) if (send.isOpen) this.#noteRun(send);
      return close();
    };
  }

  /** Lives through `steps` random moments, then drains in the midst of them. */
  async play(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) await this.#step();
    const drained = this.#queue.dispatcher.drain(this.#pick([0, 500, 30_000]));
    let isDrained = false;
    drained.then(() => isDrained = true);
    for (let step = 0; step < 20; step++) await this.#step();
    while (!isDrained) await this.#queue.clock.advance(1_000);
    await this.#queue.clock.advance(100_000);
    this.#judge();
  }

  async #step(): Promise<void> {
    if (this.#chance(0.15)) this.#surprise();
    const roll = this.#random();
    if (roll < 0.3) this.#submit();
    else if (roll < 0.37) await this.#comeBack();
    else if (roll < 0.44) this.#late.shift()?.leave();
    else if (roll < 0.55) this.#someone()?.leave();
    else if (roll < 0.6) this.#someone()?.ticket.cancel();
    else if (roll < 0.78) this.#end();
    else if (roll < 0.8) this.#move();
    else await this.#queue.clock.advance(this.#pick(STEPS_MS));
    const turns = Math.floor(this.#random() * TURNS_MAX);
    for (let turn = 0; turn < turns; turn++) await undefined;
    if (this.#chance(0.3)) await this.#queue.clock.settle();
  }

  /** Somebody leaves within the next thing that happens, not between two. */
  #surprise(): void {
    const { upstream } = this.#queue;
    const once = () => {
      this.#queue.onFact = undefined;
      upstream.onSend = undefined;
      this.#someone()?.leave();
    };
    if (this.#chance(0.5)) this.#queue.onFact = once;
    else upstream.onSend = once;
  }

  /** A library gives up and sends again; its leaving is told after that. */
  async #comeBack(): Promise<void> {
    const first = this.#called.findLast(({ ends, isWrite }) =>
      isWrite && ends.length === 0
    );
    if (first === undefined) return;
    await this.#queue.clock.advance(TOGETHER_MS);
    this.#submit(first.text);
    this.#late.push(first);
  }

  #submit(text = this.#newText()): void {
    const [method, bot] = text.split(" ") as [Method, string];
    const isWrite = method !== "GET";
    const change: Partial<ProxyRequest> = {
      identity: botOf(bot),
      caller: callerOf(text),
      urgency: this.#pick([1, 3, 5]),
      isOrdered: this.#chance(0.8),
      leaveWithinMs: this.#chance(0.1) ? this.#pick([200, 2_000]) : undefined,
    };
    const request = requestOf(method, isWrite ? { ...change, text } : change);
    const book = this.#bookOf(text);
    if (isWrite) book.asked++;
    const submission = submitWith(this.#queue, request);
    const ends: Array<Answer | Refusal> = [];
    const note = (end: Answer | Refusal) => {
      ends.push(end);
      if (end instanceof Refusal && end.sent === false) book.unsent++;
    };
    submission.answer.then(note, note);
    this.#called.push({ ...submission, text, isWrite, ends });
    if (this.#chance(0.05)) submission.leave();
  }

  #newText(): string {
    const bot = this.#pick(TOKENS);
    return `${this.#pick(METHODS)} ${bot} ${this.#pick(TEXTS)}`;
  }

  #move(): void {
    this.#queue.dispatcher.reassign({
      fromId: botOf("first").id,
      to: botOf("second"),
      isIncluded: () => true,
    });
  }

  /** One send that is under way comes to something. */
  #end(): void {
    const open = this.#queue.upstream.sends.filter(({ isOpen }) => isOpen);
    const send = open[Math.floor(this.#random() * open.length)];
    if (send === undefined) return;
    const roll = this.#random();
    if (send.request.caller === "proxy" && roll < 0.5) {
      return send.answer(this.#answer(401));
    }
    if (roll < 0.15) return send.fail(unsent());
    if (roll < 0.4 || roll >= 0.5) this.#noteRun(send);
    if (roll < 0.25) send.fail(this.#chance(0.5) ? lost() : timedOut());
    else if (roll < 0.27) send.fail(new TypeError("bug"));
    else if (roll < 0.4) send.answer(this.#answer(this.#pick([401, 500, 502])));
    else if (roll < 0.5) send.answer(this.#limited());
    else send.answer(this.#answer(this.#pick([200, 200, 200, 204, 404])));
  }

  #noteRun({ request }: Send): void {
    if (request.body === undefined) return;
    this.#bookOf(new TextDecoder().decode(request.body)).mayHaveRun++;
  }

  #limited(): Answer {
    const wait = this.#pick([0.1, 1, 10, 100]);
    const isGlobal = this.#chance(0.2);
    return answerOf(429, {
      headers: [["via", "1.1 google"]],
      text: JSON.stringify({ retry_after: wait, global: isGlobal }),
    });
  }

  #answer(status: number): Answer {
    const headers = [["via", "1.1 google"], [
      "x-answer",
      `${++this.#answers}`,
    ]] as const;
    if (this.#chance(0.3)) {
      return answerOf(status, { headers, body: streamOf([BODY]).stream });
    }
    return answerOf(status, { headers, text: "body" });
  }

  #bookOf(text: string): Book {
    const book = this.#books.get(text) ??
      { asked: 0, unsent: 0, mayHaveRun: 0 };
    this.#books.set(text, book);
    return book;
  }

  #judge(): void {
    const { clock, dispatcher } = this.#queue;
    for (const [index, { ends, text, isWrite }] of this.#called.entries()) {
      assert.equal(
        ends.length,
        1,
        `${text} (${index}) of ${this.#called.length} ended ${ends.length} times`,
      );
      const [end] = ends;
      if (end instanceof Error) assert.ok(end instanceof Refusal, `${end}`);
      else if (end !== undefined && isWrite) this.#countAnswer(end);
    }
    const { waiting, inFlight } = dispatcher.control.snapshot();
    assert.deepEqual({ waiting, inFlight }, { waiting: 0, inFlight: 0 });
    assert.equal(clock.timerCount, 0);
    for (const [text, book] of this.#books) this.#judgeBook(text, book);
  }

  #judgeBook(text: string, { asked, unsent, mayHaveRun }: Book): void {
    // PUT and DELETE may be repeated: their second time changes nothing.
    if (!text.startsWith("POST") && !text.startsWith("PATCH")) return;
    const adopted =
      this.#queue.facts.filter((fact) =>
        fact.kind === "adopted" && fact.caller === callerOf(text)
      ).length;
    const told = `${text}: asked ${asked}, adopted ${adopted}, ` +
      `unsent ${unsent}, may have run ${mayHaveRun}`;
    assert.ok(mayHaveRun <= asked - adopted - unsent, told);
  }

  /** An answer to a write is one caller's. */
  #countAnswer(answer: Answer): void {
    const [, name] = answer.headers.find(([name]) => name === "x-answer") ?? [];
    if (name === undefined) return;
    const given = (this.#answersGiven.get(name) ?? 0) + 1;
    this.#answersGiven.set(name, given);
    assert.equal(given, 1, `answer ${name} was given to ${given} callers`);
  }

  #someone(): Called | undefined {
    // Mostly the ones that came last: they are the ones still here.
    const back = Math.floor(this.#random() ** 2 * this.#called.length);
    return this.#called[this.#called.length - 1 - back];
  }

  #pick<T>(list: readonly T[]): T {
    const picked = list[Math.floor(this.#random() * list.length)];
    assert.ok(picked !== undefined, "nothing to pick from");
    return picked;
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }
}

const BODY = bytesOf("body");

/** One key for all, one client for each text, so that facts tell texts apart. */
function callerOf(text: string): string {
  return `key/${text}`;
}

function botOf(token: string): Identity {
  return {
    id: `bot:${token}`,
    kind: "bot",
    authorization: new Secret(`Bot ${token}`),
    isOwn: true,
  };
}
