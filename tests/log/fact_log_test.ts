import assert from "node:assert/strict";
import type { LogLevelName } from "../../rest/config/settings.ts";
import type { Fact } from "../../rest/domain/fact.ts";
import { createFactLog } from "../../rest/log/fact_log.ts";

const ANSWERED: Fact = {
  kind: "answered",
  bot: "main",
  label: "POST /channels/{channel_id}/messages",
  caller: "main/shard-1",
  status: 200,
  waitMs: 12.4,
  waitReason: "bucket",
  sendMs: 80.6,
  attempts: 2,
};
const RATE_LIMITED: Fact = {
  kind: "rate_limited",
  bot: "main",
  label: "GET /users/@me",
  scope: "shared",
  retryAfterMs: 1_500.2,
};
const REFUSED: Fact = {
  kind: "refused",
  code: "overloaded",
  label: "GET /users/@me",
  caller: "main/shard-1",
};
const WARNING: Fact = { kind: "warning", message: "Something is odd" };
const UNSPOKEN: readonly Fact[] = [
  { kind: "queued", bot: "main", label: "GET /users/@me", caller: "main" },
  {
    kind: "leased",
    bot: "main",
    label: "GET /users/@me",
    waitMs: 1,
    attempt: 1,
  },
];

Deno.test("an answered request is one line at debug, with route, status, times and attempts", () => {
  const [line = "", ...others] = linesOf("debug", [ANSWERED]);
  assert.deepEqual(others, []);
  const { message, level, properties } = JSON.parse(line);
  assert.equal(level, "DEBUG");
  assert.equal(
    message,
    "POST /channels/{channel_id}/messages: 200, waited 12 ms for bucket, sent 81 ms, 2 attempts",
  );
  assert.deepEqual(properties, {
    event: "answered",
    route: "POST /channels/{channel_id}/messages",
    status: 200,
    waitMs: 12,
    waitReason: "bucket",
    sendMs: 81,
    attempts: 2,
    caller: "main/shard-1",
  });
});

Deno.test("a refusal, a 429 and a warning are one line each at warn", () => {
  const lines = linesOf("warn", [REFUSED, RATE_LIMITED, WARNING]);
  const spoken = lines.map((line) => {
    const { level, message } = JSON.parse(line);
    return [level, message];
  });
  assert.deepEqual(spoken, [
    ["WARN", "GET /users/@me: refused with overloaded for main/shard-1"],
    [
      "WARN",
      "GET /users/@me: Discord answered 429, scope shared, retry after 1500 ms",
    ],
    ["WARN", "Something is odd"],
  ]);
});

Deno.test("how a cluster stands is one line, at warn where Redis or another proxy does not answer", () => {
  const fact: Fact = {
    kind: "cluster",
    owned: 21,
    scopes: 64,
    peers: 2,
    silent: 0,
    isStoreAway: false,
  };
  const lines = linesOf("info", [
    fact,
    { ...fact, silent: 1 },
    { ...fact, peers: 1, isStoreAway: true },
  ]);
  const spoken = lines.map((line) => {
    const { level, message } = JSON.parse(line);
    return `${level} ${message}`;
  });
  assert.deepEqual(spoken, [
    "INFO This proxy sends for 21 of 64 scopes, beside 2 other proxies",
    "WARN This proxy sends for 21 of 64 scopes, beside 2 other proxies, 1 of which cannot be reached",
    "WARN Redis does not answer; this proxy sends for 21 of 64 scopes, beside 1 other proxy",
  ]);
});

Deno.test("a level silences what lies below it", () => {
  const all = [ANSWERED, REFUSED, RATE_LIMITED, WARNING, ...UNSPOKEN];
  assert.equal(linesOf("debug", all).length, 4);
  assert.equal(linesOf("info", all).length, 3);
  assert.equal(linesOf("warn", all).length, 3);
  assert.equal(linesOf("error", all).length, 0);
});

Deno.test("a caller's name cannot begin a line or a colour of its own", () => {
  const fact: Fact = { ...REFUSED, caller: "a\n\u001b[31mFAKE" };
  for (const format of ["pretty", "json"] as const) {
    const lines: string[] = [];
    createFactLog("warn", format, (line) => lines.push(line))(fact);
    const text = lines.join("");
    assert.ok(!text.includes("\n"), text);
    assert.ok(!text.includes("\u001b[31mFAKE"), text);
  }
});

Deno.test("a pretty line tells people the same as a json line", () => {
  const lines: string[] = [];
  createFactLog("warn", "pretty", (line) => lines.push(line))(REFUSED);
  assert.match(
    lines.join(""),
    /WRN.* GET \/users\/@me: refused with overloaded for main\/shard-1$/,
  );
});

function linesOf(level: LogLevelName, facts: readonly Fact[]): string[] {
  const lines: string[] = [];
  const tell = createFactLog(level, "json", (line) => lines.push(line));
  for (const fact of facts) tell(fact);
  return lines;
}
