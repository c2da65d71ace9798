import assert from "node:assert/strict";
import { NOBODY } from "../../rest/domain/identity.ts";
import { Refusal } from "../../rest/domain/refusal.ts";
import { readJournal } from "../../rest/journal/read_journal.ts";
import { BOT, requestOf } from "../dispatcher/_builders.ts";
import { driverBench, entryOf, PROMISED, SESSION } from "./_driver.ts";

const DAY_MS = 86_400_000;
const ANSWER = {
  kind: "answer",
  answer: { status: 200, headers: [], body: undefined },
} as const;

Deno.test("mayKeep() says beforehand what keeps() says of what was accepted", () => {
  const webhook = "/webhooks/1/a-token";
  for (
    const entry of [
      entryOf("POST", { guarantee: PROMISED }),
      entryOf("POST", { guarantee: PROMISED, path: webhook }),
      entryOf("POST"),
    ]
  ) {
    const { driver } = driverBench();
    const before = driver.mayKeep(entry);
    driver.accepted(entry);
    assert.equal(before, driver.keeps(entry));
  }
});

Deno.test("accepted and sent in one turn is one row, marked already, written once", async () => {
  const bench = driverBench();
  const entry = entryOf("POST", { guarantee: PROMISED });
  const accepted = bench.driver.accepted(entry);
  const sent = bench.driver.sent(entry);
  assert.equal(bench.rows().length, 0);
  await bench.endTurn();
  await Promise.all([accepted, sent]);
  assert.equal(bench.batches.flat().length, 1);
  assert.deepEqual(bench.rows().map(({ state }) => state), ["sent"]);
});

Deno.test("a request is not told sent before its mark is written", async () => {
  const bench = driverBench();
  const entry = entryOf("POST", { guarantee: PROMISED });
  bench.driver.accepted(entry);
  await bench.endTurn();
  let isTold = false;
  void bench.driver.sent(entry)?.then(() => {
    isTold = true;
  });
  await Promise.resolve();
  assert.ok(!isTold);
  assert.equal(bench.rows()[0]?.state, "queued");
  await bench.endTurn();
  assert.ok(isTold);
  assert.equal(bench.rows()[0]?.state, "sent");
});

Deno.test("a connected request without a promise costs nothing: no row, and nothing to wait for", async () => {
  const bench = driverBench();
  const entry = entryOf("POST");
  assert.equal(bench.driver.accepted(entry), undefined);
  assert.equal(bench.driver.sent(entry), undefined);
  bench.driver.gone(entry);
  await bench.endTurn(25);
  assert.deepEqual(bench.batches, []);
});

Deno.test("with all writes kept a connected write has a row until it is answered, a read has none", async () => {
  const bench = driverBench({ writes: "all" });
  const write = entryOf("POST");
  const read = entryOf("GET");
  bench.driver.accepted(write);
  bench.driver.accepted(read);
  await bench.endTurn();
  assert.deepEqual(bench.rows().map(({ id }) => id), [write.entryId]);
  bench.driver.gone(write);
  await bench.endTurn();
  assert.equal(bench.rows().length, 1);
  await bench.endTurn(25);
  assert.deepEqual(bench.rows(), []);
});

Deno.test("a row goes at once where later writes may have none, and would be overtaken by it after a kill", async () => {
  const bench = driverBench({ writes: "promised" });
  const entry = entryOf("PUT", { guarantee: PROMISED });
  bench.driver.accepted(entry);
  await bench.endTurn();
  bench.driver.gone(entry);
  await bench.endTurn();
  assert.deepEqual(bench.rows(), []);
});

Deno.test("a write is written down when its last caller leaves: as waiting, or as sent where it is under way", async () => {
  const bench = driverBench();
  const waiting = entryOf("POST");
  const flying = entryOf("POST");
  bench.driver.sent(flying);
  bench.driver.detached(waiting);
  bench.driver.detached(flying);
  await bench.endTurn();
  const states = new Map(bench.rows().map(({ id, state }) => [id, state]));
  assert.equal(states.get(waiting.entryId), "queued");
  assert.equal(states.get(flying.entryId), "sent");
});

