import assert from "node:assert/strict";
import { Refusal } from "../../../rest/domain/refusal.ts";
import {
  Conversation,
  type ConversationOptions,
  type Peer,
  type Said,
  WALL_MS,
} from "../_conversation.ts";

function ask(talk: Conversation, peer: Peer, req: unknown): number {
  peer.say({ target: `/a/${req}`, method: "ACTION", data: { req }, req });
  return talk.last.id;
}

/** The authentication reply of a new connection, and what followed it. */
function resume(
  talk: Conversation,
  name: string,
  data: object = {},
): { readonly peer: Peer; readonly facts: Said; readonly rest: Said[] } {
  const peer = talk.openSession(name, { data });
  const [auth, ...rest] = peer.heard();
  return { peer, facts: auth.data.data, rest };
}

/** A session with `count` answered requests that nobody acknowledged. */
function sessionWith(
  count: number,
  options: ConversationOptions = {},
): { readonly talk: Conversation; readonly peer: Peer } {
  const talk = new Conversation(options);
  const { peer } = resume(talk, "s");
  for (let n = 1; n <= count; n++) {
    talk.answer(ask(talk, peer, `r${n}`), 200, n);
  }
  return { talk, peer };
}

for (
  const name of ["s", "A-z.0:9_", "__proto__", "constructor", "x".repeat(64)]
) {
  Deno.test(`B1: ${name} names a session, and belongs to the key that made it`, () => {
    const talk = new Conversation();
    const { facts } = resume(talk, name);
    assert.deepEqual([facts.session, facts.resumed], [name, false]);
    const other = talk.openSession(name, { keyName: "other" });
    assert.ok(other.heardOne().data.data.resumed === false);
    assert.equal(talk.store.size, 2);
  });
}

Deno.test("B1: a session is kept for its expiry after the connection, 300 s by default", () => {
  for (
    const [expiry, ms] of [[undefined, 300_000], [5, 5_000], [
      1e9,
      86_400_000,
    ]] as const
  ) {
    const talk = new Conversation();
    const { peer } = resume(talk, "s", { expiry });
    peer.vanish();
    talk.pass(ms - 1);
    assert.equal(talk.store.size, 1);
    talk.pass(1_001);
    assert.equal(talk.store.size, 0);
  }
});

Deno.test("B1: a session does not expire while it has a connection", () => {
  const talk = new Conversation();
  resume(talk, "s", { expiry: 0 });
  talk.pass(1e9);
  assert.equal(talk.store.size, 1);
});

Deno.test("B1: a key gets 1,000 sessions and no more", () => {
  const talk = new Conversation({ limits: { sessionsPerKey: 2 } });
  resume(talk, "a");
  resume(talk, "b");
  const third = talk.openSession("c");
  const frame = third.heardOne();
  assert.equal(frame.data.status, 429);
  assert.equal(frame.data.error.code, "too_many");
  assert.equal(talk.store.size, 2);
  assert.ok(talk.openSession("a").heardOne().data.data.resumed === true);
  assert.equal(
    talk.openSession("c", { keyName: "other" }).heardOne().data.status,
    200,
  );
});

Deno.test("B2: the reply tells what the client missed and what still runs", () => {
  const { talk, peer } = sessionWith(3);
  ask(talk, peer, "running");
  ask(talk, peer, "running-too");
  peer.vanish();
  const { facts } = resume(talk, "s", { lastSeq: 1 });
  assert.deepEqual(
    {
      session: facts.session,
      resumed: facts.resumed,
      epoch: facts.epoch,
      seq: facts.seq,
      redeliver: facts.redeliver,
      lost: facts.lost,
      inFlight: facts.inFlight,
    },
    {
      session: "s",
      resumed: true,
      epoch: "epoch-1",
      seq: 3,
      redeliver: 2,
      lost: 0,
      inFlight: 2,
    },
  );
});

