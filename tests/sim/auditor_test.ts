import assert from "node:assert/strict";
import { Auditor, type ReceivedRequest } from "../../sim/auditor.ts";

const POST = "POST /channels/{}/messages";

/** An executed message in channel "5" at time 0; a test names what differs. */
function requestOf(change: Partial<ReceivedRequest> = {}): ReceivedRequest {
  return {
    connection: 1,
    onConnection: 1,
    receivedAtMs: 0,
    arrivedAtMs: 0,
    answeredAtMs: undefined,
    method: "POST",
    target: "/api/v10/channels/5/messages",
    headers: [],
    body: new Uint8Array(0),
    bodyBytes: 0,
    bodySha256: "",
    status: 200,
    routeKey: POST,
    major: "5",
    executed: true,
    isDuplicate: false,
    scope: undefined,
    limitedBy: undefined,
    isInvalid: false,
    mark: undefined,
    fault: undefined,
    ...change,
  };
}

function auditOf(...marks: string[]): Auditor {
  const audit = new Auditor();
  for (const mark of marks) audit.arrived(requestOf({ mark }));
  return audit;
}

Deno.test("an expected mark that was never executed is lost", () => {
  const audit = auditOf("a1", "a3");
  audit.arrived(requestOf({ mark: "a2", executed: false, status: 429 }));
  assert.deepEqual(audit.report(["a1", "a2", "5 a3"]).lost, ["a2"]);
});

Deno.test("without expectations a gap in a stream is a loss", () => {
  const { lost, streams } = auditOf("a1", "a2", "a5").report();
  assert.deepEqual(lost, [`${POST} 5 a3`, `${POST} 5 a4`]);
  assert.deepEqual(streams[`${POST} 5 a`]?.missing, [3, 4]);
});

Deno.test("a mark executed twice is doubled, in another channel it is not", () => {
  const audit = auditOf("a1", "a1", "a2");
  audit.arrived(requestOf({ mark: "a2", major: "6" }));
  const report = audit.report();
  assert.deepEqual(report.doubled, ["5 a1"]);
  assert.deepEqual(report.streams[`${POST} 5 a`]?.doubled, [1]);
});

Deno.test("a message after a later one of its stream is reordered; streams are apart", () => {
  const { reordered } = auditOf("a1", "a3", "b1", "a2", "b2", "a4").report();
  assert.deepEqual(reordered, ["5 a2"]);
});

Deno.test("writes of other paths keep an order of their own", () => {
  const audit = new Auditor();
  const patch = (path: string, mark: string) =>
    audit.arrived(requestOf({
      method: "PATCH",
      routeKey: "PATCH /channels/{}/messages/{}",
      target: `/api/v10/channels/5/messages/${path}`,
      mark,
    }));
  patch("1", "a2");
  patch("2", "a1");
  assert.deepEqual(audit.report().reordered, []);
  patch("1", "a1");
  assert.deepEqual(audit.report().reordered, ["5 a1"]);
});

Deno.test("reads have no marks", () => {
  const audit = new Auditor();
  const read = requestOf({ method: "GET", mark: "a1" });
  audit.arrived(read);
  audit.arrived(read);
  assert.deepEqual(audit.report().doubled, []);
});

Deno.test("a mark nobody expected is named", () => {
  assert.deepEqual(auditOf("a1", "x9").report(["a1"]).unexpected, ["5 x9"]);
});

Deno.test("429s are counted by scope and by limiter, duplicates and invalid ones too", () => {
  const audit = new Auditor();
  for (
    const scope of ["user", "user", "global", "shared", "cloudflare"] as const
  ) {
    audit.arrived(
      requestOf({
        scope,
        limitedBy: scope,
        status: 429,
        executed: false,
        isInvalid: scope !== "shared",
      }),
    );
  }
  audit.arrived(requestOf({ isDuplicate: true, executed: false }));
  const { limited, limitedBy, invalid, byStatus, deduplicated } = audit
    .report();
  assert.deepEqual(limited, { user: 2, global: 1, shared: 1, cloudflare: 1 });
  assert.equal(limitedBy["user"], 2);
  assert.deepEqual([invalid, byStatus["429"], deduplicated], [4, 5, 1]);
});

Deno.test("the makespan runs from the first arrival to the last answer", () => {
  const audit = new Auditor();
  for (const arrivedAtMs of [10_000, 10_900, 11_899, 12_100]) {
    audit.arrived(requestOf({ arrivedAtMs }));
  }
  audit.answered(12_150);
  audit.answered(12_000);
  const report = audit.report();
  assert.equal(report.makespanMs, 2_150);
  assert.equal(report.peakPerSecond, 2); // 10,900 and 11,899, in two seconds of the clock.
  assert.equal(Math.round(report.perSecond * 1_000), 1_860);
});

Deno.test("a report of nothing is all zeros, and plain data", () => {
  const report = new Auditor().report();
  assert.equal(report.makespanMs, 0);
  assert.deepEqual(structuredClone(report), report);
});
