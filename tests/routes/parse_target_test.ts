import assert from "node:assert/strict";
import { parseTarget } from "../../rest/routes/parse_target.ts";
import { fc } from "../deps.ts";

const SEED = 20_261_121;

Deno.test("parseTarget() reads the four shapes of a path as one route", () => {
  const shapes: [raw: string, version: number][] = [
    ["/api/v9/channels/1/messages?limit=2", 9],
    ["/api/channels/1/messages?limit=2", 10],
    ["/v9/channels/1/messages?limit=2", 9],
    ["/channels/1/messages?limit=2", 10],
  ];
  for (const [raw, version] of shapes) {
    assert.deepEqual(parseTarget(raw, 10), {
      ok: true,
      target: { version, path: "/channels/1/messages", query: "?limit=2" },
    }, raw);
  }
});

Deno.test("parseTarget() hands path and query on byte for byte", () => {
  const spelt = [
    "/channels/1/messages/2/reactions/%F0%9F%91%8D/@me",
    "/channels/1/messages/2/reactions/%f0%9f%91%8d/@me",
    "/channels/1/messages/2/reactions/name%3Aid/@me",
    "/channels/1/messages/2/reactions/name:id/@me",
    // A keycap emoji begins with an encoded #.
    "/channels/1/messages/2/reactions/%23%EF%B8%8F%E2%83%A3/@me",
    "/guilds/1/members/search?query='o%27x'&query=%20&query=\\/#".slice(0, -1),
    "/guilds/1/bans?",
    "/users/%40me",
    "/guilds/1/widget.png?style=banner2",
    "/guilds/1/roles/",
    "/a/...",
    "/a/.b/c.",
    "/a/.b;c/..d;",
    "/a/b;c=d/e",
    // The first and the last character of three and of four bytes, and the first of two.
    "/a/%C2%80%E0%A0%80%EF%BF%BF%F0%90%80%80%F4%8F%BF%BF",
    "/a/%",
    "/a/%zz",
    "/a/100%25",
    "/a/!\"$&'()*+,;<=>[]^_`{|}~",
    "/v10x/a",
    "/apiary/a",
    "/API/V10/a",
  ];
  for (const raw of spelt) {
    const parsed = parseTarget(raw, 10);
    assert.ok(parsed.ok, raw);
    assert.equal(parsed.target.path + parsed.target.query, raw);
  }
});

Deno.test("parseTarget() percent-encodes raw non-ASCII and nothing else", () => {
  const parsed = parseTarget("/reactions/👍:%41'/@me?query=é'%41", 10);
  assert.ok(parsed.ok);
  assert.equal(parsed.target.path, "/reactions/%F0%9F%91%8D:%41'/@me");
  assert.equal(parsed.target.query, "?query=%C3%A9'%41");
});

Deno.test("parseTarget() takes versions 8 to 99 and says why not 6 and 7", () => {
  const problemOf = (raw: string) => {
    const parsed = parseTarget(raw, 10);
    return parsed.ok ? undefined : parsed.problem;
  };
  assert.equal(problemOf("/v8/a"), undefined);
  assert.equal(problemOf("/api/v99/a"), undefined);
  assert.equal(
    problemOf("/api/v6/a"),
    "API v6 gives its limits in milliseconds, which is not supported; use v8 or later, or leave the version out",
  );
  assert.match(problemOf("/v7/a") ?? "", /^API v7 gives its limits in milli/);
  for (const version of ["0", "5", "100", "010", "9".repeat(400)]) {
    assert.equal(
      problemOf(`/v${version}/a`),
      `API v${
        version.slice(0, 8)
      } is not served; use v8 or later, or leave the version out`,
    );
  }
});

