import assert from "node:assert/strict";
import { entryIdOf } from "../../../rest/domain/entry_id.ts";
import type { ProxyRequest } from "../../../rest/domain/request.ts";
import {
  answerOf,
  noncesOf,
  refusalOf,
  requestOf,
} from "../../dispatcher/_builders.ts";
import { type Queue, queueOf } from "../../dispatcher/_queue.ts";
import {
  createRecordingJournal,
  type RecordingJournal,
} from "../../dispatcher/_recording_journal.ts";
import { lost, timedOut } from "../../dispatcher/_scripted_upstream.ts";

const TWO_MINUTES_MS = 120_000;

const MESSAGE = requestOf("POST", {
  text: '{"content":"ok"}',
  headers: [["content-type", "application/json"]],
});

function addingQueue(): Queue {
  const nonces = noncesOf({ addsNonces: true });
  return queueOf({ maxWaitMs: 2 * TWO_MINUTES_MS, parts: { nonces } });
}

function nonceIn({ body }: ProxyRequest): string {
  return JSON.parse(new TextDecoder().decode(body)).nonce;
}

Deno.test("a message goes again with the nonce that it went with first", async () => {
  const queue = addingQueue();
  const { answer } = queue.dispatcher.submit(MESSAGE);
  await queue.clock.settle();
  queue.upstream.next.fail(lost());
  await queue.clock.advance(300);
  queue.upstream.next.answer(answerOf(500));
  await queue.clock.advance(1_000);
  queue.upstream.next.answer(answerOf(200));
  assert.equal((await answer).status, 200);
  const nonces = queue.upstream.sends.map(({ request }) => nonceIn(request));
  assert.equal(nonces.length, 3);
  assert.deepEqual(new Set(nonces), new Set([nonces[0]]));
});

Deno.test("no further try begins two minutes after the first, and then nobody knows", async () => {
  const queue = addingQueue();
  const refusal = refusalOf(queue.dispatcher.submit(MESSAGE).answer);
  await queue.clock.settle();
  await queue.clock.advance(TWO_MINUTES_MS - 100);
  queue.upstream.next.fail(timedOut());
  assert.equal((await refusal).code, "outcome_unknown");
  assert.equal(queue.upstream.sends.length, 1);
});

Deno.test("a message that had to wait for its second try until it would not be recognised is not sent", async () => {
  const queue = addingQueue();
  const refusal = refusalOf(queue.dispatcher.submit(MESSAGE).answer);
  await queue.clock.settle();
  queue.upstream.next.answer(answerOf(502));
  await queue.clock.advance(300);
  const retryAfter = String(TWO_MINUTES_MS / 1_000);
  const limited = answerOf(429, {
    headers: [["retry-after", retryAfter], ["via", "1.1"]],
  });
  queue.upstream.next.answer(limited);
  await queue.clock.advance(TWO_MINUTES_MS + 1_000);
  const { code, sent } = await refusal;
  assert.deepEqual([code, sent], ["outcome_unknown", null]);
  assert.equal(queue.upstream.sends.length, 2);
});

Deno.test("a message that is in doubt at last is told as safe to repeat, and is the same one when it comes again", async () => {
  const queue = addingQueue();
  const refusal = refusalOf(queue.dispatcher.submit(MESSAGE).answer);
  for (let attempt = 1; attempt <= 4; attempt++) {
    await queue.clock.settle();
    queue.upstream.next.fail(attempt < 4 ? lost() : timedOut());
    await queue.clock.advance(2_000);
  }
  const { code, sent } = await refusal;
  assert.deepEqual([code, sent], ["upstream_timeout", null]);
  const again = queue.dispatcher.submit({ ...MESSAGE });
  const another = queue.dispatcher.submit({ ...MESSAGE });
  for (const { answer } of [again, another]) {
    await queue.clock.settle();
    queue.upstream.next.answer(answerOf(200));
    await answer;
  }
  const nonces = queue.upstream.sends.map(({ request }) => nonceIn(request));
  assert.equal(nonces[4], nonces[0]);
  assert.notEqual(nonces[5], nonces[0]);
});

