import assert from "node:assert/strict";
import { KEY, startBench } from "../_bench.ts";
import { readResponse, writeAll } from "../_raw_http.ts";

const HALF =
  `POST /channels/1/messages HTTP/1.1\r\nHost: proxy\r\nAuthorization: ${KEY}\r\n` +
  "Content-Length: 2\r\n\r\n{";

Deno.test("requests that come alone set one timer for all, which ends as the door closes", async () => {
  await using bench = await startBench();
  for (let turn = 0; turn < 20; turn++) {
    await bench.send(
      "POST /channels/1/messages",
      "Content-Length: 2\r\n",
      "{}",
    );
  }
  assert.equal(bench.submitted.length, 20);
  assert.equal(bench.clock.timersSet, 1);
  bench.close();
  assert.equal(bench.clock.timerCount, 0);
});

Deno.test("a door that closes on a body keeps its timer until that is done", async () => {
  await using bench = await startBench();
  using connection = await Deno.connect({
    hostname: "127.0.0.1",
    port: bench.port,
  });
  await writeAll(connection, HALF);
  for (let turn = 0; turn < 100 && bench.clock.timerCount === 0; turn++) {
    await bench.send("GET /gateway");
  }
  bench.close();
  assert.equal(bench.clock.timerCount, 1);
  await writeAll(connection, "}");
  assert.equal((await readResponse(connection)).status, 200);
  assert.equal(bench.clock.timerCount, 0);
});
