import assert from "node:assert/strict";
import { readOutcome } from "./_http2.ts";
import { HTTP2_ATTEMPTS } from "./_http2_requests.ts";
import { connectTls, PAIR } from "../tls/_callers.ts";
import { startSimStand } from "./_stand.ts";
import { bytesOf } from "./_wire.ts";

for (const { tried, cameBack, bytes, reached } of HTTP2_ATTEMPTS) {
  Deno.test(`HTTP/2: ${tried}: ${cameBack}`, async () => {
    await using stand = await startSimStand({}, PAIR);
    assert.equal(await outcomeOf(bytes, stand.securePort), cameBack);
    assert.deepEqual(stand.reached(), reached ?? []);
    await stand.assertUnharmed();
  });
}

async function outcomeOf(text: string, port: number): Promise<string> {
  using connection = await connectTls(port, ["h2"]);
  // Both at once: an answer to every frame would otherwise fill the socket.
  const [outcome] = await Promise.all([
    readOutcome(connection),
    writeAll(connection, bytesOf(text)),
  ]);
  return outcome;
}

async function writeAll(
  connection: Deno.Conn,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  let rest = bytes;
  try {
    while (rest.length > 0) {
      rest = rest.subarray(await connection.write(rest));
    }
  } catch {
    // Refused before its end: what came back tells why.
  }
}
