import assert from "node:assert/strict";
import {
  nextTry,
  NO_RETRIES,
  type Repeat,
  RETRY_WINDOW_MS,
  type RetryCause,
  retryCauseOfFailure,
  retryCauseOfStatus,
  type RetryHistory,
} from "../../../rest/dispatcher/sending/retry.ts";
import { type Method, METHODS } from "../../../rest/domain/request.ts";
import { lost, timedOut, unsent } from "../_scripted_upstream.ts";

const NOW_MS = 1_000;
const UNSENT: RetryCause = { kind: "unsent", isRefused: false };
const REPEATED: RetryCause = { kind: "repeated", retryAfterMs: undefined };

/** Delays of one cause after the other, until there is no next try. */
function delaysOf(cause: RetryCause, random: number): number[] {
  const delays: number[] = [];
  let history: RetryHistory = NO_RETRIES;
  let nowMs = NOW_MS;
  for (;;) {
    const next = nextTry(cause, history, nowMs, () => random);
    if (next === undefined) return delays;
    delays.push(next.notBeforeMs - nowMs);
    nowMs = next.notBeforeMs;
    history = next.history;
  }
}

/** A request that Discord would not know again. */
function plain(method: Method): Repeat {
  return { method, isRecognised: false };
}

/** A message that it would. */
const MESSAGE: Repeat = { method: "POST", isRecognised: true };

Deno.test("retryCauseOfStatus() repeats a message that Discord knows again on every 5xx, and on nothing else", () => {
  for (let status = 200; status < 600; status++) {
    const isRetried =
      retryCauseOfStatus(MESSAGE, status, undefined) !== undefined;
    assert.equal(isRetried, status >= 500, `${status}`);
  }
});

Deno.test("retryCauseOfFailure() repeats a message that Discord knows again, whatever became of it", () => {
  for (const failure of [lost(), timedOut()]) {
    assert.deepEqual(retryCauseOfFailure(MESSAGE, failure), REPEATED);
  }
});

Deno.test("retryCauseOfStatus() repeats GET, PUT and DELETE on 502, 503, 504 and 520 to 524, and nothing else", () => {
  for (const method of METHODS) {
    for (let status = 200; status < 600; status++) {
      const isRetried =
        retryCauseOfStatus(plain(method), status, undefined) !== undefined;
      const isBadGateway = status >= 502 && status <= 504 ||
        status >= 520 && status <= 524;
      const isRepeatable = method !== "POST" && method !== "PATCH";
      assert.equal(
        isRetried,
        isBadGateway && isRepeatable,
        `${method} ${status}`,
      );
    }
  }
});

Deno.test("retryCauseOfFailure() lets every method try again where nothing was sent", () => {
  for (const method of METHODS) {
    const failure = unsent("ENETUNREACH");
    assert.deepEqual(
      retryCauseOfFailure(plain(method), failure),
      UNSENT,
      method,
    );
  }
});

Deno.test("retryCauseOfFailure() repeats what may have arrived for GET, PUT and DELETE alone", () => {
  for (const failure of [lost(), timedOut()]) {
    for (const method of ["GET", "PUT", "DELETE"] as const) {
      assert.deepEqual(
        retryCauseOfFailure(plain(method), failure),
        REPEATED,
        method,
      );
    }
    for (const method of ["POST", "PATCH"] as const) {
      assert.equal(
        retryCauseOfFailure(plain(method), failure),
        undefined,
        method,
      );
    }
  }
});

Deno.test("nextTry() repeats three times, 100 to 300 ms after the first answer and then doubled", () => {
  assert.deepEqual(delaysOf(REPEATED, 0), [100, 200, 400]);
  assert.deepEqual(delaysOf(REPEATED, 0.5), [200, 400, 800]);
  assert.ok((delaysOf(REPEATED, 0.999)[0] ?? 0) < 300);
});

Deno.test("nextTry() bridges about six seconds while nothing gets out", () => {
  assert.deepEqual(
    delaysOf(UNSENT, 0.5),
    [100, 200, 400, 800, 1_600, 3_200],
  );
});

Deno.test("nextTry() gives up within 2.3 s where the host refuses connections", () => {
  const refused = retryCauseOfFailure(plain("POST"), unsent("ECONNREFUSED"));
  assert.ok(refused !== undefined);
  assert.deepEqual(delaysOf(refused, 0.5), [100, 200, 400, 800]);
  const longest = delaysOf(refused, 0.999).reduce((sum, ms) => sum + ms);
  assert.ok(longest < 2_300, `${longest} ms`);
});

Deno.test("nextTry() waits a 503's Retry-After where it is longer than its own delay", () => {
  const tryAfter = (retryAfterMs: number) =>
    nextTry({ kind: "repeated", retryAfterMs }, NO_RETRIES, NOW_MS, () => 0.5)
      ?.notBeforeMs;
  assert.equal(tryAfter(0), NOW_MS + 200);
  assert.equal(tryAfter(2_000), NOW_MS + 2_000);
  assert.equal(tryAfter(RETRY_WINDOW_MS), NOW_MS + RETRY_WINDOW_MS);
  assert.equal(tryAfter(RETRY_WINDOW_MS + 1), undefined);
});

Deno.test("nextTry() begins no try later than half a minute after the first failure", () => {
  const history = { unsent: 1, repeated: 0, sinceMs: 0 };
  const at = (nowMs: number) => nextTry(REPEATED, history, nowMs, () => 0.5);
  assert.equal(at(RETRY_WINDOW_MS - 200)?.notBeforeMs, RETRY_WINDOW_MS);
  assert.equal(at(RETRY_WINDOW_MS - 199), undefined);
});

Deno.test("nextTry() counts unsent and repeated tries apart", () => {
  const history = { unsent: 6, repeated: 0, sinceMs: NOW_MS };
  assert.equal(nextTry(UNSENT, history, NOW_MS, () => 0.5), undefined);
  assert.notEqual(nextTry(REPEATED, history, NOW_MS, () => 0.5), undefined);
});
