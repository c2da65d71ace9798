import assert from "node:assert/strict";
import {
  CallerTicket,
  type TicketHandler,
} from "../../../rest/dispatcher/answering/ticket.ts";
import { Job } from "../../../rest/dispatcher/job.ts";
import {
  KEPT_BODY_BYTES_MAX,
  KEPT_BYTES_MAX,
  KEPT_COUNT_MAX,
  KEPT_MS,
  KeptAnswers,
} from "../../../rest/dispatcher/second_tries/kept_answers.ts";
import { DetachedWrite } from "../../../rest/dispatcher/second_tries/detached_write.ts";
import { answerOf, requestOf, streamOf } from "../_builders.ts";

let nextId = 1;

const HANDLER: TicketHandler = { callerLeft: () => {}, takeBack: () => "done" };

function detachedOf(): DetachedWrite {
  const ticket = new CallerTicket(requestOf("POST"), HANDLER);
  return new DetachedWrite("address", new Job(nextId++, ticket, 0));
}

function keptAnswers() {
  const ended: DetachedWrite[] = [];
  const kept: KeptAnswers = new KeptAnswers((detached) => {
    ended.push(detached);
    kept.remove(detached);
  });
  return { kept, ended };
}

const MEBIBYTE = answerOf(200, { body: new Uint8Array(KEPT_BODY_BYTES_MAX) });

Deno.test("KeptAnswers lets an answer go after a minute", () => {
  const { kept, ended } = keptAnswers();
  const detached = detachedOf();
  kept.add(detached, answerOf(), 0);
  kept.expire(KEPT_MS - 1);
  assert.deepEqual(ended, []);
  kept.expire(KEPT_MS);
  assert.deepEqual(ended, [detached]);
});

Deno.test("KeptAnswers holds 16 MiB of bodies; beyond it the oldest keeps its place without one", async () => {
  const { kept, ended } = keptAnswers();
  const detachedWrites: DetachedWrite[] = [];
  for (let bytes = 0; bytes < KEPT_BYTES_MAX; bytes += KEPT_BODY_BYTES_MAX) {
    const detached = detachedOf();
    detachedWrites.push(detached);
    kept.add(detached, MEBIBYTE, 0);
  }
  assert.equal(await detachedWrites[0]?.kept, MEBIBYTE);
  kept.add(detachedOf(), answerOf(200, { body: new Uint8Array(1) }), 0);
  assert.equal(await detachedWrites[0]?.kept, undefined);
  assert.equal(await detachedWrites[1]?.kept, MEBIBYTE);
  assert.deepEqual(ended, []);
});

Deno.test("KeptAnswers sets 1 MiB aside for a stream until its size is known", async () => {
  const { kept } = keptAnswers();
  const streams = Array.from(
    { length: 20 },
    () => streamOf([new Uint8Array(10)]),
  );
  const detachedWrites = streams.map(({ stream }) => {
    const detached = detachedOf();
    kept.add(detached, answerOf(200, { body: stream }), 0);
    return detached;
  });
  const whole = await Promise.all(
    detachedWrites.map((detached) => detached.kept),
  );
  assert.equal(whole.filter((answer) => answer === undefined).length, 4);
  assert.equal(detachedWrites.at(-1)?.keptBytes, 10);

  const more = Array.from({ length: 15 }, detachedOf);
  for (const detached of more) kept.add(detached, MEBIBYTE, 0);
  assert.equal((await detachedWrites.at(-1)?.kept)?.status, 200);
});

Deno.test("KeptAnswers remembers 10,000 and forgets the oldest beyond", () => {
  const { kept, ended } = keptAnswers();
  const first = detachedOf();
  kept.add(first, answerOf(204), 0);
  for (let count = 1; count < KEPT_COUNT_MAX; count++) {
    kept.add(detachedOf(), undefined, 0);
  }
  assert.deepEqual(ended, []);
  kept.add(detachedOf(), answerOf(204), 0);
  assert.deepEqual(ended, [first]);
});

Deno.test("KeptAnswers counts an answer that was given back", async () => {
  const { kept } = keptAnswers();
  const detached = detachedOf();
  kept.add(detached, MEBIBYTE, 0);
  kept.remove(detached);
  const others = Array.from({ length: 16 }, detachedOf);
  for (const other of others) kept.add(other, MEBIBYTE, 0);
  assert.equal(await others[0]?.kept, MEBIBYTE);
  kept.giveBack(detached);
  assert.equal(await others[0]?.kept, undefined);
  assert.equal(await detached.kept, MEBIBYTE);
});