Deno.test("B3: replies of a session get seq 1, 2, 3 in the order they were made", () => {
  const talk = new Conversation();
  const { peer } = resume(talk, "s");
  const ids = ["a", "b", "c"].map((req) => ask(talk, peer, req));
  for (const id of ids.reverse()) talk.answer(id, 200, 1);
  const heard = peer.heard();
  assert.deepEqual(heard.map(({ req, seq }) => [req, seq]), [
    ["c", 1],
    ["b", 2],
    ["a", 3],
  ]);
  assert.deepEqual(Object.keys(heard[0]), [
    "target",
    "method",
    "data",
    "req",
    "seq",
  ]);
});

Deno.test("B3: what is refused before it was accepted has no seq and frees its req", () => {
  const talk = new Conversation();
  const { peer } = resume(talk, "s");
  peer.say({ target: "/_rep/ping", method: "GET", req: "p" });
  peer.say({ target: "//x", method: "GET", req: "x" });
  peer.say({ target: "/_rep/nothing", method: "GET", req: "n" });
  for (const frame of peer.heard()) assert.ok(!("seq" in frame));
  peer.say({ target: "/x", method: "GET", req: "x" });
  for (
    const code of ["overloaded", "draining", "no_token", "blocked"] as const
  ) {
    talk.refuse(talk.last.id, new Refusal(code, "Cannot take it"));
    const frame = peer.heardOne();
    assert.equal(frame.data.error.code, code);
    assert.ok(!("seq" in frame));
    peer.say({ target: "/x", method: "GET", req: "x" });
  }
  talk.answer(talk.last.id, 200, 1);
  assert.equal(peer.heardOne().seq, 1);
  assert.equal(talk.submitted.length, 5);
});

Deno.test("B3: what was refused after it had waited is a reply like any other", () => {
  const talk = new Conversation();
  const { peer } = resume(talk, "s");
  for (
    const code of [
      "deadline",
      "wait_too_long",
      "unreachable",
      "outcome_unknown",
    ] as const
  ) {
    talk.refuse(ask(talk, peer, code), new Refusal(code, "Cannot send it"));
  }
  assert.deepEqual(peer.heard().map((frame) => frame.seq), [1, 2, 3, 4]);
});

Deno.test("B3: a refusal that nobody is there to hear is kept with a seq", () => {
  const talk = new Conversation();
  const { peer } = resume(talk, "s");
  const id = ask(talk, peer, "a");
  peer.vanish();
  talk.refuse(id, new Refusal("draining", "Cannot send it"));
  const { rest } = resume(talk, "s");
  assert.equal(rest[0].data.error.code, "draining");
  assert.equal(rest[0].seq, 1);
});

Deno.test("B4: an acknowledgement is cumulative and comes on any frame", () => {
  const { talk, peer } = sessionWith(5);
  peer.say({ target: "/_rep/ack", method: "ACTION", data: { seq: 2 } });
  peer.say({ target: "/_rep/ping", method: "GET", ack: 3 });
  peer.say({ target: "/_rep/ack", method: "ACTION", data: { seq: 1 } });
  peer.say({ target: "/_rep/ping", method: "GET", ack: 3 });
  peer.heard();
  peer.vanish();
  const { rest } = resume(talk, "s");
  assert.deepEqual(rest.map((frame) => frame.seq), [4, 5]);
});

for (const ack of [6, -1, 1.5, "1", null, {}]) {
  Deno.test(`B4: the ack ${JSON.stringify(ack)} of 5 replies is refused with req, ignored without`, () => {
    const { talk, peer } = sessionWith(5);
    peer.heard();
    const before = talk.submitted.length;
    peer.say({ target: "/a", method: "GET", ack, req: "x" });
    assert.equal(peer.heardOne().data.error.code, "bad_data");
    peer.say({
      target: "/_rep/ack",
      method: "ACTION",
      data: { seq: ack },
      req: "y",
    });
    assert.equal(peer.heardOne().data.status, 400);
    peer.say({ target: "/_rep/ack", method: "ACTION", data: { seq: ack } });
    assert.equal(talk.submitted.length, before);
    peer.say({ target: "/a", method: "GET", ack });
    assert.equal(talk.submitted.length, before + 1);
    assert.equal(talk.store.find("main", "s")?.mailbox.ackedSeq, 0);
  });
}

