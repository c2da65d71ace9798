import assert from "node:assert/strict";
import {
  END_HEADERS,
  END_STREAM,
  fieldBlock,
  frame,
  HEADERS,
  PREFACE,
} from "../../hostile/_http2.ts";
import { KEY } from "../_bench.ts";
import { writeAll } from "../_raw_http.ts";
import { claimDepartures, waitingQueue } from "./_departure_claims.ts";
import { WAYS } from "./_ways.ts";

for (const [name, open] of Object.entries(WAYS)) claimDepartures(name, open);

const OVER_HTTP2 = PREFACE + frame(
  HEADERS,
  END_STREAM | END_HEADERS,
  1,
  fieldBlock([
    [":method", "GET"],
    [":path", "/gateway"],
    [":scheme", "https"],
    [":authority", "x"],
    ["authorization", KEY],
  ]),
);

for (const how of ["closes", "says goodbye as TLS has it"]) {
  Deno.test(`over HTTP/2 a caller that ${how} while its request waits is noticed`, async () => {
    const queue = waitingQueue();
    await using way = await WAYS["tls"]?.({ submitter: queue.submitter });
    const connection = await way?.connect("h2");
    assert.ok(connection !== undefined);
    await writeAll(connection, OVER_HTTP2);
    await queue.here;
    if (how === "closes") connection.close();
    else await connection.closeWrite();
    await queue.left;
    queue.end();
    if (how !== "closes") connection.close();
  });
}
