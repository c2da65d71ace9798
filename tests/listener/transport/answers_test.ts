import assert from "node:assert/strict";
import { startListener } from "../../../rest/listener/transport/listen.ts";
import type { HttpAnswer } from "../../../rest/listener/http/incoming_request.ts";
import { createManualClock } from "../../_manual_clock.ts";
import { KEY, startBench } from "../_bench.ts";
import { readResponse, writeAll } from "../_raw_http.ts";
import { servingOf } from "../_serve.ts";
import { WAYS } from "./_ways.ts";

const MIB = 1024 * 1024;
const HOST = "127.0.0.1";
const UNREAD_MS = 10_000;

/** An answer that never ends, and whether anybody still draws from it. */
function endless() {
  let cancelled = 0;
  const answer = (): HttpAnswer => ({
    status: 200,
    headers: [],
    body: new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: (controller) => controller.enqueue(new Uint8Array(MIB)),
      cancel: () => void cancelled++,
    }),
  });
  return { answer, cancelled: () => cancelled };
}

async function until(isSo: () => boolean): Promise<void> {
  for (let turn = 0; turn < 5_000 && !isSo(); turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.ok(isSo());
}

Deno.test("256 callers that do not read their answers let go of their connections to Discord after ten seconds", async () => {
  const clock = createManualClock();
  const { answer, cancelled } = endless();
  const listener = await startListener({
    ...servingOf(() => Promise.resolve(answer()), { clock }),
    host: HOST,
    port: 0,
  });
  const { port } = listener.address;
  const callers = [];
  for (let count = 0; count < 256; count++) {
    const caller = await Deno.connect({ hostname: HOST, port });
    await writeAll(caller, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    callers.push(caller);
  }
  // Each has filled the buffers of its socket, and the timer of the first is set.
  await until(() => clock.timerCount > 0);
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.equal(cancelled(), 0);
  await clock.advance(UNREAD_MS + 1_000);
  await until(() => cancelled() === 256);
  for (const caller of callers) caller.close();
  await listener.shutdown();
});

for (const [name, open] of Object.entries(WAYS)) {
  Deno.test(`over ${name} a caller that waits for 100 Continue gets it after its key was seen, and not before`, async () => {
    await using way = await open();
    const head = (key: string) =>
      `POST /channels/1/messages HTTP/1.1\r\nHost: h\r\nAuthorization: ${key}\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n`;
    const wrong = await way.connect();
    await writeAll(wrong, head("wrong"));
    assert.equal((await readResponse(wrong)).status, 401);
    wrong.close();
    const right = await way.connect();
    await writeAll(right, head(KEY));
    const buffer = new Uint8Array(1_000);
    const count = await right.read(buffer) ?? 0;
    assert.equal(
      new TextDecoder().decode(buffer.subarray(0, count)),
      "HTTP/1.1 100 Continue\r\n\r\n",
    );
    await writeAll(right, "{}");
    assert.equal((await readResponse(right)).status, 200);
    right.close();
    assert.equal(way.bench.submitted.length, 1);
  });

  Deno.test(`over ${name} a caller that is refused amid its upload gets to read why`, async () => {
    await using way = await open();
    const connection = await way.connect();
    await writeAll(
      connection,
      `POST /x HTTP/1.1\r\nHost: h\r\nAuthorization: ${KEY}\r\nContent-Length: ${
        8 * MIB
      }\r\n\r\n`,
    );
    const piece = "x".repeat(MIB);
    for (let count = 0; count < 8; count++) await writeAll(connection, piece);
    const { status, body } = await readResponse(connection);
    assert.equal(status, 413);
    assert.equal(JSON.parse(body).code, "too_large");
    connection.close();
  });
}

Deno.test("a request behind one that could be read in two ways is not run", async () => {
  await using bench = await startBench();
  const answer = await bench.sendRaw(
    `POST /a HTTP/1.1\r\nHost: h\r\nAuthorization: ${KEY}\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\nAuthorization: ${KEY}\r\n\r\n`,
  );
  assert.equal(answer.status, 400);
  assert.equal(bench.submitted.length, 0);
});