Deno.test("B4: an acknowledgement with req is answered, without a session refused", () => {
  const { peer } = sessionWith(2);
  peer.heard();
  peer.say({
    target: "/_rep/ack",
    method: "ACTION",
    data: { seq: 1 },
    req: "k",
  });
  assert.deepEqual(peer.heardOne().data, { status: 200, data: { seq: 1 } });
  const plain = new Conversation().open();
  plain.say({
    target: "/_rep/ack",
    method: "ACTION",
    data: { seq: 1 },
    req: "k",
  });
  assert.equal(plain.heardOne().data.status, 400);
});

Deno.test("B5: on resume come the authentication reply, what was missed, and then live traffic", () => {
  const { talk, peer } = sessionWith(3);
  peer.vanish();
  talk.nowMs += 5_000;
  const again = talk.openSession("s", { data: { lastSeq: 1 } });
  talk.answer(ask(talk, again, "live"), 204);
  const [auth, ...rest] = again.heard();
  assert.equal(auth.req, "auth");
  assert.ok(!("seq" in auth));
  assert.deepEqual(rest.map(({ req, seq }) => [req, seq]), [["r2", 2], [
    "r3",
    3,
  ], ["live", 4]]);
  const meta = { redelivered: true, method: "ACTION", at: WALL_MS + 1_000 };
  assert.deepEqual(rest.map((frame) => frame.meta), [meta, meta, undefined]);
  assert.deepEqual(rest[0].data, { status: 200, data: 2 });
  assert.equal(rest[0].target, "/a/r2");
});

Deno.test("B6: what was started before the disconnect is answered into the mailbox", () => {
  const talk = new Conversation();
  const { peer } = resume(talk, "s");
  const id = ask(talk, peer, "r");
  peer.vanish();
  talk.answer(id, 201, { id: "7" });
  const { facts, rest } = resume(talk, "s");
  assert.equal(facts.redeliver, 1);
  assert.deepEqual(rest[0].data, { status: 201, data: { id: "7" } });
  assert.ok(rest[0].meta.redelivered === true);
});

Deno.test("B6: what ends after the resume comes as live traffic", () => {
  const talk = new Conversation();
  const id = ask(talk, resume(talk, "s").peer, "r");
  const { peer } = resume(talk, "s");
  talk.answer(id, 200, 1);
  const frame = peer.heardOne();
  assert.deepEqual([frame.req, frame.seq, frame.meta], ["r", 1, undefined]);
});

Deno.test("B7: DELETE /_rep/session ends the session, and running requests answer as on a plain one", () => {
  const { talk, peer } = sessionWith(2);
  const id = ask(talk, peer, "late");
  peer.heard();
  peer.say({ target: "/_rep/session", method: "DELETE", req: "bye" });
  assert.deepEqual(peer.heardOne().data, {
    status: 200,
    data: { ended: true },
  });
  talk.answer(id, 200, 1);
  const frame = peer.heardOne();
  assert.deepEqual([frame.req, "seq" in frame], ["late", false]);
  assert.equal(talk.machine.snapshot().mailboxBytes, 0);
  assert.ok(resume(talk, "s").facts.resumed === false);
});

Deno.test("B7: without a session there is none to end", () => {
  const peer = new Conversation().open();
  peer.say({ target: "/_rep/session", method: "DELETE", req: 1 });
  assert.equal(peer.heardOne().data.status, 400);
});

Deno.test("B7: replies for a session that expired are dropped and counted", () => {
  const talk = new Conversation();
  const { peer } = resume(talk, "s", { expiry: 1 });
  const id = ask(talk, peer, "r");
  peer.vanish();
  talk.pass(5_000);
  assert.equal(talk.store.size, 0);
  talk.answer(id, 200, 1);
  const { repliesDropped, mailboxBytes } = talk.machine.snapshot();
  assert.deepEqual([repliesDropped, mailboxBytes], [1, 0]);
});

