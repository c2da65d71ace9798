import assert from "node:assert/strict";
import type { AskPeer } from "../../rest/cluster/ask_peer.ts";
import type { Asked } from "../../rest/cluster/ownership/questions.ts";
import { PeerWatch } from "../../rest/cluster/peer_watch.ts";
import type { Peer } from "../../rest/domain/owners.ts";
import { createManualClock } from "../_manual_clock.ts";

/** Peers that answer as a test says. */
function watchOf(peers: Peer[], answers: Record<string, Asked>) {
  const clock = createManualClock();
  const asked: string[] = [];
  const ask: AskPeer = ({ id }) => {
    asked.push(id);
    return Promise.resolve(answers[id] ?? "silent");
  };
  const changes: string[] = [];
  const watch: PeerWatch = new PeerWatch({
    clock,
    peers: () => peers,
    ask,
    onChange: () =>
      void changes.push(
        watch.figures().map(({ isAnswering }) => `${isAnswering}`).join(" "),
      ),
  });
  const isSilent = () => peers.map(({ id }) => watch.isSilent(id));
  const isAnswering = () => watch.figures().map((one) => one.isAnswering);
  return { clock, watch, asked, changes, isAnswering, isSilent };
}

const peerOf = (id: string): Peer => ({
  id,
  url: `http://${id}:8001`,
  lastSeenMs: 0,
});

Deno.test("a peer answers, is silent, is gone, or is another process at its address: only the first one is reachable", async () => {
  const peers = ["a", "b", "c", "d"].map(peerOf);
  const { watch, isAnswering, isSilent } = watchOf(peers, {
    a: { id: "a", scopes: [] },
    b: "silent",
    c: "gone",
    d: { id: "later", scopes: [] },
  });
  assert.deepEqual(isAnswering(), Array(4).fill(undefined));
  assert.deepEqual(isSilent(), [false, false, false, false]);
  watch.start();
  await settled();
  assert.deepEqual(isAnswering(), [true, false, false, false]);
  assert.deepEqual(isSilent(), [false, true, true, true]);
  watch.stop();
});

Deno.test("peers are asked again every five seconds, until the watch is stopped", async () => {
  const answers: Record<string, Asked> = { a: "silent" };
  const { clock, watch, asked, isAnswering } = watchOf([peerOf("a")], answers);
  watch.start();
  answers["a"] = { id: "a", scopes: [] };
  await clock.advance(4_999);
  assert.equal(asked.length, 1);
  await clock.advance(1);
  await settled();
  assert.equal(asked.length, 2);
  assert.deepEqual(isAnswering(), [true]);
  watch.stop();
  await clock.advance(20_000);
  assert.equal(asked.length, 2);
});

Deno.test("a change is told once: of a peer that falls silent, and of one that answers again", async () => {
  const answer: Asked = { id: "a", scopes: [] };
  const answers: Record<string, Asked> = { a: answer };
  const { clock, watch, changes } = watchOf([peerOf("a")], answers);
  watch.start();
  for (const asked of [answer, "silent", "silent", answer] as const) {
    answers["a"] = asked;
    await clock.advance(5_000);
    await settled();
  }
  watch.stop();
  assert.deepEqual(changes, ["false", "true"]);
});

/** What was asked has been answered. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
}
