import assert from "node:assert/strict";
import type { Answer } from "../../../rest/domain/answer.ts";
import type { Submitter } from "../../../rest/domain/ports.ts";
import { Refusal } from "../../../rest/domain/refusal.ts";
import { startTlsListener } from "../../../rest/listener/transport/listen_tls.ts";
import {
  DATA,
  END_HEADERS,
  END_STREAM,
  fieldBlock,
  frame,
  HEADERS,
  PREFACE,
  RST_STREAM,
} from "../../hostile/_http2.ts";
import { connectTls, PAIR } from "../../tls/_callers.ts";
import { KEY, startBench } from "../_bench.ts";
import { writeAll } from "../_raw_http.ts";
import { servingOf } from "../_serve.ts";

const BODY = '{"content":"b#0"}';
const HEAD = frame(
  HEADERS,
  END_HEADERS,
  1,
  fieldBlock([
    [":method", "POST"],
    [":scheme", "https"],
    [":authority", "proxy"],
    [":path", "/channels/1/messages"],
    ["authorization", KEY],
    ["content-type", "application/json"],
  ]),
);
const CANCEL = "\0\0\0\x08";

/** How a caller goes away after its request, and what it sent in one write each. */
const ENDINGS: Readonly<
  Record<string, (connection: Deno.TlsConn) => Promise<void>>
> = {
  "resets its stream": (connection) =>
    writeAll(connection, frame(RST_STREAM, 0, 1, CANCEL)),
  "closes its connection": (connection) => {
    connection.close();
    return Promise.resolve();
  },
};

const WRITES: Readonly<Record<string, readonly string[]>> = {
  "in one segment": [PREFACE + HEAD + frame(DATA, END_STREAM, 1, BODY)],
  "with its body in a later segment": [
    PREFACE + HEAD,
    frame(DATA, END_STREAM, 1, BODY),
  ],
  "with a body in two pieces, and its end in a third": [
    PREFACE + HEAD,
    frame(DATA, 0, 1, BODY.slice(0, 5)),
    frame(DATA, 0, 1, BODY.slice(5)),
    frame(DATA, END_STREAM, 1),
  ],
};

for (const [how, writes] of Object.entries(WRITES)) {
  for (const [what, leave] of Object.entries(ENDINGS)) {
    Deno.test(`over HTTP/2 a caller that ${what} after a request ${how} is noticed`, async () => {
      const here = Promise.withResolvers<void>();
      const left = Promise.withResolvers<void>();
      const settling = Promise.withResolvers<Answer>();
      const submitter: Submitter = {
        submit(_request, callerGone) {
          callerGone?.addEventListener("abort", { handleEvent: left.resolve });
          here.resolve();
          return { answer: settling.promise, cancel: () => "done" };
        },
      };
      await using bench = await startBench({ submitter });
      const listener = startTlsListener({
        ...servingOf(bench.endpoint),
        host: "127.0.0.1",
        port: 0,
        pair: PAIR,
      });
      const connection = await connectTls(listener.address.port, ["h2"]);
      for (const text of writes) {
        await writeAll(connection, text);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      await here.promise;
      await leave(connection);
      await left.promise;
      settling.reject(new Refusal("cancelled", "Its caller left"));
      if (what === "resets its stream") connection.close();
      await listener.shutdown();
      assert.equal(bench.facts.length, 0);
    });
  }
}
