import assert from "node:assert/strict";
import { Conversation, type Peer } from "../_conversation.ts";

const MIB = 1_048_576;

function get(peer: Peer, req?: unknown): void {
  peer.say({ target: "/a", method: "GET", req });
}

Deno.test("F1: the limits are those the client is held to", () => {
  const talk = new Conversation({
    limits: {
      maxPayloadBytes: 1_000,
      maxInFlight: 7,
      mailboxReplies: 5,
      pingIntervalMs: 9,
    },
  });
  assert.deepEqual(talk.openSession("s").heardOne().data.data.limits, {
    maxPayload: 1_000,
    maxInFlight: 7,
    mailbox: 5,
    pingInterval: 9,
  });
});

Deno.test("F2: a request beyond maxInFlight gets 429 until one is answered", () => {
  const talk = new Conversation({ limits: { maxInFlight: 2 } });
  for (const peer of [talk.open(), talk.openSession("s")]) {
    peer.heard();
    const before = talk.submitted.length;
    for (const req of [1, 2, 3]) get(peer, req);
    assert.equal(talk.submitted.length, before + 2);
    const frame = peer.heardOne();
    assert.deepEqual([frame.req, frame.data], [3, {
      status: 429,
      error: {
        message: "Cannot take request: 2 are without an answer; wait for some",
        code: "too_many",
        sent: false,
        "retry_after": 1,
        global: false,
      },
    }]);
    talk.answer(talk.last.id, 200, 1);
    get(peer, 3);
    assert.equal(talk.submitted.length, before + 3);
  }
});

Deno.test("F2: the limit is the session's, whichever connection asks", () => {
  const talk = new Conversation({ limits: { maxInFlight: 2 } });
  const first = talk.openSession("s");
  get(first, 1);
  get(first, 2);
  const second = talk.openSession("s");
  second.heard();
  get(second, 3);
  assert.equal(second.heardOne().data.error.code, "too_many");
});

Deno.test("F2: a re-sent request is attached even at the limit", () => {
  const talk = new Conversation({ limits: { maxInFlight: 1 } });
  const peer = talk.openSession("s");
  peer.heard();
  get(peer, 1);
  get(peer, 1);
  assert.equal(peer.texts().length, 0);
});

Deno.test("F2: frames without req beyond the limit are dropped and counted", () => {
  const talk = new Conversation({ limits: { maxInFlight: 2 } });
  const peer = talk.open();
  for (let count = 0; count < 5; count++) get(peer);
  assert.equal(talk.submitted.length, 2);
  assert.equal(talk.machine.snapshot().framesDropped, 3);
  assert.equal(peer.texts().length, 0);
});

Deno.test("F2: more than ten times the limit refused within 10 s closes with 4429", () => {
  const talk = new Conversation({ limits: { maxInFlight: 2 } });
  const peer = talk.open();
  get(peer, 0);
  get(peer, 0);
  for (let count = 0; count < 20; count++) get(peer, count);
  assert.equal(peer.closeCode(), 0);
  get(peer, 20);
  assert.equal(peer.closeCode(), 4429);
});

Deno.test("F2: the same number refused over a longer time is no flood", () => {
  const talk = new Conversation({ limits: { maxInFlight: 2 } });
  const peer = talk.open();
  for (let count = 0; count < 200; count++) {
    get(peer, count);
    talk.nowMs += 500;
  }
  assert.equal(peer.closeCode(), 0);
});

/** A session whose reader is slow: 9 MiB are unsent, and five more replies wait. */
function slowSession(): { readonly talk: Conversation; readonly peer: Peer } {
  const talk = new Conversation();
  const peer = talk.openSession("s");
  talk.buffered.set(peer.id, 9 * MIB);
  for (let n = 1; n <= 14; n++) {
    get(peer, n);
    talk.answer(talk.last.id, 200, "x".repeat(MIB));
  }
  return { talk, peer };
}

Deno.test("F3: above 8 MiB unsent a session's replies wait in the mailbox", () => {
  const { talk, peer } = slowSession();
  const seqs = peer.heard().map((frame) => frame.seq).filter((seq) => seq > 0);
  assert.deepEqual(seqs, [1, 2, 3, 4, 5, 6, 7, 8]);
  assert.equal(talk.machine.snapshot().slowReaders, 1);
  talk.pass(0);
  assert.equal(talk.machine.wakeAtMs, talk.nowMs + 25);
});