Deno.test("parseTarget() refuses a prefix that is there twice, and says which line is wanted", () => {
  const twice: [raw: string, wanted: string][] = [
    ["/api/v10/v10/users/@me", "/api/v10/…"],
    ["/api/v10/v9/users/@me?x", "/api/v9/…"],
    ["/v10/v10/users/@me", "/api/v10/…"],
    ["/api/api/v9/users/@me", "/api/v9/…"],
    ["/api/v9/api/v9/users/@me", "/api/v9/…"],
    ["/v9/api/users/@me", "/api/v9/…"],
    ["/api/api/users/@me", "/api/v10/…"],
    ["/api/v10/v10", "/api/v10/…"],
  ];
  for (const [raw, wanted] of twice) {
    assert.deepEqual(parseTarget(raw, 10), {
      ok: false,
      problem: "it has /api or the version twice: want " + wanted +
        " once; let the library's base URL end before what the library adds, such as http://host:8000/api for discord.js and http://host:8000 for discordeno",
    }, raw);
  }
});

const DOTS = "it has a dot segment (. or ..)";
const ENCODED = "it has an encoded slash, backslash or control character";
const OVERLONG =
  "it has an overlong UTF-8 sequence, which some servers read as a dot or a slash";
const EMPTY =
  "it has an empty segment (//); look for a base URL that ends in /";
const RAW =
  "it has a blank, a # or a control character that is not percent-encoded";
const NOWHERE = "it names no route";

Deno.test("parseTarget() refuses what a server could resolve to another path", () => {
  const refused: [raw: string, problem: string][] = [
    ["/a/../b", DOTS],
    ["/a/..", DOTS],
    ["/a/./b", DOTS],
    ["/../a", DOTS],
    ["/v10/../../a", DOTS],
    ["/a/%2e%2e/b", DOTS],
    ["/a/%2E./b", DOTS],
    ["/a/.%2e", DOTS],
    ["/a/%2E/b", DOTS],
    ["/a/%252e%252E/b", DOTS],
    ["/a/%25%32%65%2e/b", DOTS],
    ["/a/%25252e/b", DOTS],
    ["/a/%25252525252e/b", "it is percent-encoded more than 3 times over"],
    ["/a/..;/b", DOTS],
    ["/a/.;/b", DOTS],
    ["/a/..;", DOTS],
    ["/a/..;x=1;y/b", DOTS],
    ["/a/%2e%2e;/b", DOTS],
    ["/a/..%3b/b", DOTS],
    ["/a/%2e%2e%253B/b", DOTS],
    ["/a/%c0%ae%c0%ae/b", OVERLONG],
    ["/a/%C0%AE/b", OVERLONG],
    ["/a/.%c0%ae/b", OVERLONG],
    ["/a%c0%afb", OVERLONG],
    ["/a%c1%9cb", OVERLONG],
    ["/a/%25c0%25ae/b", OVERLONG],
    ["/a/%e0%80%ae/b", OVERLONG],
    ["/a/%E0%9F%BF/b", OVERLONG],
    ["/a/%f0%80%80%ae/b", OVERLONG],
    ["/a/%f0%8f%bf%bf/b", OVERLONG],
    ["/a/%f8%80%80%80%ae/b", OVERLONG],
    ["/a/%fc%80%80%80%80%ae/b", OVERLONG],
    ["/a/..%2fb", ENCODED],
    ["/a%2Fb", ENCODED],
    ["/a%252Fb", ENCODED],
    ["/a%5cb", ENCODED],
    ["/a%255Cb", ENCODED],
    ["/a%00", ENCODED],
    ["/a%0d%0aX-Y:1", ENCODED],
    ["/a%7f", ENCODED],
    ["/a\\b", "it has a backslash"],
    ["/a/..\\b", "it has a backslash"],
    ["//evil.example/a", EMPTY],
    ["/api//v10/a", EMPTY],
    ["/v10//a", EMPTY],
    ["/a//b", EMPTY],
    ["/a//", EMPTY],
    ["/a#b", RAW],
    ["/a?b#c", RAW],
    ["/a b", RAW],
    ["/a?b c", RAW],
    ["/a\u0000", RAW],
    ["/a\r\nX-Y: 1", RAW],
    ["/a?b=\r\n", RAW],
    ["/a\u007f", RAW],
    ["/a\ud83d", "it has half a character (a lone surrogate)"],
    ["/a?\udc4d", "it has half a character (a lone surrogate)"],
    ["", "it does not begin with /"],
    ["*", "it does not begin with /"],
    ["a/b", "it does not begin with /"],
    ["http://discord.com/api/v10/a", "it does not begin with /"],
    ["/", NOWHERE],
    ["/?a", NOWHERE],
    ["/api", NOWHERE],
    ["/api/", NOWHERE],
    ["/api/v10", NOWHERE],
    ["/api/v10/?a", NOWHERE],
    ["/v10?a", NOWHERE],
  ];
  for (const [raw, problem] of refused) {
    assert.deepEqual(parseTarget(raw, 10), { ok: false, problem }, raw);
  }
});