Deno.test("B8: a new connection takes the session over and the old one is closed with 4409", () => {
  const { talk, peer } = sessionWith(1);
  peer.heard();
  const id = ask(talk, peer, "r");
  const { peer: newer, facts } = resume(talk, "s", { lastSeq: 1 });
  assert.equal(peer.closeCode(), 4409);
  assert.equal(facts.inFlight, 1);
  talk.answer(id, 200, 1);
  assert.equal(newer.heardOne().seq, 2);
  assert.deepEqual(peer.texts(), []);
  peer.vanish();
  ask(talk, newer, "more");
  talk.answer(talk.last.id, 200, 1);
  assert.equal(newer.heardOne().seq, 3);
});

for (
  const [keptBackMs, taker] of [
    [999, "takes the session over"],
    [1_000, "takes the session over"],
    [1_001, "is closed with 4409 itself"],
  ] as const
) {
  Deno.test(`B8: 1,000 ms after the session's connection one whose greeting was kept back for ${keptBackMs} ms ${taker}`, () => {
    const talk = new Conversation();
    const { peer } = resume(talk, "s");
    talk.pass(1_000);
    const late = talk.openSession("s", { keptBackMs });
    const isOlder = keptBackMs > 1_000;
    assert.equal(peer.closeCode(), isOlder ? 0 : 4409);
    assert.equal(late.closeCode(), isOlder ? 4409 : 0);
    if (isOlder) ask(talk, peer, "heard");
  });
}

Deno.test("B8: only the authentication that was kept back counts from before", () => {
  const talk = new Conversation();
  const late = talk.openSession("other", { keptBackMs: 1_000 });
  const { peer } = resume(talk, "s");
  late.say({
    target: "/_rep/auth",
    method: "ACTION",
    data: { session: "s" },
    req: 1,
  });
  assert.deepEqual([peer.closeCode(), late.closeCode()], [4409, 0]);
});

Deno.test("B8: authenticating again on the same connection takes nothing over and repeats nothing", () => {
  const { peer } = sessionWith(2);
  peer.heard();
  peer.say({
    target: "/_rep/auth",
    method: "ACTION",
    data: { session: "s" },
    req: 1,
  });
  assert.equal(peer.heardOne().data.data.redeliver, 0);
  assert.equal(peer.closeCode(), 0);
  peer.say({
    target: "/_rep/auth",
    method: "ACTION",
    data: { session: "s", lastSeq: 1 },
    req: 1,
  });
  assert.deepEqual(peer.heard().map((frame) => frame.seq), [undefined, 2]);
});

Deno.test("B8: a connection may go over to another session, the first one waits", () => {
  const { talk, peer } = sessionWith(1);
  const id = ask(talk, peer, "first");
  peer.heard();
  peer.say({
    target: "/_rep/auth",
    method: "ACTION",
    data: { session: "t" },
    req: 1,
  });
  assert.equal(peer.heardOne().data.data.session, "t");
  talk.answer(id, 200, 1);
  assert.deepEqual(peer.texts(), []);
  assert.equal(resume(talk, "s").facts.redeliver, 2);
});

Deno.test("B9: a full mailbox refuses new requests until the client acknowledges", () => {
  const { talk, peer } = sessionWith(3, { limits: { mailboxReplies: 3 } });
  peer.heard();
  const before = talk.submitted.length;
  peer.say({ target: "/a", method: "GET", req: "more" });
  const { data } = peer.heardOne();
  assert.equal(data.status, 429);
  assert.equal(data.error.code, "mailbox_full");
  assert.ok(data.error.sent === false);
  assert.ok(data.error.global === false);
  assert.equal(talk.submitted.length, before);
  peer.say({ target: "/a", method: "GET", req: "more", ack: 1 });
  assert.equal(talk.submitted.length, before + 1);
});

