import assert from "node:assert/strict";
import { limitReportOf } from "../../../rest/dispatcher/sending/limit_report.ts";
import type { HeaderList } from "../../../rest/domain/headers.ts";
import type { LimitReport } from "../../../rest/domain/limit_report.ts";
import { answerOf } from "../_builders.ts";

const WEEK_MS = 604_800_000;

// Values no server in its right mind sends, and what becomes of the bucket.
const GARBLED: readonly (readonly [name: string, value: string])[] = [
  ["limit", "0"],
  ["limit", "-1"],
  ["limit", "1e9"],
  ["limit", "NaN"],
  ["limit", "4.5"],
  ["limit", "9999999999999999"],
  ["remaining", "-1"],
  ["remaining", "1.5"],
  ["remaining", "Infinity"],
  ["reset", "1e300"],
  ["reset-after", "-0.5"],
  ["reset-after", "604801"],
  ["reset-after", "999999999999999"],
];

for (const [name, value] of GARBLED) {
  Deno.test(`limitReportOf() takes a ${name} of ${value} for a bucket it cannot read, not for none`, () => {
    const report = reportOf(200, { [name]: value });
    assert.equal(report.bucket, undefined);
    assert.ok(report.isBucketGarbled);
  });
}

Deno.test("limitReportOf() takes an answer that names no bucket for just that", () => {
  const answer = answerOf(200, { headers: [["via", "1.1 google"]] });
  assert.equal(limitReportOf(answer, 100, 150).isBucketGarbled, undefined);
});

Deno.test("limitReportOf() believes in no more tokens than the limit", () => {
  assert.equal(reportOf(200, { remaining: "9" }).bucket?.remaining, 5);
});

Deno.test("limitReportOf() believes no wait above a week, from the header or the body", () => {
  const headers: HeaderList = [["via", "1.1 google"]];
  for (
    const [text, header, waitMs] of [
      ["{}", "999999999999999", undefined],
      [LONG, "1", 1_000],
      ["{}", "604800", WEEK_MS],
    ] as const
  ) {
    const answer = answerOf(429, {
      headers: [...headers, ["retry-after", header]],
      text,
    });
    const { rateLimited } = limitReportOf(answer, 100, 150);
    assert.equal(rateLimited?.retryAfterMs, waitMs);
  }
});

const LONG = '{"retry_after":1e308}';

function reportOf(
  status: number,
  change: Readonly<Record<string, string>>,
): LimitReport {
  const values = {
    bucket: "abcd1234",
    limit: "5",
    remaining: "4",
    reset: "1777600001.000",
    "reset-after": "0.333",
    ...change,
  };
  const headers = Object.entries(values).map(([name, value]) =>
    [`x-ratelimit-${name}`, value] as const
  );
  return limitReportOf(answerOf(status, { headers }), 100, 150);
}
