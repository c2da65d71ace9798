/** What the journal carries to the next owner is not handed to it a second time. */
import assert from "node:assert/strict";
import { SYSTEM_CLOCK } from "../../rest/clock/system_clock.ts";
import type { Guarantee } from "../../rest/domain/entry.ts";
import type { Owner } from "../../rest/domain/owners.ts";
import { movedRefusal } from "../../rest/domain/own_refusals.ts";
import type { Submitter } from "../../rest/domain/ports.ts";
import { Refusal } from "../../rest/domain/refusal.ts";
import { Forwarder } from "../../rest/peers/forwarder.ts";
import { GatedDiscord } from "../conformance/_gated_discord.ts";
import { requestOf } from "../dispatcher/_builders.ts";
import { BOT, until } from "./_calls.ts";
import { startCluster } from "./_cluster.ts";
import { hello, say, talkTo } from "./_talk.ts";

/** Which messages Discord got when a bot moved while two of its session's frames waited behind the first. */
async function movedMessages(isJournalShared: boolean): Promise<string[]> {
  await using discord = new GatedDiscord();
  await using cluster = await startCluster({
    upstream: discord.url,
    count: 2,
    isJournalShared,
  });
  const { table, proxies: [owner, next] } = cluster;
  assert.ok(owner && next);
  await using talk = await talkTo(owner.url);
  talk.send(hello("shard-0"));
  await talk.seen(({ req }) => req === "hello");
  for (const at of [1, 2, 3]) talk.send(say(`m${at}`, at));
  await until(() => owner.proxy.snapshot().waiting === 2);
  await discord.arrived(1);
  table.give(BOT, 1);
  const handedOver = owner.proxy.clusterPart?.keeper.handOver(BOT);
  discord.open();
  await handedOver;
  // Comes after all that are handed on: messages of a channel keep their order.
  await using later = await talkTo(next.url);
  later.send(say("m4", 4));
  await later.seen(({ req }) => req === 4);
  return discord.calls.map((call) => /m\d/.exec(call)?.[0] ?? "");
}

Deno.test("frames that waited at a hand-over are left to the next owner's journal, which has them", async () => {
  const isJournalShared = true;
  assert.deepEqual(await movedMessages(isJournalShared), ["m1", "m4"]);
});

Deno.test("where no journal is shared the same frames are handed to the next owner", async () => {
  const isJournalShared = false;
  const messages = await movedMessages(isJournalShared);
  assert.deepEqual(messages.toSorted(), ["m1", "m2", "m3", "m4"]);
});

/** A forwarder with a shared journal whose requests have the owner that `ownerOf` says, and which takes nothing. */
function forwarderOf(
  ownerOf: () => Owner,
  local: Submitter,
): { readonly forwarder: Forwarder; readonly handedOn: () => number } {
  let handedOn = 0;
  const forwarder = new Forwarder({
    owners: {
      selfId: "here",
      scopeOf: () => "0",
      scopeOfIdentity: () => "0",
      ownerOf,
      whenChanged: () => new Promise(() => {}),
      peers: () => [],
      maySend: () => true,
      answerPeer: () => undefined,
    },
    peers: {
      send: () => {
        handedOn++;
        const refusal = new Refusal("overloaded", "Cannot take it");
        const body = new TextEncoder().encode(JSON.stringify({ sent: false }));
        const headers = [["x-rest-proxy", refusal.code]] as const;
        const answer = { status: refusal.status, headers, body };
        return { answer: Promise.resolve(answer), abort: () => {} };
      },
      close: () => Promise.resolve(),
    },
    local,
    clock: SYSTEM_CLOCK,
    facts: () => {},
    isJournalShared: true,
    maxWaitMs: 1_000,
    upstreamTimeoutMs: 1_000,
    openMax: 10,
  });
  return { forwarder, handedOn: () => handedOn };
}

/** A door whose request is refused here since its bot has moved meanwhile; says how it ended, and how often it was handed on. */
async function keptWhileMoving(
  idempotencyKey: string | undefined,
): Promise<{ readonly code: string | undefined; readonly handedOn: number }> {
  let owner: Owner = { kind: "self" };
  const { forwarder, handedOn } = forwarderOf(() => owner, {
    submit: () => assert.fail("It is kept, and not submitted"),
  });
  const wish = { isAsync: true, idempotencyKey };
  const kept = { owner: "key", wish };
  const moving = () => {
    owner = NEXT;
    return Promise.reject(movedRefusal(NOT_SENT));
  };
  try {
    await forwarder.keep(requestOf("POST"), kept, moving);
    return { code: undefined, handedOn: handedOn() };
  } catch (error) {
    assert.ok(error instanceof Refusal);
    return { code: error.code, handedOn: handedOn() };
  }
}

const NOT_SENT = false;

const NEXT: Owner = { kind: "peer", id: "next", url: "http://127.0.0.1:9" };

Deno.test("a kept request without a name is not handed on again: the next owner could not tell that it is the same", async () => {
  const moved = { code: "moved", handedOn: 0 };
  assert.deepEqual(await keptWhileMoving(undefined), moved);
});

Deno.test("a kept request with a name is handed on to the next owner, which knows the name", async () => {
  const taken = { code: "overloaded", handedOn: 1 };
  assert.deepEqual(await keptWhileMoving("a-name"), taken);
});

Deno.test("a session's frame with a req is not handed on: its client asks the next owner for it", async () => {
  for (const owner of [NEXT, { kind: "nobody", sinceMs: 0 } as const]) {
    const { forwarder, handedOn } = forwarderOf(() => owner, {
      submit: () => ({
        answer: Promise.reject(movedRefusal(NOT_SENT)),
        cancel: () => "done",
      }),
    });
    const guarantee: Guarantee = {
      owner: "key",
      fingerprint: "one",
      frame: {
        session: "shard-0",
        reqKey: "1",
        reqText: "1",
        verb: "POST",
        targetText: "/channels/1/messages",
        wantsHeaders: false,
      },
    };
    const { answer } = forwarder.submit(
      requestOf("POST"),
      undefined,
      guarantee,
    );
    await assert.rejects(Promise.resolve(answer), { code: "moved" });
    assert.equal(handedOn(), 0);
  }
});
