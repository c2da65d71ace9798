import assert from "node:assert/strict";
import type {
  Entry,
  ReplyRecord,
  SessionRecord,
} from "../../../rest/domain/entry.ts";
import { type Journal, NO_JOURNAL } from "../../../rest/domain/journal.ts";
import { KeptBodies } from "../../../rest/idempotency/kept_bodies.ts";
import {
  decodeReply,
  encodeReply,
} from "../../../rest/journal/codec/session_codec.ts";
import { JournaledSessions } from "../../../rest/listener/websocket/journaled_sessions.ts";
import { DEFAULT_LIMITS } from "../../../rest/rep/limits.ts";
import { requestOf } from "../../dispatcher/_builders.ts";
import { Conversation, type Peer } from "../../rep/_conversation.ts";

const ENTRY: Entry = {
  entryId: "1-1",
  request: requestOf("POST"),
  guarantee: undefined,
  print: "",
  nonce: undefined,
  queuedAtMs: 0,
  attempts: 1,
  mayHaveRun: false,
};

/** A conversation whose sessions have a journal that commits when the test says so. */
class Journaled {
  readonly told: string[] = [];
  readonly replies: ReplyRecord[] = [];
  readonly talk: Conversation;
  readonly #open: Array<() => void> = [];

  constructor(isHeld: boolean) {
    const note = (name: string) => (session: SessionRecord) =>
      void this.told.push(`${name} ${session.seq}/${session.ackedSeq}`);
    const journal: Journal = {
      ...NO_JOURNAL,
      sessionChanged: note("changed") as Journal["sessionChanged"],
      sessionEnded: note("ended"),
      acknowledged: note("acknowledged"),
      gone: ({ entryId }) => void this.told.push(`gone ${entryId}`),
      replied: (_session, reply, entryId) => {
        this.told.push(`replied ${reply.seq} ${entryId}`);
        this.replies.push(reply);
        if (!isHeld) return undefined;
        const { promise, resolve } = Promise.withResolvers<void>();
        this.#open.push(resolve);
        return promise;
      },
    };
    const store = new JournaledSessions({
      limits: DEFAULT_LIMITS,
      bodies: new KeptBodies(Infinity),
      journal,
      onStored: (session) =>
        this.talk.perform(
          this.talk.machine.stored(session, this.talk.moment),
        ),
    });
    this.talk = new Conversation({ store });
  }

  /** Asks something, and answers it as an entry of the journal. */
  ask(peer: Peer, req: string): void {
    peer.say({ target: "/x", method: "ACTION", req });
    const answer = { status: 200, headers: [], body: undefined };
    this.talk.perform(
      this.talk.machine.answered(
        this.talk.last.id,
        { kind: "answer", answer },
        this.talk.moment,
        ENTRY,
      ),
    );
  }

  async commit(): Promise<void> {
    this.#open.shift()?.();
    await Promise.resolve();
    await Promise.resolve();
  }
}

Deno.test("a REPLY is sent when the journal has its number, and not before", async () => {
  const rig = new Journaled(true);
  const peer = rig.talk.openSession("s");
  peer.heard();
  rig.ask(peer, "a");
  rig.ask(peer, "b");
  assert.deepEqual(peer.heard(), []);
  await rig.commit();
  assert.deepEqual(peer.heard().map(({ seq }) => seq), [1]);
  await rig.commit();
  assert.deepEqual(peer.heard().map(({ seq }) => seq), [2]);
});

Deno.test("a request is gone when its REPLY is forgotten, a minute after the acknowledgement, or its session is ended", () => {
  for (const isEnded of [true, false]) {
    const rig = new Journaled(false);
    const peer = rig.talk.openSession("s");
    rig.ask(peer, "a");
    peer.say({ target: "/_rep/ack", method: "ACTION", data: { seq: 1 } });
    assert.deepEqual(rig.told, [
      "changed 0/0",
      "replied 1 1-1",
      "acknowledged 1/1",
    ]);
    if (isEnded) peer.say({ target: "/_rep/session", method: "DELETE" });
    else rig.talk.pass(61_000);
    assert.ok(rig.told.includes("gone 1-1"));
    assert.equal(rig.told.includes("ended 1/1"), isEnded);
  }
});

