import assert from "node:assert/strict";
import { entryIdOf } from "../../../rest/domain/entry_id.ts";
import type { ProxyRequest } from "../../../rest/domain/request.ts";
import { NonceBook } from "../../../rest/idempotency/nonces/nonce_book.ts";
import { BOT, requestOf, sha256 } from "../../dispatcher/_builders.ts";

const SENT_MS = 1_000;
const TWO_MINUTES_MS = 120_000;

const OTHER_BOT = { ...BOT, id: "bot:2" };
const OK = requestOf("POST", { text: '{"content":"ok"}' });
const ENDS_MS = SENT_MS + TWO_MINUTES_MS;

interface Failure {
  readonly request?: ProxyRequest;
  readonly added?: string;
  readonly sentAtMs?: number | undefined;
  readonly entryId?: string;
}

function failedOf(failure: Failure) {
  const { request = OK, added = "a", entryId = "" } = failure;
  const { sentAtMs } = { sentAtMs: SENT_MS, ...failure };
  return { entryId, request, nonce: { added, sentAtMs }, print: "" };
}

function emptyBook(forgotten: string[] = []): NonceBook {
  const onForget = ({ entryId }: { readonly entryId: string }) =>
    void forgotten.push(entryId);
  return new NonceBook({ digest: sha256, onForget });
}

function bookWith(...added: string[]): NonceBook {
  const book = emptyBook();
  for (const each of added) book.keep(failedOf({ added: each }), SENT_MS + 10);
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
  assert.equal(bookWith("a").take(OK, ENDS_MS - 1)?.added, "a");
  assert.equal(bookWith("a").take(OK, ENDS_MS), undefined);
  const book = emptyBook();
  const isKept = (failure: Failure, nowMs: number) =>
    book.keep(failedOf(failure), nowMs) !== undefined;
  assert.ok(!isKept({}, ENDS_MS));
  assert.ok(!isKept({ sentAtMs: undefined }, SENT_MS));
  assert.equal(book.size, 0);
});

Deno.test("10,000 nonces are kept, and the oldest goes for one more", () => {
  const book = emptyBook();
  const text = (index: number) => requestOf("POST", { text: `${index}` });
  for (let index = 0; index <= 10_000; index++) {
    const failure = { request: text(index), added: `${index}` };
    book.keep(failedOf(failure), SENT_MS);
  }
  assert.equal(book.size, 10_000);
  assert.equal(book.take(text(0), SENT_MS), undefined);
  assert.equal(book.take(text(1), SENT_MS)?.added, "1");
});

Deno.test("what a nonce is kept by, and for how long, is enough to keep it again without the message", () => {
  const failed = failedOf({});
  assert.equal(emptyBook().keep(failed, SENT_MS + 10), TWO_MINUTES_MS - 10);
  const book = emptyBook();
  book.restore({ ...failed, request: { ...OK, body: undefined } });
  assert.equal(book.take(OK, ENDS_MS - 1)?.added, "a");
});

Deno.test("a journal is told of a nonce that is handed out or over, and not of one that another proxy goes on with", () => {
  const [id, otherId] = [entryIdOf(1, 1), entryIdOf(1, 2)];
  const other = requestOf("POST", { text: "another", identity: OTHER_BOT });
  const after = (act: (book: NonceBook) => void) => {
    const forgotten: string[] = [];
    const book = emptyBook(forgotten);
    book.keep(failedOf({ entryId: id }), SENT_MS);
    book.keep(failedOf({ entryId: otherId, request: other }), SENT_MS);
    act(book);
    return { forgotten, left: book.size };
  };
  assert.deepEqual(after((book) => book.take(OK, SENT_MS)), {
    forgotten: [id],
    left: 1,
  });
  assert.deepEqual(after((book) => book.expire(ENDS_MS)), {
    forgotten: [id, otherId],
    left: 0,
  });
  const handed: Parameters<NonceBook["release"]>[0] = {
    hasRequest: ({ identity }) => identity.id === BOT.id,
  };
  assert.deepEqual(after((book) => book.release(handed)), {
    forgotten: [],
    left: 1,
  });
});