Deno.test("parseTarget() takes 16,384 characters and not one more", () => {
  const longest = "/" + "a".repeat(16_383);
  assert.ok(parseTarget(longest, 10).ok);
  assert.deepEqual(parseTarget(longest + "a", 10), {
    ok: false,
    problem: "it has 16385 characters, at most 16384 are taken",
  });
});

/** Pieces that mean something to a path, so that random paths meet every rule. */
const raws = fc.array(
  fc.oneof(
    fc.constantFrom(
      ..."/ // . .. ; api v9 v10 v6 %c0%ae %3b %2e %2E %252e \\ %5c %2f ? # % 25 %25 @me é 👍 a channels 1 ' & = : ;"
        .split(" "),
      " ",
      "\u0000",
      "\ud800",
    ),
    fc.string(),
  ),
  { maxLength: 12 },
).map((pieces) => "/" + pieces.join(""));

Deno.test("parseTarget() either keeps what follows the version or refuses it", () => {
  fc.assert(
    fc.property(raws, (raw) => {
      const parsed = parseTarget(raw, 10);
      if (!parsed.ok) return;
      const { path, query } = parsed.target;
      // deno-lint-ignore no-control-regex
      const ascii = raw.replace(/[^\x00-\x7f]+/g, encodeURIComponent);
      assert.ok(ascii.endsWith(path + query));
      const front = ascii.slice(0, ascii.length - (path + query).length);
      assert.match(front, /^(\/api)?(\/v\d+)?$/);
    }),
    { seed: SEED, numRuns: 5_000 },
  );
});

Deno.test("no path that parseTarget() lets through is resolved to another one", () => {
  fc.assert(
    fc.property(raws, (raw) => {
      const parsed = parseTarget(raw, 10);
      if (!parsed.ok) return;
      const { version, path, query } = parsed.target;
      const base = `https://discord.com/api/v${version}`;
      const url = new URL(base + path + query);
      const resolved = decodeTwice(url.pathname);
      const intended = decodeTwice(`/api/v${version}${path}`);
      assert.equal(url.host, "discord.com");
      assert.equal(resolved, intended);
      assert.equal(
        url.pathname.split("/").length,
        resolved.split("/").length,
      );
    }),
    { seed: SEED, numRuns: 5_000 },
  );
});

Deno.test("parseTarget() reads its own result as the same target", () => {
  fc.assert(
    fc.property(raws, (raw) => {
      const parsed = parseTarget(raw, 10);
      if (!parsed.ok) return;
      const { version, path, query } = parsed.target;
      assert.deepEqual(parseTarget(`/v${version}${path}${query}`, 8), parsed);
    }),
    { seed: SEED, numRuns: 2_000 },
  );
});

/** What two careless decoders in a row would make of a path. */
function decodeTwice(path: string): string {
  const once = (text: string) =>
    text.replace(
      /%([0-7][0-9a-f])/gi,
      (_, hex) => String.fromCharCode(parseInt(hex, 16)),
    );
  return once(once(path));
}