Deno.test("a second try that was here before its first failed is the same message", async () => {
  const queue = addingQueue();
  const gone = new AbortController();
  queue.dispatcher.submit(MESSAGE, gone.signal).answer.catch(() => {});
  await queue.clock.settle();
  await queue.clock.advance(50);
  const { answer } = queue.dispatcher.submit({ ...MESSAGE });
  for (let attempt = 1; attempt <= 4; attempt++) {
    await queue.clock.settle();
    queue.upstream.next.answer(answerOf(502));
    await queue.clock.advance(2_000);
  }
  queue.upstream.next.answer(answerOf(200));
  assert.equal((await answer).status, 200);
  const nonces = queue.upstream.sends.map(({ request }) => nonceIn(request));
  assert.deepEqual(new Set(nonces), new Set([nonces[0]]));
});

Deno.test("a message that was sent again leaves before what waits behind it in its channel", async () => {
  const queue = addingQueue();
  const behind = requestOf("POST", {
    text: '{"content":"later"}',
    headers: MESSAGE.headers,
  });
  queue.dispatcher.submit(MESSAGE);
  queue.dispatcher.submit(behind);
  await queue.clock.settle();
  queue.upstream.next.answer(answerOf(502));
  await queue.clock.advance(300);
  queue.upstream.next.answer(answerOf(200));
  await queue.clock.settle();
  queue.upstream.next.answer(answerOf(200));
  await queue.clock.settle();
  const said = queue.upstream.sends.map(({ request }) =>
    JSON.parse(new TextDecoder().decode(request.body)).content
  );
  assert.deepEqual(said, ["ok", "ok", "later"]);
});

/** A queue whose first message has failed, and what its journal was told after that. */
async function failedOnce(status: number): Promise<
  Queue & { readonly journal: RecordingJournal }
> {
  const journal = createRecordingJournal();
  const nonces = noncesOf({
    addsNonces: true,
    onForget: (entry) => journal.gone(entry),
  });
  const parts = { nonces, journal, epochOf: () => 1 };
  const queue = queueOf({ maxWaitMs: 2 * TWO_MINUTES_MS, parts });
  const { answer } = queue.dispatcher.submit(MESSAGE);
  for (let isOver = false; !isOver;) {
    await queue.clock.settle();
    queue.upstream.next.answer(answerOf(status));
    await queue.clock.advance(2_000);
    isOver = queue.upstream.sends.every(({ isOpen }) => !isOpen);
  }
  assert.equal((await answer).status, status);
  journal.told.splice(
    0,
    journal.told.findLastIndex((told) => told.startsWith("sent")) + 1,
  );
  return { ...queue, journal };
}

const [FIRST, SECOND] = [entryIdOf(1, 1), entryIdOf(1, 2)];

Deno.test("a journal keeps a message that failed until it has taken in the one that repeats it", async () => {
  const { journal, dispatcher } = await failedOnce(502);
  assert.deepEqual(journal.told, [`ended ${FIRST}`]);
  dispatcher.submit({ ...MESSAGE }).answer.catch(() => {});
  assert.deepEqual(journal.told, [
    `ended ${FIRST}`,
    `gone ${FIRST}`,
    `accepted ${SECOND}`,
  ]);
});

Deno.test("a journal forgets a message that failed when two minutes are over, and one that Discord did not make at once", async () => {
  const { journal, dispatcher, clock } = await failedOnce(502);
  await clock.advance(TWO_MINUTES_MS);
  dispatcher.submit(requestOf("GET")).answer.catch(() => {});
  await clock.settle();
  assert.ok(journal.told.includes(`gone ${FIRST}`), journal.told.join());
  assert.deepEqual((await failedOnce(403)).journal.told, [`gone ${FIRST}`]);
});
