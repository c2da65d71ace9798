import assert from "node:assert/strict";
import { drawFirstCounter, entryIdOf } from "../../rest/domain/entry_id.ts";
import type { Guarantee } from "../../rest/domain/entry.ts";
import { NO_JOURNAL } from "../../rest/domain/journal.ts";
import { HELD_BACK } from "../../rest/domain/ports.ts";
import { Refusal } from "../../rest/domain/refusal.ts";
import {
  answerOf,
  type Bench,
  benchOf,
  endOf,
  refusalOf,
  requestOf,
  submitWith,
} from "./_builders.ts";
import { queueOf } from "./_queue.ts";
import { unsent } from "./_scripted_upstream.ts";
import {
  createRecordingJournal,
  type RecordingJournal,
} from "./_recording_journal.ts";

const POST = requestOf("POST", { text: "hello" });

/** A 429 of its route. */
function limitedOf(retryAfterS: number) {
  return answerOf(429, {
    headers: [["via", "1.1 google"], ["x-ratelimit-scope", "user"]],
    text: JSON.stringify({ retry_after: retryAfterS, global: false }),
  });
}

function journaledBenchOf(): Bench & { readonly journal: RecordingJournal } {
  const journal = createRecordingJournal();
  return { ...benchOf({}, { journal, epochOf: () => 36 }), journal };
}

const FIRST = entryIdOf(36, 1);

Deno.test("a journal is told of a request's acceptance, send and end in this order", async () => {
  const bench = journaledBenchOf();
  const { answer } = submitWith(bench, POST);
  await bench.clock.settle();
  bench.upstream.next.answer(answerOf(200));
  await answer;
  assert.deepEqual(bench.journal.told, [
    `accepted ${FIRST}`,
    `sent ${FIRST}`,
    `gone ${FIRST}`,
  ]);
});

Deno.test("no byte leaves before the journal knows that the request is sent", async () => {
  const bench = journaledBenchOf();
  bench.journal.held.add("sent");
  const { answer } = submitWith(bench, POST);
  await bench.clock.advance(5_000);
  assert.equal(bench.upstream.sends.length, 0);
  bench.journal.commit();
  await bench.clock.settle();
  bench.upstream.next.answer(answerOf(200));
  assert.equal((await answer).status, 200);
});

Deno.test("a request whose mark cannot be made waits and is marked again", async () => {
  const journal = createRecordingJournal();
  const queue = queueOf({ parts: { journal, epochOf: () => 36 } });
  journal.held.add("sent");
  const { answer } = submitWith(queue, POST);
  await queue.clock.settle();
  journal.fail(new Error("no room"));
  await queue.clock.settle();
  assert.equal(journal.told.at(-1), `requeued ${FIRST}`);
  await queue.clock.advance(1_000);
  assert.equal(journal.told.at(-1), `sent ${FIRST}`);
  assert.equal(queue.upstream.sends.length, 0);
  journal.commit();
  await queue.clock.settle();
  queue.upstream.next.answer(answerOf(200));
  assert.equal((await answer).status, 200);
});

Deno.test("a request that cannot be marked is refused at the end of its longest wait", async () => {
  const journal = createRecordingJournal();
  const queue = queueOf({ maxWaitMs: 1_000, parts: { journal } });
  journal.held.add("sent");
  const { answer } = submitWith(queue, POST);
  for (let waitedMs = 0; waitedMs < 1_100; waitedMs += 100) {
    await queue.clock.advance(100);
    journal.fail(new Error("no room"));
  }
  const refusal = await refusalOf(answer);
  assert.deepEqual([refusal.code, refusal.sent], ["wait_too_long", false]);
  assert.equal(queue.upstream.sends.length, 0);
});