Deno.test("B9: a mailbox is full by bytes too", () => {
  const talk = new Conversation({ limits: { mailboxBytes: 10_000 } });
  const { peer } = resume(talk, "s");
  talk.answer(ask(talk, peer, "a"), 200, "x".repeat(9_000));
  talk.answer(ask(talk, peer, "b"), 200, "x".repeat(1_000));
  peer.heard();
  peer.say({ target: "/a", method: "GET", req: "c" });
  assert.equal(peer.heardOne().data.error.code, "mailbox_full");
});

Deno.test("B9: for an absent client the oldest bodies become tombstones, counted as lost", () => {
  const talk = new Conversation({ limits: { mailboxReplies: 3 } });
  const { peer } = resume(talk, "s");
  const ids = [1, 2, 3, 4, 5].map((n) => ask(talk, peer, `r${n}`));
  peer.vanish();
  for (const [at, id] of ids.entries()) {
    talk.answer(id, at === 0 ? 404 : 200, { at });
  }
  const { facts, rest } = resume(talk, "s");
  assert.deepEqual([facts.lost, facts.redeliver], [2, 5]);
  assert.deepEqual(rest.map((frame) => frame.data), [
    { status: 404, error: null },
    { status: 200, data: null },
    { status: 200, data: { at: 2 } },
    { status: 200, data: { at: 3 } },
    { status: 200, data: { at: 4 } },
  ]);
  assert.deepEqual(rest.map((frame) => frame.meta.truncated), [
    true,
    true,
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("B9: a client that leaves with an overfull mailbox loses the oldest bodies", () => {
  const talk = new Conversation({ limits: { mailboxBytes: 4_000 } });
  const { peer } = resume(talk, "s");
  const ids = [1, 2, 3].map((n) => ask(talk, peer, `r${n}`));
  for (const id of ids) talk.answer(id, 200, "x".repeat(1_500));
  assert.equal(talk.store.find("main", "s")?.mailbox.lost, 0);
  peer.vanish();
  const { facts } = resume(talk, "s");
  assert.equal(facts.lost, 1);
  assert.ok(talk.machine.snapshot().mailboxBytes <= 4_000);
});

Deno.test("B9: the bodies of all mailboxes together stay within their bound, the oldest give first", () => {
  const talk = new Conversation({ keptBytesMax: 20_000 });
  const early = resume(talk, "early").peer;
  const late = resume(talk, "late").peer;
  for (const [peer, count] of [[early, 4], [late, 8]] as const) {
    for (let n = 0; n < count; n++) {
      talk.answer(ask(talk, peer, n), 200, "x".repeat(2_000));
    }
  }
  const lostOf = (name: string) => talk.store.find("main", name)?.mailbox.lost;
  assert.deepEqual([lostOf("early"), lostOf("late")], [3, 0]);
});

Deno.test("B10: an unknown session starts fresh at seq 1, whatever lastSeq says", () => {
  const talk = new Conversation();
  const { peer, facts } = resume(talk, "new", { lastSeq: 99 });
  assert.deepEqual([facts.resumed, facts.seq, facts.redeliver], [false, 0, 0]);
  talk.answer(ask(talk, peer, "r"), 200, 1);
  assert.equal(peer.heardOne().seq, 1);
});

Deno.test("B11: what was sent and not acknowledged comes again, as often as it takes", () => {
  const { talk, peer } = sessionWith(2);
  assert.deepEqual(peer.heard().slice(-2).map((frame) => frame.seq), [1, 2]);
  for (let round = 0; round < 3; round++) {
    const { rest } = resume(talk, "s");
    assert.deepEqual(rest.map((frame) => frame.seq), [1, 2]);
  }
});

Deno.test("B12: sessions carried over into another life are resumed under a new epoch", () => {
  const { talk, peer } = sessionWith(2);
  peer.vanish();
  const next = new Conversation({
    store: talk.store,
    settings: { epoch: "epoch-2" },
  });
  const { facts, rest } = resume(next, "s");
  assert.deepEqual([facts.resumed, facts.epoch, facts.seq], [
    true,
    "epoch-2",
    2,
  ]);
  assert.deepEqual(rest.map((frame) => frame.seq), [1, 2]);
});
