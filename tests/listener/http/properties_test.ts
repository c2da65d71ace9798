import assert from "node:assert/strict";
import { fc } from "../../deps.ts";
import { KEY, startBench } from "../_bench.ts";

/** Pinned, so that every run is the same one; change it to look elsewhere. */
const SEED = 20261121;

/** Pieces that paths go wrong with, and pieces of every day. */
const PIECES = [
  "/",
  "/",
  "/",
  "//",
  ".",
  "..",
  "/./",
  "/../",
  "\\",
  "%5c",
  "%2f",
  "%2F",
  "%2e",
  "%2E",
  "%252e",
  "%25",
  "%",
  "%0d%0a",
  "%00",
  "'",
  '"',
  "<",
  ">",
  "|",
  "^",
  "`",
  "{",
  "}",
  ";",
  ":",
  "@",
  "&",
  "=",
  "+",
  "~",
  "!",
  "$",
  "(",
  "*",
  "api",
  "v10",
  "v9",
  "v6",
  "v",
  "channels",
  "1234567890123456789",
  "messages",
  "%F0%9F%91%8D",
  "\xf0\x9f\x91\x8d",
  "name%3Aid",
  "@me",
  "key",
  "rep",
  "admin",
  "evil.example",
  "http:",
  "#",
];

const PREFIX = /^(?:\/api(?=\/))?(?:\/v([0-9]+)(?=\/))?/;

/** What a path could be taken for by a server that resolves it. */
function isDotted(path: string): boolean {
  let text = path;
  for (let depth = 0; depth < 4; depth++) {
    if (/(?:^|[/\\])\.{1,2}(?:[/\\]|$)/.test(text)) return true;
    try {
      text = decodeURIComponent(text);
    } catch {
      return false;
    }
  }
  return false;
}

/** Raw bytes beyond ASCII may cross percent-encoded, as every client sends them. */
function encoded(text: string): string {
  return text.replace(
    /[\x80-\xff]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

const target = fc.tuple(
  fc.constantFrom(
    "/",
    "/",
    "/api/v10/",
    "/v9/",
    "/api/",
    "//",
    "http://proxy/",
    "http://evil.example/",
    "http://proxy@x/",
  ),
  fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }),
  fc.option(fc.array(fc.constantFrom(...PIECES, "?"), { maxLength: 5 })),
).map(([start, path, query]) =>
  start + path.join("") + (query === null ? "" : `?${query.join("")}`)
);

Deno.test("any path and query crosses unchanged or touches no network", async () => {
  await using bench = await startBench();
  let crossed = 0;
  await fc.assert(
    fc.asyncProperty(target, async (sent) => {
      bench.submitted.length = 0;
      const { status, headers } = await bench.send(`GET ${sent}`);
      const [request] = bench.submitted;
      if (request === undefined) {
        assert.ok(status === 400 || status === 404, `${status}`);
        const signature = headers.find(([name]) => name === "x-rest-proxy")
          ?.[1];
        // A target that is none at all makes the request one that cannot be read.
        assert.match(
          signature ?? "none",
          /^(?:bad_path|bad_request|no_such_target)$/,
        );
        return;
      }
      crossed++;
      const { version, path, query } = request.target;
      const wanted = encoded(sent.replace(/^http:\/\/proxy(?=\/)/, ""));
      const prefix = PREFIX.exec(wanted);
      assert.equal((prefix?.[0] ?? "") + path + query, wanted);
      assert.equal(version, Number(prefix?.[1] ?? 10));
      assert.ok(!isDotted(path), path);
      assert.doesNotMatch(path, /\/\/|\\|#|\?/);
    }),
    { seed: SEED, numRuns: 1_500 },
  );
  // A run in which nothing crosses would prove only half of it.
  assert.ok(crossed > 150, `${crossed} crossed`);
});

const token = fc.stringMatching(/^[a-zA-Z0-9!#$%&'*+.^_`|~-]{1,10}$/);
/**
 * Field values as they stand on the wire: any byte but controls, no blank at
 * either end. Not empty: of a repeated field the runtime forgets the empty ones.
 */
const value = fc.stringMatching(
  /^[\x21-\x7e\x80-\xff](?:[\x20-\x7e\x80-\xff]{0,12}[\x21-\x7e\x80-\xff])?$/,
);

/** What the runtime or the listener reads for itself; it has tests of its own. */
const READ_HERE =
  /^(?:host|authorization|connection|content-length|transfer-encoding|expect|upgrade|cookie|x-rest-.*|priority|prefer)$/i;
const STAYS =
  /^(?:keep-alive|te|trailer|cookie2|origin|referer|forwarded|via|x-real-ip|idempotency-key|x-super-properties|x-fingerprint|x-debug-options|proxy-.*|sec-.*|x-forwarded-.*)$/;

Deno.test("any set of headers crosses by the table, every byte of it", async () => {
  await using bench = await startBench();
  const name = fc.oneof(
    token,
    fc.constantFrom(
      "Accept",
      "X-Audit-Log-Reason",
      "X-Forwarded-For",
      "Via",
      "Origin",
      "sec-fetch-mode",
      "Proxy-Authorization",
      "X-A",
      "x-a",
    ),
  ).filter((each) => !READ_HERE.test(each));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(name, value), { maxLength: 8 }),
      async (fields) => {
        bench.submitted.length = 0;
        const lines = fields.map(([each, text]) => `${each}: ${text}\r\n`).join(
          "",
        );
        await bench.send("GET /gateway", lines);
        const expected = new Map<string, string>();
        for (const [spelling, text] of fields) {
          const each = spelling.toLowerCase();
          if (STAYS.test(each)) continue;
          const before = expected.get(each);
          // Repeats are one list (RFC 9110, 5.3); the runtime joins them.
          expected.set(
            each,
            before === undefined ? text : `${before}, ${text}`,
          );
        }
        assert.deepEqual(
          new Map(bench.submitted[0]?.headers),
          expected,
        );
      },
    ),
    { seed: SEED, numRuns: 500 },
  );
});

Deno.test("no guess at the key opens, whatever is tried", async () => {
  await using bench = await startBench();
  const scheme = fc.constantFrom(
    "",
    "Bot ",
    "Bearer ",
    "Basic ",
    "bot  ",
    "Key ",
  );
  const near = fc.constantFrom(
    KEY.slice(1),
    KEY.slice(0, -1),
    KEY + KEY,
    KEY.toUpperCase(),
    `${KEY},${KEY}`,
    `${KEY} x`,
    `"${KEY}"`,
  );
  const header = fc.constantFrom("Authorization", "X-Rest-Authorization");
  await fc.assert(
    fc.asyncProperty(
      header,
      scheme,
      fc.oneof(near, value),
      async (name, prefix, guess) => {
        const { status } = await bench.sendRaw(
          `GET /gateway HTTP/1.1\r\nHost: proxy\r\n${name}: ${prefix}${guess}\r\n\r\n`,
        );
        assert.equal(status, 401);
      },
    ),
    { seed: SEED, numRuns: 300 },
  );
  assert.equal(bench.submitted.length, 0);
});
