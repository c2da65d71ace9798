import assert from "node:assert/strict";
import { startProxyChild } from "../../tools/soak/child.ts";
import { processFacts } from "../../tools/soak/process_facts.ts";
import { KEY } from "../_proxy.ts";
import { say } from "./_hostile_upstream.ts";
import { startSimStand } from "./_stand.ts";
import { Wire } from "./_wire.ts";

const MIB = 1024 * 1024;
const UPSTREAM = "http://127.0.0.1:9/api";

/** As the public report has it: announced, and not a byte sent. */
const ANNOUNCED_BYTES = 107_374_182;

function headOf(length: number, target = "/api/v10/channels/1/messages") {
  return `POST ${target} HTTP/1.1\r\nHost: x\r\nAuthorization: ${KEY}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;
}

const MESSAGE = '{"content":"hi"}';

Deno.test("uploads that are announced and not sent, and uploads that come slowly, hold up neither a message nor a callback", async () => {
  await using stand = await startSimStand();
  const wires: Wire[] = [];
  for (let count = 0; count < 11; count++) {
    const wire = await Wire.open(stand.port);
    wires.push(wire);
    await wire.send(headOf(ANNOUNCED_BYTES));
    // Six of them bring what a poor line brings in a second.
    if (count >= 5) await wire.send("x".repeat(33_000));
  }
  const targets = [
    "/api/v10/channels/2/messages",
    "/api/v10/interactions/1/a.token/callback",
  ];
  for (const target of targets) {
    using wire = await Wire.open(stand.port);
    await wire.send(headOf(MESSAGE.length, target) + MESSAGE);
    await wire.read(1);
    const [answer] = wire.responses;
    assert.ok(answer?.headers.has("via"), `${answer?.status} at ${target}`);
  }
  for (const wire of wires) wire[Symbol.dispose]();
  await stand.assertUnharmed();
});

const UPGRADE =
  "GET /rep HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/** The head of a masked binary frame of so many bytes. */
function frameHead(bytes: number): Uint8Array<ArrayBuffer> {
  const head = new Uint8Array(14);
  head[0] = 0x82;
  head[1] = 0x80 | 127;
  new DataView(head.buffer).setBigUint64(2, BigInt(bytes));
  return head;
}

/** Opens a WebSocket without a key and sends a frame until it is cut; tells how much was taken. */
async function pourInto(port: number, announced: number): Promise<number> {
  using caller = await Deno.connect({ hostname: "127.0.0.1", port });
  await say(caller, UPGRADE);
  await caller.read(new Uint8Array(1_000));
  const mebibyte = new Uint8Array(MIB);
  let saidBytes = 0;
  try {
    await say(caller, frameHead(announced));
    for (; saidBytes < 60 * MIB; saidBytes += MIB) await say(caller, mebibyte);
  } catch {
    // Cut.
  }
  return saidBytes;
}

for (
  const [what, announced] of [
    ["frames larger than any may be", 61 * MIB],
    ["frames that a client with a key could send", 7 * MIB],
  ] as const
) {
  Deno.test(`20 WebSockets without a key that send 60 MiB each as ${what} are cut, and take no more than 50 MiB`, async () => {
    await using proxy = await startProxyChild({
      env: { REST_AUTHORIZATION: KEY, REST_UPSTREAM: UPSTREAM },
    });
    const port = Number(proxy.url.port);
    const before = await processFacts(proxy.pid);
    const pouring = Array.from({ length: 20 }, () => pourInto(port, announced));
    let mostBytes = 0;
    let isOver = false;
    const watching = (async () => {
      while (!isOver) {
        const { residentBytes } = await processFacts(proxy.pid);
        mostBytes = Math.max(mostBytes, residentBytes);
      }
    })();
    const said = await Promise.all(pouring);
    isOver = true;
    await watching;
    // What the sockets' own buffers hold is not in our memory.
    assert.ok(said.every((bytes) => bytes < 16 * MIB), String(said));
    const growthBytes = mostBytes - before.residentBytes;
    assert.ok(growthBytes < 50 * MIB, `memory grew by ${growthBytes} bytes`);
  });
}

/** As many as may be sent ahead of an answer. */
const AHEAD = "GET /admin/page.js HTTP/1.1\r\nHost: x\r\n\r\n".repeat(16);

/** Asks for the page's largest file as often as is taken, and reads nothing. */
async function askAndNotRead(port: number): Promise<void> {
  using caller = await Deno.connect({ hostname: "127.0.0.1", port });
  try {
    for (let round = 0; round < 20; round++) {
      await say(caller, new TextEncoder().encode(AHEAD));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } catch {
    // Cut.
  }
}

Deno.test("20 callers without a key that ask for the page's files and read nothing take no more than 50 MiB", async () => {
  await using proxy = await startProxyChild({
    env: { REST_AUTHORIZATION: KEY, REST_UPSTREAM: UPSTREAM },
  });
  const port = Number(proxy.url.port);
  const before = await processFacts(proxy.pid);
  let mostBytes = 0;
  let isOver = false;
  const asking = Promise.all(
    Array.from({ length: 20 }, () => askAndNotRead(port)),
  ).then(() => isOver = true);
  while (!isOver) {
    const { residentBytes } = await processFacts(proxy.pid);
    mostBytes = Math.max(mostBytes, residentBytes);
  }
  await asking;
  const growthBytes = mostBytes - before.residentBytes;
  assert.ok(growthBytes < 50 * MIB, `memory grew by ${growthBytes} bytes`);
});