Deno.test("a request that the journal does not take is refused, and never sent", async () => {
  const bench = journaledBenchOf();
  bench.journal.held.add("accepted");
  bench.scheduler.isHeld = true;
  const { ticket, answer } = submitWith(bench, POST);
  const full = new Refusal("overloaded", "The journal is full");
  bench.journal.fail(full);
  await assert.rejects(ticket.accepted ?? Promise.resolve());
  assert.equal(await refusalOf(answer), full);
  assert.deepEqual(bench.scheduler.waitingIds, []);
});

Deno.test("a request that was leased before the journal refused it is refused instead of being sent", async () => {
  const bench = journaledBenchOf();
  bench.journal.held.add("accepted").add("sent");
  const { answer } = submitWith(bench, POST);
  await bench.clock.settle();
  const full = new Refusal("overloaded", "The journal is full");
  bench.journal.fail(full);
  bench.journal.fail(full);
  assert.equal(await refusalOf(answer), full);
  await bench.clock.settle();
  assert.equal(bench.upstream.sends.length, 0);
});

Deno.test("a read whose caller leaves before its mark is committed is not sent", async () => {
  const bench = journaledBenchOf();
  bench.journal.held.add("sent");
  const { answer, leave } = submitWith(bench, requestOf("GET"));
  await bench.clock.settle();
  leave();
  bench.journal.commit();
  assert.equal((await refusalOf(answer)).code, "cancelled");
  assert.equal(bench.upstream.sends.length, 0);
});

Deno.test("what a drain cuts off before its mark is committed was not sent", async () => {
  const bench = journaledBenchOf();
  bench.journal.held.add("sent");
  const { answer } = submitWith(bench, POST);
  await bench.clock.settle();
  await bench.dispatcher.drain(0);
  assert.equal((await refusalOf(answer)).code, "draining");
  bench.journal.commit();
  await bench.clock.settle();
  assert.equal(bench.journal.told.at(-1), `requeued ${FIRST}`);
  assert.equal(bench.upstream.sends.length, 0);
});

Deno.test("a request of an identity that another process sends for waits until this one may", async () => {
  let mayGo = false;
  const queue = queueOf({ parts: { maySend: () => mayGo } });
  const { answer } = submitWith(queue, POST);
  await queue.clock.advance(3_000);
  assert.equal(queue.upstream.sends.length, 0);
  mayGo = true;
  await queue.clock.advance(1_000);
  queue.upstream.next.answer(answerOf(200));
  assert.equal((await answer).status, 200);
});

Deno.test("a request that waited for a connection until another process sends for its identity waits on, as if it had not been sent", async () => {
  let mayGo = true;
  const queue = queueOf({ parts: { maySend: () => mayGo } });
  const { answer } = submitWith(queue, POST);
  await queue.clock.settle();
  mayGo = false;
  const [first] = queue.upstream.sends;
  assert.ok(first?.mayLeave !== undefined && !first.mayLeave());
  first.fail(unsent(HELD_BACK));
  await queue.clock.advance(3_000);
  assert.equal(queue.upstream.sends.length, 1);
  mayGo = true;
  await queue.clock.advance(1_000);
  assert.ok(queue.upstream.next.mayLeave?.());
  queue.upstream.next.answer(answerOf(200));
  const { status, headers } = await answer;
  assert.equal(status, 200);
  // Nobody is told of a try that was none.
  assert.equal(headers.find(([name]) => name === "x-rest-attempts"), undefined);
});

Deno.test("ids of entries sort in the order of acceptance, those of an earlier start first", () => {
  const ids = [
    entryIdOf(1_796_000_000_000, 9),
    entryIdOf(1_796_000_000_000, 10),
    entryIdOf(1_796_000_000_000, 2_000_000_000),
    entryIdOf(1_796_000_000_001, 1),
    entryIdOf(9_999_999_999_999, 1),
  ];
  assert.deepEqual([...ids].sort(), ids);
});

