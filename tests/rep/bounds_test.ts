import assert from "node:assert/strict";
import { SlidingWindow } from "../../rest/rep/connections/sliding_window.ts";
import { isLongerThan, utf8Length } from "../../rest/rep/frames/utf8.ts";
import { DEFAULT_LIMITS } from "../../rest/rep/limits.ts";
import { Mailbox, type NewReply } from "../../rest/rep/sessions/mailbox.ts";
import { KeptBodies } from "../../rest/idempotency/kept_bodies.ts";
import { SessionStore } from "../../rest/rep/sessions/session_store.ts";
import { fc } from "../deps.ts";
import { Conversation } from "./_conversation.ts";

const SEED = 20261121;

Deno.test(`utf8Length() is what encoding would give (seed ${SEED})`, () => {
  const encoder = new TextEncoder();
  fc.assert(
    fc.property(
      fc.string({ unit: "binary" }),
      fc.nat({ max: 60 }),
      (text, max) => {
        const { byteLength } = encoder.encode(text);
        assert.equal(utf8Length(text), byteLength);
        assert.equal(isLongerThan(text, max), byteLength > max);
      },
    ),
    { seed: SEED, numRuns: 1_000 },
  );
});

Deno.test(`SlidingWindow counts exactly the events within its window (seed ${SEED})`, () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 40 }), { maxLength: 60 }),
      fc.integer({ min: 1, max: 5 }),
      (gaps, max) => {
        const window = new SlidingWindow(max, 100);
        const counted: number[] = [];
        let nowMs = 0;
        for (const gap of gaps) {
          nowMs += gap;
          const within = counted.filter((atMs) => atMs > nowMs - 100).length;
          assert.equal(window.isExceededAt(nowMs), within >= max);
          if (within < max) counted.push(nowMs);
        }
      },
    ),
    { seed: SEED, numRuns: 500 },
  );
});

function replyOf(bytes: number): NewReply {
  return {
    reqKey: undefined,
    fingerprint: "",
    targetText: '"/a"',
    reqText: "1",
    verb: "GET",
    status: 200,
    headersText: undefined,
    bodyText: "x".repeat(bytes),
    atWallMs: 0,
  };
}

/** Of a reply without a body. */
const EMPTY_BYTES = bytesOf((mailbox) => mailbox.add(replyOf(0)));

function bytesOf(fill: (mailbox: Mailbox) => void): number {
  const mailbox = new Mailbox();
  fill(mailbox);
  return mailbox.bytes;
}

const OWNER = { owner: "k", identityId: "bot:1" };

Deno.test(`every mailbox knows its bytes to the last one, and the store keeps every bound (seed ${SEED})`, () => {
  const limits = {
    ...DEFAULT_LIMITS,
    mailboxReplies: 5,
    mailboxBytes: 4_000,
    rememberAckedMs: 50,
  };
  const step = fc.tuple(
    fc.nat({ max: 4 }),
    fc.nat({ max: 2 }),
    fc.nat({ max: 2_000 }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const bodies = new KeptBodies(6_000);
      const store = new SessionStore(limits, bodies);
      let nowMs = 0;
      for (const [kind, name, amount] of steps) {
        const session = store.find("k", `${name}`) ??
          store.create(OWNER, `${name}`, 0);
        assert.ok(session);
        const { mailbox } = session;
        nowMs += 10;
        if (kind <= 1) store.keep(session, replyOf(amount), undefined);
        else if (kind === 2) {
          store.acknowledge(session, amount % (mailbox.seq + 1), nowMs);
        } else if (kind === 3) store.prune(session, nowMs);
        else store.end(session);
        const all = [...store.all()];
        const kept = all.flatMap(({ mailbox }) => [...mailbox])
          .reduce((bytes, reply) => bytes + (reply.bodyText?.length ?? 0), 0);
        assert.equal(bodies.bytes, kept);
        assert.ok(kept <= 6_000);
        for (const { mailbox: each } of all) {
          const bytes = [...each].reduce(
            (sum, { bodyText = "" }) => sum + EMPTY_BYTES + bodyText.length,
            0,
          );
          assert.equal(each.bytes, bytes);
          assert.ok(each.unackedBodies <= limits.mailboxReplies);
          assert.ok(each.lost >= 0 && each.lost <= each.unacked);
          for (let seq = each.ackedSeq + 1; seq <= each.seq; seq++) {
            assert.equal(each.get(seq)?.seq, seq);
          }
        }
      }
    }),
    { seed: SEED, numRuns: 500 },
  );
});

Deno.test("B1: all keys and tokens together get 20,000 sessions and no more", () => {
  const talk = new Conversation({ limits: { sessions: 2 } });
  const statusOf = (keyName: string) =>
    talk.openSession("s", { keyName }).heardOne().data.status;
  assert.deepEqual([statusOf("a"), statusOf("b"), statusOf("c")], [
    200,
    200,
    429,
  ]);
});

Deno.test("C8: a frame may have thousands of members nobody knows, not tens of thousands", () => {
  const talk = new Conversation();
  const peer = talk.open();
  const frameOf = (count: number) => {
    const more = Array.from({ length: count }, (_, at) => `"m${at}":${at}`);
    return `{"target":"/a","method":"GET",${more.join(",")}}`;
  };
  peer.raw(frameOf(9_000));
  assert.equal(talk.submitted.length, 1);
  peer.raw(frameOf(20_000));
  assert.equal(peer.heardOne().data.error.code, "bad_frame");
});
