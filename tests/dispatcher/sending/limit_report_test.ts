import assert from "node:assert/strict";
import { limitReportOf } from "../../../rest/dispatcher/sending/limit_report.ts";
import type { HeaderList } from "../../../rest/domain/headers.ts";
import { answerOf, streamOf } from "../_builders.ts";

const BUCKET: HeaderList = [
  ["x-ratelimit-bucket", "abcd1234"],
  ["x-ratelimit-limit", "5"],
  ["x-ratelimit-remaining", "4"],
  ["x-ratelimit-reset", "1777600001.000"],
  ["x-ratelimit-reset-after", "0.333"],
];

const VIA: HeaderList = [["via", "1.1 google"]];

function reportOf(status: number, headers: HeaderList, text?: string) {
  const answer = answerOf(
    status,
    text === undefined ? { headers } : { headers, text },
  );
  return limitReportOf(answer, 100, 150);
}

Deno.test("limitReportOf() tells the bucket in milliseconds, and when it was sent and answered", () => {
  assert.deepEqual(reportOf(200, BUCKET), {
    status: 200,
    sentAtMs: 100,
    receivedAtMs: 150,
    bucket: {
      hash: "abcd1234",
      limit: 5,
      remaining: 4,
      resetAtServerMs: 1_777_600_001_000,
      resetAfterMs: 333,
    },
    rateLimited: undefined,
    errorCode: undefined,
    isBucketGarbled: undefined,
    guilds: undefined,
    isCloudflare403: false,
  });
});

Deno.test("limitReportOf() tells no bucket at all where one of its headers is missing or nonsense", () => {
  for (const [name] of BUCKET) {
    const without = BUCKET.filter(([other]) => other !== name);
    assert.equal(reportOf(200, without).bucket, undefined, name);
    for (const value of ["", ...name.endsWith("bucket") ? [] : ["x", "-1"]]) {
      const wrong: HeaderList = [...without, [name, value]];
      assert.equal(reportOf(200, wrong).bucket, undefined, `${name}: ${value}`);
    }
  }
  const zero = BUCKET.map(([name, value]) =>
    [name, name === "x-ratelimit-limit" ? "0" : value] as const
  );
  assert.equal(reportOf(200, zero).bucket, undefined);
});

// The first column is the body, the second the header, the third the wait.
const WAITS: ReadonlyArray<
  readonly [number | undefined, string | undefined, number | undefined]
> = [
  [0.661, "1", 661],
  [64.57, "65", 64_570],
  [64.57, undefined, 64_570],
  [1.5, "2.5", 1_500],
  [1.5, "2.6", 2_600],
  [0.3, "600", 600_000],
  [600, "1", 600_000],
  [undefined, "12", 12_000],
  [undefined, "soon", undefined],
  [undefined, "Wed, 21 Oct 2015 07:28:00 GMT", undefined],
  [undefined, undefined, undefined],
];

Deno.test("limitReportOf() waits what the body says, unless the header says over a second more", () => {
  for (const [body, header, waitMs] of WAITS) {
    const headers: HeaderList = header === undefined
      ? VIA
      : [...VIA, ["retry-after", header]];
    const text = JSON.stringify({ message: "slow", retry_after: body });
    const report = reportOf(429, headers, text);
    assert.equal(report.rateLimited?.retryAfterMs, waitMs, `${body} ${header}`);
  }
});

Deno.test("limitReportOf() reads the scope, and a global 429 that names none", () => {
  const scopeWith = (field: readonly [string, string]) =>
    reportOf(429, [field]).rateLimited?.scope;
  assert.equal(scopeWith(["x-ratelimit-scope", "user"]), "user");
  assert.equal(scopeWith(["x-ratelimit-scope", "shared"]), "shared");
  assert.equal(scopeWith(["x-ratelimit-scope", "global"]), "global");
  assert.equal(scopeWith(["x-ratelimit-global", "true"]), "global");
  assert.equal(scopeWith(["x-ratelimit-scope", "lunar"]), undefined);
});

Deno.test("limitReportOf() takes a 429 for Cloudflare's only with no Via, no limit header and no wait in its body", () => {
  const blockOf = (headers: HeaderList, text: string) =>
    reportOf(429, headers, text).rateLimited?.isCloudflareBlock;
  const banned = '{"code":0,"message":"You are being blocked"}';
  assert.ok(blockOf([], banned));
  assert.ok(blockOf([["retry-after", "60"]], "error code: 1015"));
  assert.ok(blockOf([["content-type", "text/html"]], "<html>"));
  assert.ok(blockOf(VIA, banned) === false);
  assert.ok(blockOf([["x-ratelimit-scope", "user"]], banned) === false);
  assert.ok(blockOf([["x-ratelimit-global", "true"]], banned) === false);
  assert.ok(blockOf([], '{"retry_after":1.5}') === false);
  assert.ok(blockOf([], '{"message":"slow","global":true}') === false);
});