Deno.test("what certainly was not executed is marked as waiting again", async () => {
  const bench = driverBench();
  const entry = entryOf("POST", { guarantee: PROMISED });
  bench.driver.accepted(entry);
  bench.driver.sent(entry);
  await bench.endTurn();
  bench.driver.requeued(entry);
  await bench.endTurn();
  assert.equal(bench.rows()[0]?.state, "queued");
});

const HELD_BACK = [
  requestOf("POST", {
    text: '{"content":"s3cret"}',
    identity: { ...BOT, id: "bot:2:hash", isOwn: false },
  }),
  requestOf("POST", {
    path: "/webhooks/1/s3cret",
    text: "{}",
    identity: NOBODY,
  }),
  requestOf("POST", { path: "/channels/1/webhooks", identity: BOT }),
  requestOf("PUT", {
    path: "/guilds/1/members/2",
    text: '{"access_token":"s3cret"}',
    identity: BOT,
  }),
];

Deno.test("no row holds a token: brought ones and what carries one stay in memory without a key", async () => {
  const bench = driverBench({ writes: "all" });
  for (const request of HELD_BACK) {
    const entry = entryOf("POST", { request });
    assert.equal(bench.driver.accepted(entry), undefined);
    assert.ok(!bench.driver.keeps(entry));
  }
  await bench.endTurn();
  assert.deepEqual(bench.rows(), []);
});

Deno.test("of such a request with a name the name is written, and whether it was sent, so that it is not done twice after a restart", async () => {
  const bench = driverBench();
  for (const request of HELD_BACK) {
    const entry = entryOf("POST", { request, guarantee: PROMISED });
    assert.equal(bench.driver.accepted(entry), undefined);
    // What is told of its acceptance says that it does not survive.
    assert.ok(!bench.driver.keeps(entry));
    void bench.driver.sent(entry);
    bench.driver.ended(entry, ANSWER, DAY_MS);
  }
  await bench.endTurn();
  const text = JSON.stringify(bench.rows());
  assert.equal(bench.rows().length, HELD_BACK.length);
  assert.doesNotMatch(text, /s3cret/);
  assert.match(text, /shortened/);
});

Deno.test("with a key the same is kept, a brought token's request excepted", async () => {
  const bench = driverBench({ writes: "all", isEncrypted: true });
  const webhook = entryOf("POST", {
    request: requestOf("POST", {
      path: "/webhooks/1/t",
      text: "{}",
      identity: NOBODY,
    }),
  });
  bench.driver.accepted(webhook);
  const brought = { ...BOT, id: "bot:2:hash", isOwn: false };
  const request = requestOf("POST", { text: "{}", identity: brought });
  bench.driver.accepted(entryOf("POST", { request }));
  await bench.endTurn();
  assert.deepEqual(bench.rows().map(({ id }) => id), [webhook.entryId]);
});

Deno.test("an answer that shows a token is kept without its body", async () => {
  const bench = driverBench();
  const entry = entryOf("POST", { guarantee: PROMISED });
  const body = new TextEncoder().encode('{"id":"1","token":"secret"}');
  bench.driver.accepted(entry);
  const answer = { status: 200, headers: [], body };
  bench.driver.ended(entry, { kind: "answer", answer }, DAY_MS);
  await bench.endTurn();
  const text = JSON.stringify(bench.rows());
  assert.doesNotMatch(text, /secret/);
  assert.match(text, /shortened/);
});

Deno.test("an outcome is kept as long as somebody may ask, and its request's body no longer", async () => {
  const bench = driverBench();
  const entry = entryOf("POST", { guarantee: PROMISED });
  bench.driver.accepted(entry);
  await bench.endTurn();
  const ended = bench.driver.ended(entry, ANSWER, DAY_MS);
  await bench.endTurn();
  await ended;
  const [row] = bench.rows();
  assert.equal(row?.state, "ended");
  assert.equal(row?.body, undefined);
  assert.equal(row?.untilWallMs, bench.clock.wallMs() + DAY_MS);
  bench.driver.gone(entry);
  await bench.endTurn(25);
  assert.deepEqual(bench.rows(), []);
});