Deno.test("a session goes on in another process: its REPLYs come again, its req is known, its numbers go on", () => {
  const former = new Journaled(false);
  const peer = former.talk.openSession("s");
  former.ask(peer, "a");
  former.ask(peer, "b");
  peer.say({ target: "/_rep/ack", method: "ACTION", data: { seq: 1 } });

  const next = new Journaled(false);
  const { machine, moment } = next.talk;
  const record = {
    owner: "main",
    name: "s",
    identityId: "bot:main",
    expiryMs: 300_000,
    // As of the acknowledgement: later replies are newer than the session's row.
    seq: 1,
    ackedSeq: 1,
  };
  // As the journal gives them back where their requests have no rows.
  const replies = former.replies.flatMap((reply) =>
    decodeReply(encodeReply(reply)) ?? []
  );
  machine.restoreSession(record, replies, moment);
  const again = next.talk.openSession("s");
  const [auth, redelivered] = again.heard();
  assert.deepEqual(
    [auth.data.data.resumed, redelivered.seq, redelivered.meta.redelivered],
    [true, 2, true],
  );
  const before = next.talk.submitted.length;
  again.say({ target: "/x", method: "ACTION", req: "b" });
  assert.equal(next.talk.submitted.length, before);
  again.heard();
  next.ask(again, "c");
  assert.deepEqual(again.heard().map(({ seq }) => seq), [3]);
});

Deno.test("a restored mailbox forgets what was acknowledged, also behind a REPLY that was lost", () => {
  const former = new Journaled(false);
  const peer = former.talk.openSession("s");
  for (const req of ["a", "b", "c"]) former.ask(peer, req);
  const [first, , third] = former.replies;
  assert.ok(first && third);
  const next = new Journaled(false);
  const record = {
    owner: "main",
    name: "s",
    identityId: "bot:main",
    expiryMs: 300_000,
    seq: 3,
    ackedSeq: 0,
  };
  next.talk.machine.restoreSession(record, [first, third], next.talk.moment);
  const again = next.talk.openSession("s");
  assert.deepEqual(again.heard().map(({ seq }) => seq), [undefined, 1, 3]);
  again.say({ target: "/_rep/ack", method: "ACTION", data: { seq: 3 } });
  next.talk.pass(61_000);
  assert.equal(next.talk.machine.snapshot().mailboxBytes, 0);
});

Deno.test("a REPLY that was written before the one in front of it is not lost where that one is: its number stays, its req is known, and no more are announced than follow", () => {
  const former = new Journaled(false);
  const peer = former.talk.openSession("s");
  for (const req of ["a", "b", "c"]) former.ask(peer, req);
  const next = new Journaled(false);
  const record = {
    owner: "main",
    name: "s",
    identityId: "bot:main",
    expiryMs: 300_000,
    seq: 0,
    ackedSeq: 0,
  };
  // The first was large, and the proxy was killed before it was written.
  const written = former.replies.slice(1);
  next.talk.machine.restoreSession(record, written, next.talk.moment);
  const again = next.talk.openSession("s");
  const [auth, ...redelivered] = again.heard();
  assert.deepEqual(redelivered.map(({ seq }) => seq), [2, 3]);
  const { seq, redeliver } = auth.data.data;
  assert.deepEqual([seq, redeliver], [3, 2]);
  const before = next.talk.submitted.length;
  again.say({ target: "/x", method: "ACTION", req: "b" });
  assert.equal(next.talk.submitted.length, before);
  again.heard();
  next.ask(again, "d");
  assert.deepEqual(again.heard().map(({ seq }) => seq), [4]);
});

Deno.test("the REPLYs of a restored session are gone from the journal a minute after the acknowledgement, those that were acknowledged before it included, and it keeps its numbers", () => {
  const former = new Journaled(false);
  const peer = former.talk.openSession("s");
  for (const req of ["a", "b", "c", "d"]) former.ask(peer, req);
  const next = new Journaled(false);
  const record = {
    owner: "main",
    name: "s",
    identityId: "bot:main",
    expiryMs: 300_000,
    seq: 2,
    ackedSeq: 3,
  };
  const replies = former.replies.flatMap((reply) =>
    reply.seq === 2
      ? []
      : [{ ...reply, entry: { ...ENTRY, entryId: `1-${reply.seq}` } }]
  );
  next.talk.machine.restoreSession(record, replies, next.talk.moment);
  // The second is missing: nobody can ask for what came before it.
  assert.deepEqual(next.told, ["changed 0/0", "changed 4/3", "gone 1-1"]);
  const again = next.talk.openSession("s");
  assert.deepEqual(again.heard().map(({ seq }) => seq), [undefined, 4]);
  again.say({ target: "/_rep/ack", method: "ACTION", data: { seq: 4 } });
  next.talk.pass(61_000);
  assert.deepEqual(next.told.slice(3), [
    "acknowledged 4/4",
    "gone 1-3",
    "gone 1-4",
  ]);
});

Deno.test("sessions that are handed to another proxy have their clients come back, and are forgotten without a word", () => {
  const rig = new Journaled(false);
  const peer = rig.talk.openSession("s");
  rig.ask(peer, "a");
  const told = [...rig.told];
  const { machine, moment } = rig.talk;
  const handed = {
    hasRequest: () => false,
    hasIdentity: (id: string) => id === "bot:main",
  };
  rig.talk.perform(machine.release(handed, moment));
  assert.equal(rig.talk.closeOf(peer.id)?.code, 1012);
  assert.equal(machine.snapshot().sessions, 0);
  assert.deepEqual(rig.told, told);
});
