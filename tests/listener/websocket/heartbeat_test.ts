import assert from "node:assert/strict";
import { createManualClock } from "../../_manual_clock.ts";
import { KEY, maskedText, rawPeer, TestEndpoint } from "./_endpoint.ts";

const PING_MS = 15_000;
const HEADERS = [`Authorization: ${KEY}`];

/** The first byte of a frame: final, and its opcode. */
const PING_FRAME = 0x89;
const CLOSE_FRAME = 0x88;

/** The next unmasked frame of less than 126 bytes. */
async function nextFrame(
  peer: Deno.TcpConn,
): Promise<{ readonly kind: number; readonly payload: Uint8Array }> {
  const head = await readExactly(peer, 2);
  return { kind: head[0] ?? 0, payload: await readExactly(peer, head[1] ?? 0) };
}

async function readExactly(
  peer: Deno.TcpConn,
  size: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size;) {
    const read = await peer.read(bytes.subarray(at));
    if (read === null) throw new Error("the connection ended");
    at += read;
  }
  return bytes;
}

Deno.test("H1: a silent peer is pinged, closed with 1001 when it does not answer, and cut when it does not answer that", async () => {
  const pingClock = createManualClock();
  await using door = await TestEndpoint.open({ pingClock });
  const peer = await rawPeer(door, HEADERS);
  await pingClock.advance(PING_MS);
  assert.equal((await nextFrame(peer)).kind, PING_FRAME);
  await pingClock.advance(PING_MS);
  const { kind, payload } = await nextFrame(peer);
  assert.equal(kind, CLOSE_FRAME);
  assert.equal(new DataView(payload.buffer).getUint16(0), 1001);
  await pingClock.advance(PING_MS);
  while (door.door.snapshot().sockets > 0) await turn();
  assert.equal(door.door.snapshot().connections, 0);
  peer.close();
});

Deno.test("H3: any frame of a peer keeps its connection, without an answer to a ping", async () => {
  const pingClock = createManualClock();
  await using door = await TestEndpoint.open({ pingClock });
  const peer = await rawPeer(door, HEADERS);
  for (let count = 0; count < 8; count++) {
    await pingClock.advance(PING_MS);
    assert.equal((await nextFrame(peer)).kind, PING_FRAME);
    await peer.write(maskedText("PING"));
    const { payload } = await nextFrame(peer);
    assert.equal(new TextDecoder().decode(payload), "PONG");
  }
  assert.equal(door.door.snapshot().connections, 1);
  peer.close();
  while (door.door.snapshot().sockets > 0) await turn();
});

/** Lets the runtime deliver what it has. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
