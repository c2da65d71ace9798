/** Frames that are answered while what another process has left is still read. */
import assert from "node:assert/strict";
import type { SessionRecord } from "../../rest/domain/entry.ts";
import { decodeReply } from "../../rest/journal/codec/session_codec.ts";
import type { TakeUp } from "../../rest/journal/going_on.ts";
import {
  createMemoryStore,
  MemoryJournal,
} from "../../rest/journal/store/memory_store.ts";
import { JournalKeeper } from "../../rest/journal_keeper.ts";
import { createWebSocketEndpoint } from "../../rest/listener/websocket/endpoint.ts";
import {
  release,
  Restoration,
  type RestoringParts,
} from "../../rest/restoring.ts";
import { createManualClock } from "../_manual_clock.ts";
import { answerOf, BOT } from "../dispatcher/_builders.ts";
import { queueOf } from "../dispatcher/_queue.ts";
import { entryOf } from "../journal/_driver.ts";
import { AUTHORIZER } from "../listener/websocket/_endpoint.ts";

const OWNER = "key own";
const SESSION: SessionRecord = {
  owner: OWNER,
  name: "shard",
  identityId: BOT.id,
  expiryMs: 60_000,
  seq: 0,
  ackedSeq: 0,
};
const ALL_OF_BOT = { hasRequest: () => true, hasIdentity: () => true };

/** A proxy of a cluster, over a journal that outlives it. */
function proxyOf(journal: MemoryJournal) {
  const clock = createManualClock();
  const inner = createMemoryStore(journal, clock.wallMs);
  const keeper = new JournalKeeper({
    open: {
      store: inner,
      bootedAtWallMs: undefined,
      isEncrypted: true,
      shared: {
        takeOver: async (scope) => void await keeper.driver.writer.claim(scope),
        epochOf: () => 1,
        isOurs: () => true,
        wallMs: clock.wallMs,
        shareAddresses: () => Promise.resolve(),
      },
    },
    settings: {
      journalWrites: "promised",
      journalSync: "process",
      maxWaitMs: 240_000,
      adoptMs: 60_000,
    },
    clock,
    facts: () => {},
  });
  const queue = queueOf({
    parts: { journal: keeper.driver, epochOf: () => 2_000 },
  });
  const { dispatcher, upstream } = queue;
  const sockets = createWebSocketEndpoint({
    bodies: dispatcher.register.bodies,
    submitter: dispatcher,
    authorizer: AUTHORIZER,
    clock: queue.clock,
    facts: () => {},
    journal: keeper.driver,
    settings: {
      apiVersion: 10,
      upstream: "https://discord.com/api",
      isHeaderRequired: false,
      isKeyInPathAllowed: false,
      origins: new Set(),
    },
  });
  // Nothing here has an `Idempotency-Key`.
  const named = {} as RestoringParts["named"];
  const parts = { dispatcher, sockets, named };
  const into: Pick<
    TakeUp,
    "identities" | "printOf" | "takeLearnt" | "restoring"
  > = {
    identities: () => [BOT],
    printOf: () => "print",
    takeLearnt: () => {},
    restoring: () => new Restoration(parts),
  };
  const proxy = {
    isOurs: true,
    upstream,
    dispatcher,
    driver: keeper.driver,
    /** Goes on with what waits, until it is sent; returns what reads the rest. */
    async takeUp(): Promise<() => Promise<void>> {
      const readRest = await keeper.takeUpScope(BOT.id, into as TakeUp, {
        isStillOurs: () => proxy.isOurs,
        letSend: () => {},
      });
      await proxy.settle();
      return async () => {
        await readRest();
        await proxy.settle();
      };
    },
    /** Lets everything happen that waits for no answer of Discord's, and has it written. */
    async settle(): Promise<void> {
      for (let step = 0; step < 5; step++) {
        await queue.clock.settle();
        await keeper.driver.writer.flush();
      }
    },
    async answer(): Promise<void> {
      upstream.next.answer(answerOf(200, { text: '{"id":"5"}' }));
      await proxy.settle();
    },
    async handOver(): Promise<void> {
      await release(ALL_OF_BOT, parts);
      await keeper.handOver(ALL_OF_BOT);
    },
    /** Timers of sessions are none of a test's that has ended. */
    stop: () => sockets.drain(0),
  };
  return proxy;
}

/** A journal in which a POST of a session waits. */
async function journalWithFrame(): Promise<MemoryJournal> {
  const journal = new MemoryJournal();
  const { driver, handOver } = proxyOf(journal);
  driver.sessionChanged(SESSION);
  await driver.accepted(entryOf("POST", {
    guarantee: {
      owner: OWNER,
      fingerprint: "print",
      frame: {
        session: SESSION.name,
        reqKey: "s1",
        reqText: '"1"',
        verb: "ACTION",
        targetText: "/x",
        wantsHeaders: false,
      },
    },
  }));
  await handOver();
  return journal;
}

function rowOf({ rows }: MemoryJournal) {
  const row = [...rows.values()].find(({ kind }) => kind === "request");
  assert.ok(row !== undefined);
  return row;
}

/** The number and status of its REPLY, as they are written. */
function replyIn(journal: MemoryJournal): readonly unknown[] {
  const { outcome } = rowOf(journal);
  const reply = outcome && decodeReply(outcome);
  return [reply?.seq, reply?.status];
}

/** The same when the next proxy has taken everything over. */
async function replyOfNext(
  journal: MemoryJournal,
): Promise<readonly unknown[]> {
  const next = proxyOf(journal);
  await (await next.takeUp())();
  assert.equal(next.upstream.sends.length, 0);
  await next.stop();
  return replyIn(journal);
}

Deno.test("a frame that is answered while the rest is read, by a process that is killed then, gets that answer from the next", async () => {
  const journal = await journalWithFrame();
  const killed = proxyOf(journal);
  await killed.takeUp();
  await killed.answer();
  assert.equal(rowOf(journal).state, "ended");
  assert.deepEqual(await replyOfNext(journal), [1, 200]);
});

Deno.test("such an answer gives way to its REPLY when all is read", async () => {
  const journal = await journalWithFrame();
  const proxy = proxyOf(journal);
  const readRest = await proxy.takeUp();
  await proxy.answer();
  await readRest();
  assert.deepEqual(replyIn(journal), [1, 200]);
  await proxy.stop();
});

Deno.test("a frame that is answered while its scope is handed over, before the rest was read, gets that answer at the next proxy", async () => {
  const journal = await journalWithFrame();
  const proxy = proxyOf(journal);
  const readRest = await proxy.takeUp();
  proxy.isOurs = false;
  await readRest();
  const handedOver = proxy.handOver();
  proxy.upstream.next.answer(answerOf(200, { text: "{}" }));
  await handedOver;
  assert.deepEqual(await replyOfNext(journal), [1, 200]);
});

Deno.test("a frame that is answered after another proxy has taken its scope over changes nothing there", async () => {
  const journal = await journalWithFrame();
  const lost = proxyOf(journal);
  await lost.takeUp();
  assert.deepEqual(await replyOfNext(journal), [1, 408]);
  const { outcome } = rowOf(journal);
  await lost.answer();
  assert.deepEqual(rowOf(journal).outcome, outcome);
});

Deno.test("a frame that is under way at the end of a drain, before the rest was read, is left as one that may have run", async () => {
  const journal = await journalWithFrame();
  const proxy = proxyOf(journal);
  await proxy.takeUp();
  await proxy.dispatcher.drain(0);
  await proxy.settle();
  assert.equal(rowOf(journal).state, "sent");
});
