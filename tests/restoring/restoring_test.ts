import assert from "node:assert/strict";
import type {
  Entry,
  Guarantee,
  ReplyRecord,
  RestoredEntry,
  SessionRecord,
} from "../../rest/domain/entry.ts";
import { entryIdOf } from "../../rest/domain/entry_id.ts";
import { NOBODY } from "../../rest/domain/identity.ts";
import { Refusal } from "../../rest/domain/refusal.ts";
import { writePrintOf } from "../../rest/idempotency/fingerprint.ts";
import { createNamedRequests } from "../../rest/listener/http/named_requests.ts";
import {
  createWebSocketEndpoint,
} from "../../rest/listener/websocket/endpoint.ts";
import { release, Restoration } from "../../rest/restoring.ts";
import {
  answerOf,
  BOT,
  noncesOf,
  refusalOf,
  requestOf,
  sha256,
  submitWith,
  textOf,
} from "../dispatcher/_builders.ts";
import { ADOPT_MS, type Queue, queueOf } from "../dispatcher/_queue.ts";
import {
  createRecordingJournal,
  type RecordingJournal,
} from "../dispatcher/_recording_journal.ts";
import { AUTHORIZER } from "../listener/websocket/_endpoint.ts";

const POST = requestOf("POST", { text: "hello" });
const OWNER = "key own";

/** Everything that goes on with what another process left. */
class Rig {
  readonly journal: RecordingJournal = createRecordingJournal();
  readonly queue: Queue = queueOf({
    parts: {
      journal: this.journal,
      epochOf: () => 2_000,
      nonces: noncesOf({
        addsNonces: true,
        onForget: (entry) => this.journal.gone(entry),
      }),
    },
  });
  readonly named = createNamedRequests({
    submitter: this.queue.dispatcher,
    register: this.queue.dispatcher.register,
    clock: this.queue.clock,
    facts: () => {},
    journal: this.journal,
    newId: () => "new-id",
    fingerprintOf: () => "print",
  });
  readonly sockets = createWebSocketEndpoint({
    bodies: this.queue.dispatcher.register.bodies,
    submitter: this.queue.dispatcher,
    authorizer: AUTHORIZER,
    clock: this.queue.clock,
    facts: () => {},
    journal: this.journal,
    settings: {
      apiVersion: 10,
      upstream: "https://discord.com/api",
      isHeaderRequired: false,
      isKeyInPathAllowed: false,
      origins: new Set(),
    },
  });

  get restoration(): Restoration {
    return new Restoration(this.parts);
  }

  get parts() {
    const { named, sockets } = this;
    return { dispatcher: this.queue.dispatcher, named, sockets };
  }

  /** Goes on with these entries and sessions. */
  restore(
    entries: readonly RestoredEntry[],
    sessions: readonly SessionRecord[] = [],
  ): void {
    const restoration = this.restoration;
    restoration.add({ entries, sessions, replies: [] });
    restoration.end();
  }

  /** Answers every send, until nothing is open. */
  async goOn(): Promise<void> {
    const { clock, upstream } = this.queue;
    await clock.settle();
    while (upstream.sends.some(({ isOpen }) => isOpen)) {
      upstream.next.answer(answerOf(200, { text: "sent" }));
      await clock.settle();
    }
  }

  get posts(): number {
    return this.queue.upstream.sends.length;
  }

  /** An entry that was accepted a while ago. */
  entryOf(
    counter: number,
    change: Partial<RestoredEntry> & {
      readonly guarantee?: Guarantee;
      readonly agoMs?: number;
      readonly print?: string;
      readonly request?: Entry["request"];
    } = {},
  ): RestoredEntry {
    const { guarantee, agoMs = 1_000, print, request = POST, ...rest } = change;
    return {
      entry: {
        entryId: entryIdOf(1_000, counter),
        request,
        guarantee,
        acceptedWallMs: this.queue.clock.wallMs() - agoMs,
        print,
      },
      mayHaveRun: false,
      outcome: undefined,
      reply: undefined,
      untilWallMs: undefined,
      ...rest,
    };
  }
}

