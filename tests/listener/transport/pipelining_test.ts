/** Requests that are sent ahead of the answers to those before them. */
import assert from "node:assert/strict";
import type { HttpAnswer } from "../../../rest/listener/http/incoming_request.ts";
import { startListener } from "../../../rest/listener/transport/listen.ts";
import { createManualClock } from "../../_manual_clock.ts";
import { writeAll } from "../_raw_http.ts";
import { servingOf, textAnswer } from "../_serve.ts";
import type { Place } from "./_pipeline.ts";
import { PIPELINING_CLAIMS } from "./_pipelining_claims.ts";

const HOST = "127.0.0.1";
const UNREAD_MS = 10_000;
const REQUEST = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

/** A listener whose answers a test gives when it likes. */
async function startHeld() {
  const clock = createManualClock();
  const held: ((answer: HttpAnswer) => void)[] = [];
  const serving = servingOf(
    () => new Promise<HttpAnswer>((resolve) => held.push(resolve)),
    { clock },
  );
  const listener = await startListener({ ...serving, host: HOST, port: 0 });
  const { port } = listener.address;
  return { clock, held, listener, port };
}

async function until(isSo: () => boolean): Promise<void> {
  for (let turn = 0; turn < 2_000 && !isSo(); turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.ok(isSo());
}

/** All that comes until `isWhole`, or until the connection ends. */
async function read(
  connection: Deno.Conn,
  isWhole: (text: string) => boolean,
): Promise<string> {
  const buffer = new Uint8Array(64 * 1024);
  let text = "";
  while (!isWhole(text)) {
    const count = await connection.read(buffer).catch(() => null);
    if (count === null) break;
    text += new TextDecoder().decode(buffer.subarray(0, count));
  }
  return text;
}

for (const size of [10, 500_000]) {
  Deno.test(`an answer of ${size} bytes that is ready before the one in front of it does not cut the connection`, async () => {
    const { clock, held, listener, port } = await startHeld();
    using caller = await Deno.connect({ hostname: HOST, port });
    await writeAll(caller, REQUEST + REQUEST);
    await until(() => held.length === 2);
    held[1]?.(textAnswer("b".repeat(size)));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await clock.advance(UNREAD_MS + 1_000);
    held[0]?.(textAnswer("first"));
    const text = await read(caller, (all) => all.split("b").length > size);
    assert.match(text, /first[^]*bbb/);
    await listener.shutdown();
  });
}

Deno.test("the seventeenth request that is sent ahead of an answer ends the connection", async () => {
  const { held, listener, port } = await startHeld();
  using patient = await Deno.connect({ hostname: HOST, port });
  using caller = await Deno.connect({ hostname: HOST, port });
  await writeAll(patient, REQUEST.repeat(16));
  await until(() => held.length === 16);
  await writeAll(caller, REQUEST.repeat(2_000));
  assert.equal(await read(caller, () => false), "");
  assert.equal(held.length, 32);
  for (const give of held) give(textAnswer("ok"));
  const text = await read(patient, (all) => all.split("ok").length > 16);
  assert.equal(text.split("HTTP/1.1 200").length, 17);
  await listener.shutdown();
});

const overTcp: Place = async (serving) => {
  const listener = await startListener({ ...serving, host: HOST, port: 0 });
  const { port } = listener.address;
  const connection = await Deno.connect({ hostname: HOST, port });
  return { connection, shutdown: () => listener.shutdown() };
};

for (const [name, check] of PIPELINING_CLAIMS) {
  Deno.test(name, () => check(overTcp));
}
