import assert from "node:assert/strict";
import { KEY, rawPeer, TestEndpoint } from "./_endpoint.ts";

const MIB = 1024 * 1024;

/** The head of a masked text frame of so many bytes. */
function frameHead(bytes: number): Uint8Array<ArrayBuffer> {
  const head = new Uint8Array(14);
  head[0] = 0x81;
  head[1] = 0x80 | 127;
  new DataView(head.buffer).setBigUint64(2, BigInt(bytes));
  return head;
}

async function writeAll(
  peer: Deno.TcpConn,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) rest = rest.subarray(await peer.write(rest));
}

/** The code of the close frame that comes, and nothing else. */
async function closeCode(peer: Deno.TcpConn): Promise<number> {
  const buffer = new Uint8Array(64);
  let length = 0;
  while (length < 4) {
    const count = await peer.read(buffer.subarray(length));
    if (count === null) return 0;
    length += count;
  }
  assert.equal(buffer[0], 0x88);
  return new DataView(buffer.buffer).getUint16(2);
}

Deno.test("C11: a frame of more than 8 MiB is closed with 1009 at its head, before a byte of it is sent", async () => {
  await using door = await TestEndpoint.open();
  const peer = await rawPeer(door, [`Authorization: ${KEY}`]);
  await writeAll(peer, frameHead(8 * MIB + 1));
  assert.equal(await closeCode(peer), 1009);
  peer.close();
});

Deno.test("C11: a frame of 8 MiB is taken", async () => {
  await using door = await TestEndpoint.open();
  const client = await door.dial();
  const frame = { target: "/a", method: "ACTION", data: "" };
  const empty = JSON.stringify(frame).length;
  const data = "x".repeat(8 * MIB - empty);
  client.say({ ...frame, data });
  const { request } = await door.submitter.job(1);
  assert.equal(request.body?.length, data.length + 2);
});

Deno.test("A5: without a key 64 KiB of a frame are the end of its connection", async () => {
  await using door = await TestEndpoint.open();
  const peer = await rawPeer(door);
  await writeAll(peer, frameHead(MIB));
  const piece = new Uint8Array(16 * 1024);
  let saidBytes = 0;
  try {
    for (; saidBytes < MIB; saidBytes += piece.length) {
      await writeAll(peer, piece);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  } catch {
    // Cut.
  }
  assert.ok(saidBytes < 512 * 1024, `${saidBytes} bytes were taken`);
  while (door.door.snapshot().sockets > 0) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  peer.close();
});
