import assert from "node:assert/strict";
import { gzipSync } from "../../deps.ts";
import { limitReportOf } from "../../rest/dispatcher/sending/limit_report.ts";
import { plainBodyOf } from "../../rest/upstream/plain_body.ts";
import { KEY, startTestProxy } from "../_proxy.ts";

const LIMITED = `{"message":"…","retry_after":0.35,"global":false}`;
const GZIPPED = new Uint8Array(gzipSync(new TextEncoder().encode(LIMITED)));

Deno.test("plainBodyOf() reads a gzipped error", () => {
  const plain = plainBodyOf(429, [["content-encoding", "gzip"]], GZIPPED);
  assert.equal(new TextDecoder().decode(plain), LIMITED);
});

Deno.test("plainBodyOf() leaves alone what is no error, not compressed, or not what it says", () => {
  const gzip = [["content-encoding", "gzip"]] as const;
  assert.equal(plainBodyOf(200, gzip, GZIPPED), undefined);
  assert.equal(plainBodyOf(429, [], GZIPPED), undefined);
  assert.equal(plainBodyOf(429, gzip, new Uint8Array([1, 2])), undefined);
  assert.equal(
    plainBodyOf(429, [["content-encoding", "rot13"]], GZIPPED),
    undefined,
  );
});

Deno.test("plainBodyOf() does not unpack an error that blows up beyond 64 KiB", () => {
  const bomb = new Uint8Array(gzipSync(new Uint8Array(64 * 1024 + 1)));
  const fits = new Uint8Array(gzipSync(new Uint8Array(64 * 1024)));
  const headers = [["content-encoding", "gzip"]] as const;
  assert.equal(plainBodyOf(400, headers, bomb), undefined);
  assert.equal(plainBodyOf(400, headers, fits)?.length, 64 * 1024);
});

Deno.test("a 429's exact wait is read out of a compressed body", () => {
  const report = limitReportOf(
    {
      status: 429,
      headers: [
        ["content-type", "application/json"],
        ["content-encoding", "gzip"],
        ["retry-after", "1"],
        ["via", "1.1 google"],
      ],
      body: GZIPPED,
      plainBody: new TextEncoder().encode(LIMITED),
    },
    0,
    1,
  );
  assert.equal(report.rateLimited?.retryAfterMs, 350);
});

Deno.test("a caller that takes gzip gets a compressed error as it came", async () => {
  await using test = await startTestProxy({
    sim: { answers: { isGzipped: true } },
  });
  const response = await fetch(
    `${test.url}/webhooks/100000000000000000/bad-token`,
    {
      headers: { "x-rest-authorization": KEY, "accept-encoding": "gzip" },
      method: "PUT",
    },
  );
  const text = await response.text();
  assert.equal(response.headers.get("content-encoding"), "gzip");
  assert.ok(text.startsWith("{"), text.slice(0, 20));
});