Deno.test("of a message that failed the next process reads nonce, print and status until it may not be told any more", async () => {
  const bench = driverBench({ writes: "all" });
  const entry = entryOf("POST", { print: "p" });
  bench.driver.accepted(entry);
  bench.driver.sent({
    ...entry,
    nonce: { added: "n", sentAtMs: bench.clock.nowMs() },
  });
  const outcome = { kind: "shortened", status: 502 } as const;
  bench.driver.ended(entry, outcome, 120_000);
  await bench.endTurn();
  const sentWallMs = bench.clock.wallMs();
  const found = readJournal(bench.rows(), {
    nowWallMs: sentWallMs,
    identityOf: () => BOT,
    printOf: () => "not worked out again",
    adoptMs: 0,
    mayLackMarks: false,
  });
  const [{ entry: read, ...rest } = assert.fail()] = found.entries;
  assert.deepEqual(read.nonce, { added: "n", sentWallMs });
  assert.deepEqual([read.print, rest.outcome], ["p", outcome]);
  assert.equal(rest.untilWallMs, sentWallMs + 120_000);
});

Deno.test("a full journal refuses new promises, serves what promises nothing, and still ends rows", async () => {
  const bench = driverBench({ writes: "all" });
  const old = entryOf("POST", { guarantee: PROMISED });
  bench.driver.accepted(old);
  await bench.endTurn();
  bench.failing = "journal_full";
  const promised = entryOf("POST", { guarantee: PROMISED });
  const accepted = assert.rejects(
    async () => await bench.driver.accepted(promised),
    (error) => error instanceof Refusal && error.code === "journal_full",
  );
  const plain = entryOf("POST");
  bench.driver.accepted(plain);
  const sent = bench.driver.sent(plain);
  const ended = bench.driver.ended(old, ANSWER, DAY_MS);
  await bench.endTurn();
  await Promise.all([accepted, sent, ended]);
  assert.deepEqual(
    bench.rows().map(({ id, state }) => [id, state]),
    [[old.entryId, "ended"]],
  );
  assert.deepEqual(bench.health, ["journal_full"]);
});

Deno.test("a journal is called full until it has refused nothing for ten seconds, whatever small changes it takes", async () => {
  const bench = driverBench({ writes: "all" });
  const old = entryOf("POST");
  bench.driver.accepted(old);
  await bench.endTurn();
  for (let at = 0; at < 3; at++) {
    bench.failing = "journal_full";
    bench.driver.accepted(entryOf("POST"));
    await bench.endTurn();
    bench.failing = undefined;
    bench.driver.accepted(entryOf("POST"));
    await bench.endTurn();
    await bench.clock.advance(9_999);
  }
  assert.deepEqual(bench.health, ["journal_full"]);
  await bench.clock.advance(1);
  assert.deepEqual(bench.health, ["journal_full", undefined]);
});

Deno.test("while the store fails nothing is promised or sent, and what ended meanwhile is written as soon as the store takes it", async () => {
  const bench = driverBench();
  const old = entryOf("POST", { guarantee: PROMISED });
  bench.driver.accepted(old);
  await bench.endTurn();
  bench.failing = "store_unreachable";
  const fresh = entryOf("POST", { guarantee: PROMISED });
  const refused = [
    bench.driver.accepted(fresh),
    bench.driver.sent(old),
  ].map((committed) =>
    assert.rejects(
      async () => await committed,
      (error) => error instanceof Refusal && error.code === "store_unreachable",
    )
  );
  await bench.endTurn();
  await Promise.all(refused);
  bench.driver.requeued(old);
  bench.driver.ended(old, ANSWER, DAY_MS);
  bench.failing = undefined;
  await bench.clock.advance(300);
  await bench.endTurn();
  await bench.endTurn();
  assert.deepEqual(
    bench.rows().map(({ id, state }) => [id, state]),
    [[old.entryId, "ended"]],
  );
  assert.deepEqual(bench.health, ["store_unreachable", undefined]);
});