const ANSWER = {
  kind: "answer",
  answer: {
    status: 200,
    headers: [],
    body: new TextEncoder().encode("kept"),
  },
} as const;

const ALL_OF_BOT = {
  hasRequest: ({ identity }: { readonly identity: { readonly id: string } }) =>
    identity.id === BOT.id,
  hasIdentity: (id: string) => id === BOT.id,
};

Deno.test("writes of another process whose callers left are sent in the order of their ids, and a second try takes one's place", async () => {
  const rig = new Rig();
  rig.restore([
    rig.entryOf(1, { request: requestOf("POST", { text: "first" }) }),
    rig.entryOf(2),
  ]);
  const second = submitWith(rig.queue, POST);
  await rig.goOn();
  const texts = rig.queue.upstream.sends.map(({ request }) =>
    new TextDecoder().decode(request.body)
  );
  assert.deepEqual(texts, ["first", "hello"]);
  assert.equal((await second.answer).status, 200);
});

Deno.test("a restored request keeps its id, and the journal is not told of its acceptance again", async () => {
  const rig = new Rig();
  rig.restore([rig.entryOf(1)]);
  await rig.queue.clock.settle();
  assert.ok(
    rig.journal.told.includes(`sent ${entryIdOf(1_000, 1)}`),
    rig.journal.told.join(),
  );
  assert.ok(!rig.journal.told.some((told) => told.startsWith("accepted")));
  await rig.goOn();
});

Deno.test("a restored request that has waited its longest wait is refused, and one that may have run says so", async () => {
  for (const [mayHaveRun, sent] of [[false, false], [true, null]] as const) {
    const rig = new Rig();
    const guarantee = { owner: OWNER, asyncId: "id-1", fingerprint: "" };
    const late = { agoMs: 70_000, guarantee, mayHaveRun };
    rig.restore([rig.entryOf(1, late)]);
    await rig.queue.clock.advance(1_000);
    const refusal = await refusalOf(
      rig.named.answerAt("GET", "/_rep/requests/id-1", OWNER) ??
        Promise.reject(),
    );
    assert.deepEqual([refusal.code, refusal.sent], ["wait_too_long", sent]);
    assert.equal(rig.posts, 0);
  }
});

Deno.test("what came of a POST in another process is given to its second try, until its time is over", async () => {
  const print = await printOfKept();
  for (const [restMs, sends] of [[1_000, 0], [0, 1]] as const) {
    const rig = new Rig();
    const untilWallMs = rig.queue.clock.wallMs() + restMs;
    rig.restore([rig.entryOf(1, { print, outcome: ANSWER, untilWallMs })]);
    const { answer } = submitWith(rig.queue, POST);
    await rig.goOn();
    assert.equal(await textOf(await answer), sends === 0 ? "kept" : "sent");
    assert.equal(rig.posts, sends);
  }
});

const MESSAGE = requestOf("POST", {
  text: '{"content":"ok"}',
  headers: [["content-type", "application/json"]],
});

Deno.test("a message that failed in another process goes with the same nonce when it comes again within two minutes, once, and then the journal forgets it", async () => {
  const twoMinutesMs = 120_000;
  for (
    const [ageMs, isRecognised] of [
      [twoMinutesMs - 1, true],
      [twoMinutesMs, false],
    ] as const
  ) {
    const rig = new Rig();
    const nonce = { added: "n", sentWallMs: rig.queue.clock.wallMs() - ageMs };
    const request = { ...MESSAGE, body: undefined };
    const failed = rig.entryOf(1, {
      request,
      print: writePrintOf(MESSAGE, sha256),
      outcome: { kind: "shortened", status: 502 },
      untilWallMs: nonce.sentWallMs + twoMinutesMs,
    });
    rig.restore([{ ...failed, entry: { ...failed.entry, nonce } }]);
    assert.equal(rig.posts, 0);
    const [first, second] = [1, 2].map(() => submitWith(rig.queue, MESSAGE));
    await rig.goOn();
    assert.equal((await first?.answer)?.status, 200);
    assert.equal((await second?.answer)?.status, 200);
    const nonces = rig.queue.upstream.sends.map(({ request: { body } }) =>
      JSON.parse(new TextDecoder().decode(body)).nonce
    );
    assert.equal(nonces[0] === "n", isRecognised);
    assert.notEqual(nonces[1], "n");
    assert.equal(rig.journal.told[0], `gone ${entryIdOf(1_000, 1)}`);
  }
});

