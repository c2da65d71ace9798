import assert from "node:assert/strict";
import { NonceBook } from "../../../rest/idempotency/nonces/nonce_book.ts";
import { requestOf, sha256 } from "../../dispatcher/_builders.ts";

const SENT_MS = 1_000;
const TWO_MINUTES_MS = 120_000;

const OK = requestOf("POST", { text: '{"content":"ok"}' });
const nonce = (added: string, sentAtMs = SENT_MS) => ({ added, sentAtMs });

function bookWith(...added: string[]): NonceBook {
  const book = new NonceBook(sha256);
  for (const each of added) book.keep(OK, nonce(each), SENT_MS + 10);
  return book;
}

Deno.test("an equal message gets the nonce of one that failed, one for one and the oldest first", () => {
  const book = bookWith("first", "second");
  const take = () => book.take({ ...OK }, SENT_MS + 20)?.added;
  assert.deepEqual([take(), take(), take()], ["first", "second", undefined]);
  assert.equal(book.size, 0);
});

Deno.test("another key, channel or body is another message", () => {
  const book = bookWith("first");
  for (
    const other of [
      { ...OK, caller: "another/client" },
      requestOf("POST", {
        text: '{"content":"ok"}',
        path: "/channels/2/messages",
      }),
      requestOf("POST", { text: '{"content":"OK"}' }),
    ]
  ) assert.equal(book.take(other, SENT_MS + 20), undefined);
});

Deno.test("a nonce is handed out until two minutes after its message was sent first", () => {
  const endsAtMs = SENT_MS + TWO_MINUTES_MS;
  assert.equal(bookWith("a").take(OK, endsAtMs - 1)?.added, "a");
  assert.equal(bookWith("a").take(OK, endsAtMs), undefined);
  const book = bookWith();
  book.keep(OK, nonce("a"), endsAtMs);
  book.keep(OK, { added: "b", sentAtMs: undefined }, SENT_MS);
  assert.equal(book.size, 0);
});

Deno.test("10,000 nonces are kept, and the oldest goes for one more", () => {
  const book = new NonceBook(sha256);
  const text = (index: number) => requestOf("POST", { text: `${index}` });
  for (let index = 0; index <= 10_000; index++) {
    book.keep(text(index), nonce(`${index}`), SENT_MS);
  }
  assert.equal(book.size, 10_000);
  assert.equal(book.take(text(0), SENT_MS), undefined);
  assert.equal(book.take(text(1), SENT_MS)?.added, "1");
});