interface Said {
  readonly scope?: "user" | "global" | "shared" | "lunar";
  readonly global?: "true" | "false";
  readonly body?: Readonly<Record<string, unknown>>;
}

// What the two headers and the body say, and whose limit it is then.
const SCOPES: ReadonlyArray<readonly [Said, string | undefined]> = [
  [{}, undefined],
  [{ body: { global: false } }, undefined],
  [{ body: { global: "true" } }, undefined],
  [{ body: { global: true } }, "global"],
  [{ global: "true" }, "global"],
  [{ global: "true", body: { global: false } }, "global"],
  [{ global: "false" }, undefined],
  [{ global: "false", body: { global: true } }, "global"],
  [{ scope: "global" }, "global"],
  [{ scope: "global", body: { global: false } }, "global"],
  [{ scope: "global", global: "true", body: { global: true } }, "global"],
  [{ scope: "user", body: { global: false } }, "user"],
  [{ scope: "user", body: { global: true } }, "global"],
  [{ scope: "user", global: "true" }, "global"],
  [{ scope: "shared", body: { global: false } }, "shared"],
  [{ scope: "shared", body: { global: true } }, "global"],
  [{ scope: "lunar", body: { global: false } }, undefined],
  [{ scope: "lunar", body: { global: true } }, "global"],
];

Deno.test("limitReportOf() takes a 429 for global where a header or its body says so", () => {
  for (const [{ scope, global, body }, expected] of SCOPES) {
    const headers: HeaderList = [
      ...VIA,
      ...scope === undefined ? [] : [["x-ratelimit-scope", scope] as const],
      ...global === undefined ? [] : [["x-ratelimit-global", global] as const],
    ];
    const text = JSON.stringify({ message: "slow", retry_after: 1, ...body });
    const { rateLimited } = reportOf(429, headers, text);
    const told = JSON.stringify({ scope, global, body });
    assert.equal(rateLimited?.scope, expected, told);
    assert.equal(rateLimited?.retryAfterMs, 1_000, told);
  }
});

Deno.test("limitReportOf() waits on a shared or global 429 as its body says, whatever its bucket shows", () => {
  const bucket: HeaderList = [
    ...VIA,
    ...BUCKET,
    ["retry-after", "1337"],
  ];
  for (const scope of ["shared", "global"]) {
    const text = '{"message":"slow","retry_after":1336.57,"global":false}';
    const headers: HeaderList = [...bucket, ["x-ratelimit-scope", scope]];
    const { rateLimited } = reportOf(429, headers, text);
    assert.equal(rateLimited?.retryAfterMs, 1_336_570);
    assert.equal(rateLimited.scope, scope);
  }
});

Deno.test("limitReportOf() reads Discord's code of any 4xx, and of nothing else", () => {
  const text = '{"message":"Unknown Webhook","code":10015}';
  assert.equal(reportOf(404, VIA, text).errorCode, 10_015);
  assert.equal(reportOf(429, VIA, text).errorCode, 10_015);
  assert.equal(reportOf(200, VIA, text).errorCode, undefined);
  assert.equal(reportOf(500, VIA, text).errorCode, undefined);
  assert.equal(reportOf(404, VIA, '{"code":"10015"}').errorCode, undefined);
  assert.equal(reportOf(404, VIA, "[10015]").errorCode, undefined);
  assert.equal(reportOf(404, VIA, '{"code":').errorCode, undefined);
  assert.equal(reportOf(404, VIA, "").errorCode, undefined);
  assert.equal(reportOf(404, VIA).errorCode, undefined);
});

Deno.test("limitReportOf() leaves an error's body alone where it streams or is over 64 KiB", () => {
  const { stream } = streamOf([new Uint8Array(4)]);
  const streaming = answerOf(404, { body: stream });
  assert.equal(limitReportOf(streaming, 0, 0).errorCode, undefined);
  assert.ok(stream.locked === false);

  const sized = (bytes: number) => {
    const json = '{"code":10015,"message":""}';
    return json.replace('""', `"${"x".repeat(bytes - json.length)}"`);
  };
  assert.equal(reportOf(404, [], sized(65_536)).errorCode, 10_015);
  assert.equal(reportOf(404, [], sized(65_537)).errorCode, undefined);
});

Deno.test("limitReportOf() tells a 403 of Cloudflare's from a missing permission", () => {
  const blocked = '{"message":"internal network error","code":40333}';
  const forbidden = '{"message":"Missing Permissions","code":50013}';
  const html: HeaderList = [["content-type", "text/html; charset=UTF-8"]];
  assert.ok(reportOf(403, [], blocked).isCloudflare403);
  assert.ok(reportOf(403, html, "<html>").isCloudflare403);
  assert.ok(reportOf(403, VIA, forbidden).isCloudflare403 === false);
  assert.ok(reportOf(404, html, "<html>").isCloudflare403 === false);
});