Deno.test("a request whose acceptance failed is not sent, though its mark could be written", async () => {
  const bench = driverBench();
  bench.failing = "journal_full";
  const entry = entryOf("POST", { guarantee: PROMISED });
  const accepted = bench.driver.accepted(entry);
  accepted?.catch(() => {});
  await bench.endTurn();
  bench.failing = undefined;
  const sent = assert.rejects(async () => await bench.driver.sent(entry));
  await bench.endTurn();
  await sent;
});

Deno.test("an answer waits for a store that fails for five seconds at most", async () => {
  const bench = driverBench();
  const entry = entryOf("POST", { guarantee: PROMISED });
  bench.driver.accepted(entry);
  await bench.endTurn();
  bench.failing = "store_unreachable";
  let isTold = false;
  void bench.driver.ended(entry, ANSWER, DAY_MS)?.then(() => {
    isTold = true;
  });
  for (let round = 0; round < 25; round++) {
    await bench.endTurn();
    await bench.clock.advance(250);
    if (round === 15) assert.ok(!isTold);
  }
  assert.ok(isTold);
});

Deno.test("a session, its numbered replies and what it acknowledged stand in rows, and go with it", async () => {
  const bench = driverBench();
  const entry = entryOf("POST", {
    guarantee: {
      owner: SESSION.owner,
      fingerprint: "f",
      frame: {
        session: SESSION.name,
        reqKey: "s1",
        reqText: '"1"',
        verb: "ACTION",
        targetText: '"/x"',
        wantsHeaders: false,
      },
    },
  });
  bench.driver.sessionChanged(SESSION);
  bench.driver.accepted(entry);
  await bench.endTurn();
  // Answered before its session is there to number it.
  bench.driver.ended(entry, ANSWER, DAY_MS);
  await bench.endTurn();
  const headOf = () =>
    bench.rows().find(({ kind }) => kind === "request")?.outcome?.head ?? "";
  assert.match(headOf(), /"answer":200/);
  const session = { ...SESSION, seq: 1 };
  const reply = {
    seq: 1,
    reqKey: "s1",
    reqText: '"1"',
    targetText: '"/x"',
    verb: "ACTION",
    status: 200,
    headersText: undefined,
    bodyText: '{"id":"5"}',
    atWallMs: 1,
  };
  const replied = bench.driver.replied(session, reply, entry.entryId);
  await bench.endTurn();
  await replied;
  assert.match(headOf(), /"seq":1/);
  assert.equal(bench.driver.ended(entry, ANSWER, DAY_MS), undefined);
  await bench.endTurn();
  assert.match(headOf(), /"seq":1/);
  bench.driver.acknowledged({ ...session, ackedSeq: 1 });
  bench.driver.gone(entry);
  await bench.endTurn(25);
  assert.deepEqual(bench.rows().map(({ kind }) => kind), ["session"]);
  bench.driver.sessionEnded(session);
  await bench.endTurn(25);
  assert.deepEqual(bench.rows(), []);
});

Deno.test("a reply whose request may not be kept is kept without its body: its number is never given twice", async () => {
  const bench = driverBench();
  const reply = {
    seq: 7,
    reqKey: undefined,
    reqText: "1",
    targetText: '"/webhooks/1/t"',
    verb: "ACTION",
    status: 200,
    headersText: undefined,
    bodyText: '{"a":"secret"}',
    atWallMs: 1,
  };
  const session = { ...SESSION, seq: 7 };
  const replied = bench.driver.replied(session, reply, "unknown");
  await bench.endTurn();
  await replied;
  assert.doesNotMatch(JSON.stringify(bench.rows()), /secret/);
  assert.equal(bench.rows().length, 1);
  bench.driver.acknowledged({ ...session, ackedSeq: 7 });
  await bench.endTurn();
  assert.deepEqual(bench.rows().map(({ kind }) => kind), ["session"]);
});

Deno.test("what is left at the end stays for the next process; what was answered does not", async () => {
  const bench = driverBench({ writes: "all" });
  const left = entryOf("POST");
  const through = entryOf("POST");
  bench.driver.accepted(left);
  bench.driver.accepted(through);
  await bench.endTurn();
  bench.driver.gone(through);
  bench.driver.leaveRest();
  bench.driver.gone(left);
  await bench.endTurn(25);
  assert.deepEqual(bench.rows().map(({ id }) => id), [left.entryId]);
});