Deno.test("two proxies that gain scopes by one epoch name no two requests alike", async () => {
  const names = [0.25, 0.75].map(async (drawn) => {
    const journal = createRecordingJournal();
    const firstCounter = drawFirstCounter(() => drawn);
    const bench = benchOf({}, { journal, epochOf: () => 36, firstCounter });
    for (let n = 0; n < 3; n++) void bench.dispatcher.submit(POST);
    await bench.clock.settle();
    return journal.told.filter((text) => text.startsWith("accepted "));
  });
  const [one = [], other = []] = await Promise.all(names);
  assert.deepEqual([one.length, other.length], [3, 3]);
  assert.deepEqual(one, [...one].sort());
  assert.equal(new Set([...one, ...other]).size, 6);
});

Deno.test("a counter drawn at its highest has room for more requests than a proxy ever gets", () => {
  const first = drawFirstCounter(() => 1 - Number.EPSILON);
  const last = entryIdOf(36, first + 1e12);
  assert.equal(last.length, entryIdOf(36, 1).length);
});

const FRAME: Guarantee = {
  owner: "key own",
  fingerprint: "f",
  frame: {
    session: "shard-0",
    reqKey: "1",
    reqText: "1",
    verb: "ACTION",
    targetText: '"/channels/1/messages"',
    wantsHeaders: false,
  },
};
const NAMED: Guarantee = { owner: "key own", fingerprint: "f", asyncId: "a" };

/** What becomes of a request that comes during a drain of 25 s and would wait longer: at once, and at its end. */
async function lateInDrain(
  guarantee: Guarantee,
  { keepsAll }: { readonly keepsAll: boolean },
) {
  const journal = createRecordingJournal();
  journal.keepsAll = keepsAll;
  const queue = queueOf({ parts: { journal, epochOf: () => 36 } });
  const paused = submitWith(queue, POST);
  void refusalOf(paused.answer);
  await queue.clock.settle();
  queue.upstream.next.answer(limitedOf(30));
  await queue.clock.settle();
  const drained = queue.dispatcher.drain(25_000);
  const { answer } = queue.dispatcher.submit(POST, undefined, guarantee);
  const atOnce = await endOf(queue, answer);
  await queue.clock.advance(25_000);
  await drained;
  const atEnd = await refusalOf(answer);
  return { atOnce, atEnd, told: journal.told };
}

Deno.test("a frame that the next process finds is not refused for the end of this one, but left to it", async () => {
  const { atOnce, atEnd, told } = await lateInDrain(FRAME, {
    keepsAll: true,
  });
  assert.equal(atOnce, "open");
  assert.deepEqual([atEnd.code, atEnd.sent], ["draining", null]);
  const id = entryIdOf(36, 2);
  assert.deepEqual(told.filter((text) => text.endsWith(id)), [
    `accepted ${id}`,
  ]);
});

for (
  const [what, guarantee, keepsAll] of [
    ["a frame that the journal does not keep", FRAME, false],
    ["a kept request of HTTP", NAMED, true],
  ] as const
) {
  Deno.test(`${what} is told during a drain when to come again`, async () => {
    const { atEnd } = await lateInDrain(guarantee, { keepsAll });
    assert.deepEqual([atEnd.code, atEnd.sent], ["wait_too_long", false]);
  });
}

Deno.test("without a journal there is nothing to wait for", () => {
  const session = {
    owner: "key own",
    name: "shard",
    identityId: "bot:1",
    expiryMs: 1,
    seq: 0,
    ackedSeq: 0,
  };
  const reply = {
    seq: 1,
    reqKey: undefined,
    reqText: "1",
    targetText: "/gateway",
    verb: "GET",
    status: 200,
    headersText: undefined,
    bodyText: "null",
    atWallMs: 0,
  };
  assert.equal(NO_JOURNAL.sessionChanged(session), undefined);
  assert.equal(NO_JOURNAL.replied(session, reply, undefined), undefined);
  NO_JOURNAL.acknowledged(session);
  NO_JOURNAL.sessionEnded(session);
});