Deno.test("F3: they go on, in order, once less than 4 MiB are unsent", () => {
  const { talk, peer } = slowSession();
  peer.heard();
  talk.buffered.set(peer.id, 4 * MIB);
  talk.pass(25);
  assert.equal(peer.texts().length, 0);
  talk.buffered.set(peer.id, 4 * MIB - 1);
  talk.pass(25);
  const seqs = peer.heard().map((frame) => frame.seq);
  assert.deepEqual(seqs, [9, 10, 11, 12, 13, 14]);
  assert.equal(talk.machine.snapshot().slowReaders, 0);
});

Deno.test("F3: a large mailbox is redelivered as fast as it is read", () => {
  const { talk, peer } = slowSession();
  peer.vanish();
  talk.buffered.set(peer.id + 1, 9 * MIB);
  const again = talk.openSession("s");
  assert.equal(again.heard().length, 1 + 8);
  talk.buffered.set(again.id, 0);
  talk.pass(25);
  talk.pass(25);
  assert.equal(again.heard().at(-1).seq, 14);
});

Deno.test("F3: a reply asked for again waits for its step at a slow reader", () => {
  const { talk, peer } = slowSession();
  peer.heard();
  get(peer, 2);
  get(peer, 12);
  assert.equal(peer.texts().length, 0);
  talk.buffered.set(peer.id, 0);
  for (let polls = 0; polls < 9; polls++) talk.pass(25);
  const heard = peer.heard();
  const seqs = heard.map((frame) => frame.seq);
  assert.deepEqual(seqs, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
  assert.deepEqual(
    heard.map((frame) => frame.meta?.redelivered === true),
    seqs.map((seq) => seq <= 8),
  );
});

Deno.test("F3: a plain connection is closed with 4413 above 32 MiB unsent, and not before", () => {
  const talk = new Conversation();
  const peer = talk.open();
  for (let n = 0; n < 45 && peer.closeCode() === 0; n++) {
    talk.buffered.set(peer.id, n * MIB);
    get(peer, n);
    talk.answer(talk.last.id, 200, "x".repeat(MIB));
    if (n === 30) assert.equal(peer.texts().length, 31);
  }
  assert.equal(peer.closeCode(), 4413);
});

Deno.test("F3: a reader that makes no progress for 30 s is closed with 4413", () => {
  const { talk, peer } = slowSession();
  for (let ms = 0; ms < 29_975; ms += 25) talk.pass(25);
  assert.equal(peer.closeCode(), 0);
  talk.pass(25);
  assert.equal(peer.closeCode(), 4413);
});

Deno.test("F3: a slow reader that makes progress is left alone", () => {
  const { talk, peer } = slowSession();
  for (let second = 0; second < 90; second++) {
    talk.buffered.set(peer.id, 9 * MIB - second);
    talk.pass(1_000);
  }
  assert.equal(peer.closeCode(), 0);
});

Deno.test("F3: after 4413 a session goes on where it stood", () => {
  const { talk, peer } = slowSession();
  talk.buffered.set(peer.id, 33 * MIB);
  talk.pass(25);
  assert.equal(peer.closeCode(), 4413);
  const again = talk.openSession("s");
  for (let polls = 0; polls < 9; polls++) talk.pass(25);
  const seqs = again.heard().map((frame) => frame.seq).slice(1);
  assert.deepEqual(seqs, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
});

Deno.test("F3: slow readers together are bounded, the slowest is closed first", () => {
  const talk = new Conversation({ limits: { outboundTotalBytes: 25 * MIB } });
  const peers = [10, 12, 11].map((mib) => {
    const peer = talk.open();
    talk.buffered.set(peer.id, mib * MIB);
    get(peer, 1);
    talk.answer(talk.last.id, 200, "x".repeat(9 * MIB));
    return peer;
  });
  talk.pass(25);
  assert.deepEqual(peers.map((peer) => peer.closeCode()), [0, 4413, 0]);
});

Deno.test("F3: an unauthenticated caller that does not read its replies is closed early", () => {
  const talk = new Conversation();
  const peer = talk.open({ keyName: null });
  talk.buffered.set(peer.id, 70_000);
  for (let count = 0; count < 5_000; count++) peer.raw("PING");
  assert.equal(peer.closeCode(), 4413);
});

Deno.test("F4: request and reply are the only flow control there is", () => {
  const talk = new Conversation();
  const peer = talk.openSession("s");
  peer.heard();
  for (let n = 1; n <= 500; n++) {
    get(peer, n);
    talk.answer(talk.last.id, 200, n);
  }
  const heard = peer.heard();
  assert.equal(heard.length, 500);
  assert.ok(heard.every((frame) => frame.method === "REPLY"));
});
