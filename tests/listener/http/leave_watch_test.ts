import assert from "node:assert/strict";
import type { HeaderList } from "../../../rest/domain/headers.ts";
import { LeaveWatch } from "../../../rest/listener/http/leave_watch.ts";
import { createManualClock } from "../../_manual_clock.ts";

/** Longer than anybody is left unwatched. */
const LONG_MS = 1_000;

const HTTP_1: HeaderList = [["host", "proxy"]];

function startWatch(fields = HTTP_1, method = "GET") {
  const clock = createManualClock();
  const caller = new AbortController();
  let asked = 0;
  const request = {
    method,
    get signal() {
      asked++;
      return caller.signal;
    },
  } as Request;
  let left = 0;
  const listener = { handleEvent: () => void left++ };
  const watch = new LeaveWatch(clock);
  const gone = watch.of(request, fields);
  return {
    clock,
    watch,
    caller,
    gone,
    listener,
    counts: () => ({ asked, left, timers: clock.timerCount }),
  };
}

Deno.test("who is answered soon costs the runtime no question", async () => {
  const { clock, watch, gone, listener, counts } = startWatch();
  gone.addEventListener("abort", listener);
  gone.removeEventListener("abort", listener);
  watch.rest();
  assert.equal(clock.timerCount, 0);
  await clock.advance(LONG_MS);
  assert.deepEqual(counts(), { asked: 0, left: 0, timers: 0 });
});

Deno.test("who waits is told of as soon as it leaves", async () => {
  const { clock, caller, gone, listener, counts } = startWatch();
  gone.addEventListener("abort", listener);
  await clock.advance(LONG_MS);
  assert.ok(!gone.aborted);
  caller.abort();
  assert.ok(gone.aborted);
  assert.deepEqual(counts(), { asked: 1, left: 1, timers: 0 });
});

Deno.test("who left before anybody asked is told of then", async () => {
  const { clock, caller, gone, listener, counts } = startWatch();
  gone.addEventListener("abort", listener);
  caller.abort();
  assert.equal(counts().left, 0);
  await clock.advance(LONG_MS);
  assert.deepEqual(counts(), { asked: 1, left: 1, timers: 0 });
});

Deno.test("nobody is told after it has stopped listening", async () => {
  const { clock, caller, gone, listener, counts } = startWatch();
  gone.addEventListener("abort", listener);
  await clock.advance(LONG_MS);
  gone.removeEventListener("abort", listener);
  caller.abort();
  assert.equal(counts().left, 0);
});

Deno.test("over HTTP/2, where nobody is told of who left before, it is asked at once", () => {
  const { caller, gone, listener, counts } = startWatch([]);
  gone.addEventListener("abort", listener);
  caller.abort();
  assert.deepEqual(counts(), { asked: 1, left: 1, timers: 0 });
});

Deno.test("of a write it is asked at once: its answer must not come before the news", () => {
  const { caller, gone, listener, counts } = startWatch(HTTP_1, "POST");
  gone.addEventListener("abort", listener);
  caller.abort();
  assert.deepEqual(counts(), { asked: 1, left: 1, timers: 0 });
});