Deno.test("a message that waits goes with the nonce of its equal that failed, though that is read after it, and what waits behind it stays behind it", async () => {
  const rig = new Rig();
  const { restoration } = rig;
  const sentWallMs = rig.queue.clock.wallMs() - 1_000;
  const first = rig.entryOf(1, {
    request: { ...MESSAGE, body: undefined },
    print: writePrintOf(MESSAGE, sha256),
    outcome: { kind: "shortened", status: 502 },
    untilWallMs: sentWallMs + 120_000,
  });
  const nonce = { added: "n", sentWallMs };
  const failed = { ...first, entry: { ...first.entry, nonce } };
  const second = rig.entryOf(2, { request: MESSAGE });
  const waiting = [
    { ...second, entry: { ...second.entry, nonce: { added: "own" } } },
    rig.entryOf(3, { request: requestOf("POST", { text: "{}" }) }),
  ];
  restoration.add({ entries: waiting, sessions: [], replies: [] });
  await rig.goOn();
  restoration.add({ entries: [failed], sessions: [], replies: [] });
  restoration.end();
  await rig.goOn();
  const nonces = rig.queue.upstream.sends.map(({ request: { body } }) =>
    JSON.parse(new TextDecoder().decode(body)).nonce
  );
  assert.deepEqual(nonces, ["n", undefined]);
});

Deno.test("of two equal messages of another process the one that waits is sent, whatever is known of the other", async () => {
  const unknown = new Refusal("outcome_unknown", "Look", { sent: null });
  for (
    const outcome of [ANSWER, { kind: "refusal", refusal: unknown }] as const
  ) {
    const rig = new Rig();
    const untilWallMs = rig.queue.clock.wallMs() + ADOPT_MS;
    const print = writePrintOf(POST, sha256);
    rig.restore([
      rig.entryOf(1, { print, outcome, untilWallMs }),
      rig.entryOf(2),
    ]);
    await rig.goOn();
    assert.equal(rig.posts, 1, outcome.kind);
  }
});

Deno.test("what came of a POST in another process is over when its time is, whatever was read before it", async () => {
  const rig = new Rig();
  const untilWallMs = rig.queue.clock.wallMs() + 1_000;
  const other = requestOf("POST", { text: "other" });
  rig.restore([
    rig.entryOf(1, {
      print: writePrintOf(other, sha256),
      outcome: ANSWER,
      untilWallMs: untilWallMs + ADOPT_MS,
    }),
    rig.entryOf(2, {
      print: writePrintOf(POST, sha256),
      outcome: ANSWER,
      untilWallMs,
    }),
  ]);
  await rig.queue.clock.advance(1_001);
  const { answer } = submitWith(rig.queue, POST);
  await rig.goOn();
  assert.equal(await textOf(await answer), "sent");
  assert.equal(rig.journal.told.at(0), `gone ${entryIdOf(1_000, 2)}`);
});

Deno.test("what came of a POST in another process is overtaken by a change of its path", async () => {
  const print = await printOfKept();
  const rig = new Rig();
  const untilWallMs = rig.queue.clock.wallMs() + ADOPT_MS;
  rig.restore([rig.entryOf(1, { print, outcome: ANSWER, untilWallMs })]);
  const { path } = POST.target;
  submitWith(rig.queue, requestOf("PATCH", { path, text: "x" }));
  const { answer } = submitWith(rig.queue, POST);
  await rig.goOn();
  assert.equal(await textOf(await answer), "sent");
  assert.equal(rig.journal.told.at(0), `gone ${entryIdOf(1_000, 1)}`);
});

