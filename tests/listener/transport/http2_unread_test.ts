import assert from "node:assert/strict";
import type { HttpHandler } from "../../../rest/listener/http/incoming_request.ts";
import { startTlsListener } from "../../../rest/listener/transport/listen_tls.ts";
import { createManualClock } from "../../_manual_clock.ts";
import {
  END_HEADERS,
  END_STREAM,
  fieldBlock,
  frame,
  HEADERS,
  PREFACE,
  SETTINGS,
} from "../../hostile/_http2.ts";
import { connectTls, PAIR } from "../../tls/_callers.ts";
import { writeAll } from "../_raw_http.ts";
import { servingOf } from "../_serve.ts";

const WINDOW_UPDATE = 8;
const LARGEST_WINDOW = "\x7f\xff\xff\xff";
/** SETTINGS_INITIAL_WINDOW_SIZE, RFC 9113, 6.5.2. */
const OF_STREAMS = "\0\x04";
/** Leaves the connection's own at two gigabytes; it begins at 65,535. */
const OF_CONNECTION = "\x7f\xff\0\0";

/** A caller's half of a session in which it says that it takes whatever comes. */
const TAKES_ALL = PREFACE +
  frame(SETTINGS, 0, 0, OF_STREAMS + LARGEST_WINDOW) +
  frame(WINDOW_UPDATE, 0, 0, OF_CONNECTION);

function get(path: string, stream: number): string {
  const fields = fieldBlock([
    [":method", "GET"],
    [":scheme", "https"],
    [":authority", "proxy"],
    [":path", path],
  ]);
  return frame(HEADERS, END_HEADERS | END_STREAM, stream, fields);
}

const MIB = 1024 * 1024;

Deno.test("a caller of HTTP/2 that says it takes two gigabytes, and reads nothing, is cut, and is not written for until then", async () => {
  const clock = createManualClock();
  const left = Promise.withResolvers<void>();
  let pulledBytes = 0;
  const handler: HttpHandler = (request) => {
    if (request.target !== "/held") {
      const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
        pull(controller) {
          pulledBytes += 64 * 1024;
          controller.enqueue(new Uint8Array(64 * 1024));
        },
      });
      return Promise.resolve({ status: 200, headers: [], body });
    }
    const { callerGone } = request;
    callerGone.addEventListener("abort", { handleEvent: left.resolve });
    return new Promise(() => {});
  };
  const listener = startTlsListener({
    ...servingOf(handler, { clock }),
    host: "127.0.0.1",
    port: 0,
    pair: PAIR,
  });
  const connection = await connectTls(listener.address.port, ["h2"]);
  const asked = Array.from(
    { length: 100 },
    (_, at) => get("/x", 2 * at + 3),
  );
  await writeAll(connection, TAKES_ALL + get("/held", 1) + asked.join(""));
  let isGone = false;
  void left.promise.then(() => isGone = true);
  // What the system takes without the caller takes a while.
  for (let turn = 0; turn < 200 && !isGone; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    await clock.advance(1_000);
  }
  assert.ok(isGone, "it is still there");
  assert.ok(pulledBytes < 64 * MIB, `${pulledBytes} bytes were asked for`);
  connection.close();
  await listener.shutdown();
});
