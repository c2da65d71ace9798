import assert from "node:assert/strict";
import { CallerTicket } from "../../../rest/dispatcher/answering/ticket.ts";
import type { Answer } from "../../../rest/domain/answer.ts";
import type { AnswerListener } from "../../../rest/domain/ports.ts";
import { Refusal } from "../../../rest/domain/refusal.ts";
import { requestOf } from "../_builders.ts";

const HANDLER = { callerLeft() {}, takeBack: () => "done" as const };
const ANSWER: Answer = { status: 200, headers: [], body: undefined };

Deno.test("a listener is told the answer and the name it gave, after what happens now", async () => {
  const ticket = newTicket();
  const heard = new Heard();
  ticket.listen(heard, 7);
  ticket.resolve(ANSWER);
  assert.deepEqual(heard.all, []);
  await Promise.resolve();
  assert.deepEqual(heard.all, [[7, ANSWER]]);
});

Deno.test("a listener that comes after the end is told all the same", async () => {
  const ticket = newTicket();
  const refusal = new Refusal("overloaded", "Cannot queue request: full");
  ticket.reject(refusal);
  const heard = new Heard();
  ticket.listen(heard, 3);
  await Promise.resolve();
  assert.deepEqual(heard.all, [[3, refusal]]);
});

Deno.test("a listener hears of the first end alone", async () => {
  const ticket = newTicket();
  const heard = new Heard();
  ticket.listen(heard, 1);
  ticket.resolve(ANSWER);
  ticket.reject(new Refusal("cancelled", "Taken back"));
  await Promise.resolve();
  assert.deepEqual(heard.all, [[1, ANSWER]]);
});

Deno.test("the promise of a ticket that has ended settles with its end, and so does every later one", async () => {
  const answered = newTicket();
  answered.resolve(ANSWER);
  assert.equal(await answered.answer, ANSWER);
  assert.equal(answered.answer, answered.answer);
  const refused = newTicket();
  refused.reject(new Refusal("cancelled", "Taken back"));
  await assert.rejects(refused.answer, /Taken back/);
});

Deno.test("a ticket tells its promise and its listener alike", async () => {
  const ticket = newTicket();
  const heard = new Heard();
  const { answer } = ticket;
  ticket.listen(heard, 1);
  ticket.resolve(ANSWER);
  assert.equal(await answer, ANSWER);
  assert.deepEqual(heard.all, [[1, ANSWER]]);
});

Deno.test("a refusal that nobody awaits is no unhandled rejection", async () => {
  const ticket = newTicket();
  void ticket.answer;
  ticket.reject(new Refusal("cancelled", "Taken back"));
  // The runtime would end the test run in the turn after this one.
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.ok(!ticket.isWanted);
});

class Heard implements AnswerListener {
  readonly all: unknown[] = [];

  answered(name: number, answer: Answer): void {
    this.all.push([name, answer]);
  }

  refused(name: number, error: unknown): void {
    this.all.push([name, error]);
  }
}

function newTicket(): CallerTicket {
  return new CallerTicket(requestOf(), HANDLER);
}