Deno.test("an Idempotency-Key of another process names the same request, waiting or through", async () => {
  const key = {
    owner: OWNER,
    idempotencyKey: "k",
    asyncId: "id-1",
    fingerprint: "print",
  };
  const wish = { idempotencyKey: "k", isAsync: false };
  for (const outcome of [undefined, ANSWER]) {
    const rig = new Rig();
    rig.restore([rig.entryOf(1, { guarantee: key, outcome })]);
    const again = rig.named.handle(POST, wish, OWNER);
    await rig.goOn();
    const text = outcome === undefined ? "sent" : "kept";
    assert.equal(await textOf(await again), text);
    assert.equal(rig.posts, outcome === undefined ? 1 : 0);
    const asked = rig.named.answerAt("GET", "/_rep/requests/id-1", OWNER);
    assert.equal(await textOf(await (asked ?? Promise.reject())), text);
  }
});

/** A frame of a session that has one REPLY. */
const FRAME = {
  session: "shard",
  reqKey: "sb",
  reqText: '"b"',
  verb: "ACTION",
  targetText: "/x",
  wantsHeaders: false,
};
const OF_FRAME: Guarantee = {
  owner: OWNER,
  fingerprint: "print",
  frame: FRAME,
};
const REPLIED: ReplyRecord = {
  seq: 1,
  reqKey: "sa",
  reqText: '"a"',
  targetText: "/x",
  verb: "ACTION",
  status: 200,
  headersText: undefined,
  bodyText: "1",
  atWallMs: 0,
};
const SESSION: SessionRecord = {
  owner: OWNER,
  name: "shard",
  identityId: "bot:1",
  expiryMs: 60_000,
  seq: 0,
  ackedSeq: 0,
};

Deno.test("frames of another process get their REPLY in their session, numbered after the last one", async () => {
  const rig = new Rig();
  rig.restore([
    rig.entryOf(1, { guarantee: OF_FRAME, reply: REPLIED }),
    rig.entryOf(2, { guarantee: OF_FRAME }),
    rig.entryOf(3, {
      guarantee: { ...OF_FRAME, frame: { ...FRAME, reqKey: "sc" } },
      outcome: ANSWER,
    }),
  ], [SESSION]);
  const { sessions, mailboxReplies, inFlight } = rig.sockets.snapshot();
  assert.deepEqual([sessions, mailboxReplies, inFlight], [1, 2, 1]);
  await rig.goOn();
  assert.equal(rig.sockets.snapshot().mailboxReplies, 3);
  assert.equal(rig.posts, 1);
  await rig.sockets.drain(0);
});

Deno.test("a frame that is answered before all REPLYs of its session have been read gets its number when they are", async () => {
  const rig = new Rig();
  const { restoration } = rig;
  const numbers: unknown[] = [];
  rig.journal.replied = (_session, { seq }, entryId) =>
    void numbers.push([seq, entryId]) as undefined;
  const waiting = rig.entryOf(2, { guarantee: OF_FRAME });
  restoration.add({ entries: [waiting], sessions: [SESSION], replies: [] });
  await rig.goOn();
  assert.equal(rig.posts, 1);
  assert.deepEqual(rig.sockets.snapshot().sessions, 0);
  const ended = rig.entryOf(1, { guarantee: OF_FRAME, reply: REPLIED });
  restoration.add({ entries: [ended], sessions: [], replies: [] });
  restoration.end();
  await rig.goOn();
  assert.deepEqual(numbers, [[2, entryIdOf(1_000, 2)]]);
  await rig.sockets.drain(0);
});

Deno.test("a frame that is answered when another proxy is to have its session gets no REPLY here, but the journal is told", async () => {
  const rig = new Rig();
  const { restoration } = rig;
  const waiting = rig.entryOf(2, { guarantee: OF_FRAME });
  restoration.add({ entries: [waiting], sessions: [SESSION], replies: [] });
  await rig.queue.clock.settle();
  restoration.drop();
  await rig.goOn();
  const id = entryIdOf(1_000, 2);
  assert.deepEqual(rig.journal.told, [`sent ${id}`, `ended ${id}`]);
  assert.equal(rig.sockets.snapshot().sessions, 0);
});

Deno.test("a name that was freed by what was not done stays with the request that has it, though that was read first", async () => {
  const rig = new Rig();
  const named = (asyncId: string) => ({
    owner: OWNER,
    idempotencyKey: "k",
    asyncId,
    fingerprint: "print",
  });
  const refusal = new Refusal("deadline", "Too late", { sent: false });
  rig.restore([
    rig.entryOf(2, { guarantee: named("id-2") }),
    rig.entryOf(1, {
      guarantee: named("id-1"),
      outcome: { kind: "refusal", refusal },
    }),
  ]);
  const wish = { idempotencyKey: "k", isAsync: false };
  const again = rig.named.handle(POST, wish, OWNER);
  await rig.goOn();
  assert.equal((await again).status, 200);
  assert.equal(rig.posts, 1);
});

Deno.test("a frame without req of another process is sent, and then nobody can ask for it", async () => {
  const rig = new Rig();
  const frame = {
    session: undefined,
    reqKey: undefined,
    reqText: undefined,
    verb: "ACTION",
    targetText: "/x",
    wantsHeaders: false,
  };
  const guarantee = { owner: OWNER, fingerprint: "", frame };
  rig.restore([rig.entryOf(1, { guarantee })]);
  await rig.goOn();
  assert.equal(rig.posts, 1);
  assert.equal(rig.journal.told.at(-1), `gone ${entryIdOf(1_000, 1)}`);
});

Deno.test("what is handed to another proxy is dropped without a word to the journal; what is in flight is answered first", async () => {
  const rig = new Rig();
  rig.journal.keepsAll = true;
  const inFlight = submitWith(rig.queue, POST);
  await rig.queue.clock.settle();
  const waiting = submitWith(rig.queue, POST);
  const elsewhere = submitWith(
    rig.queue,
    requestOf("POST", { identity: { ...NOBODY, id: "bot:2" }, text: "a" }),
  );
  const released = release(ALL_OF_BOT, rig.parts);
  const told = await refusalOf(waiting.answer);
  assert.deepEqual([told.code, told.sent], ["moved", false]);
  const late = submitWith(rig.queue, POST);
  assert.equal((await refusalOf(late.answer)).code, "moved");
  await rig.goOn();
  await released;
  assert.equal((await inFlight.answer).status, 200);
  assert.equal((await elsewhere.answer).status, 200);
  const id = entryIdOf(2_000, 2);
  assert.deepEqual(
    rig.journal.told.filter((change) => change.endsWith(id)),
    [`accepted ${id}`],
  );
});

Deno.test("at the end of a drain what the journal keeps is left in it, and nobody is told that it was not sent", async () => {
  for (const keepsAll of [true, false]) {
    const rig = new Rig();
    rig.journal.keepsAll = keepsAll;
    const first = submitWith(rig.queue, POST);
    await rig.queue.clock.settle();
    const waiting = submitWith(rig.queue, POST);
    const wish = { idempotencyKey: "k", isAsync: false };
    const named = rig.named.handle(POST, wish, OWNER);
    named.catch(() => {});
    await rig.queue.dispatcher.drain(0);
    assert.equal((await refusalOf(first.answer)).sent, null);
    const sent = keepsAll ? null : false;
    assert.equal((await refusalOf(waiting.answer)).sent, sent);
    assert.equal((await refusalOf(named)).sent, sent);
    const ends = rig.journal.told.filter((change) =>
      change.startsWith("gone") || change.startsWith("ended")
    );
    assert.equal(ends.length === 0, keepsAll, ends.join());
  }
});

/** What a journal is told of a detached POST that is through. */
async function printOfKept(): Promise<string> {
  const prints: string[] = [];
  const journal = {
    ...createRecordingJournal(),
    ended(entry: Entry) {
      prints.push(entry.print);
      return undefined;
    },
  };
  const queue = queueOf({ parts: { journal, digest: sha256 } });
  const { leave } = submitWith(queue, POST);
  await queue.clock.settle();
  leave();
  queue.upstream.next.answer(answerOf(200));
  await queue.clock.settle();
  const [print] = prints;
  assert.ok(print !== undefined && !print.includes("messages"), print);
  return print;
}
