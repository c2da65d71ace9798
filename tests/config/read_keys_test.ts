import assert from "node:assert/strict";
import type { KeyEntry } from "../../rest/domain/access.ts";
import { readKeys } from "../../rest/config/read_keys.ts";
import { fileOf, missing } from "./_files.ts";

const FILE = "REST_KEYS_FILE";
const HASH = "0123456789abcdef".repeat(4);
const BOTS = ["main", "second"];
const KEY = { name: "k", sha256: HASH };

function read(content: unknown): { keys: KeyEntry[]; problems: string[] } {
  const problems: string[] = [];
  const keys = readKeys(fileOf(FILE, content), BOTS, problems);
  return { keys, problems };
}

/** What is wrong with a key that is right but for `change`. */
function problemsWith(change: Record<string, unknown>): string[] {
  return read([{ ...KEY, ...change }]).problems;
}

Deno.test("without a file there are no keys", () => {
  const problems: string[] = [];
  assert.deepEqual(readKeys(undefined, BOTS, problems), []);
  assert.deepEqual(problems, []);
});

Deno.test("a name and a hash may do everything", () => {
  const { keys, problems } = read([{ name: "k", sha256: HASH.toUpperCase() }]);
  assert.deepEqual(problems, []);
  assert.deepEqual(keys, [{
    name: "k",
    sha256: HASH,
    rights: {
      bots: undefined,
      isReadOnly: false,
      routes: undefined,
      urgency: 0,
      rate: undefined,
      concurrency: undefined,
      isAdmin: false,
      rules: [],
    },
  }]);
});

Deno.test("every right is read", () => {
  const { keys, problems } = read([{
    ...KEY,
    bots: ["second", "main"],
    "read-only": true,
    routes: ["GET /guilds/*"],
    urgency: 4,
    rate: 10,
    concurrency: 20,
    admin: true,
  }]);
  assert.deepEqual(problems, []);
  assert.deepEqual(keys[0]?.rights, {
    bots: ["second", "main"],
    isReadOnly: true,
    routes: [{
      method: "GET",
      segments: ["guilds", undefined],
      isOpenEnded: false,
    }],
    urgency: 4,
    rate: 10,
    concurrency: 20,
    isAdmin: true,
    rules: [],
  });
});

const WRONG: ReadonlyArray<
  readonly [change: Record<string, unknown>, problem: string]
> = [
  [
    { name: undefined },
    'key 1 has no "name": want a name of 1 to 32 letters, digits, dashes and underscores',
  ],
  [
    { name: "a b" },
    'key 1 has no "name": want a name of 1 to 32 letters, digits, dashes and underscores',
  ],
  [
    { name: "a/b" },
    'key 1 has no "name": want a name of 1 to 32 letters, digits, dashes and underscores',
  ],
  [
    { sha256: "short" },
    'key "k" has a "sha256" that is none: want 64 hex digits, as `deno task key` prints them',
  ],
  [
    { bots: ["third"] },
    'key "k" "bots": want a list of names of bots (main, second)',
  ],
  [
    { bots: "main" },
    'key "k" "bots": want a list of names of bots (main, second)',
  ],
  [{ "read-only": "yes" }, 'key "k" "read-only": want true or false'],
  [
    { routes: "GET /x" },
    'key "k" "routes": want a list of at most 250 patterns',
  ],
  [
    { routes: ["GET /x", "/y"] },
    'key "k" "routes", pattern 2: want a method or * and a path without /api and version, such as GET /guilds/*/members/**',
  ],
  [
    { urgency: 8 },
    'key "k" "urgency" is 8: want a whole number from 0 to 7',
  ],
  [{ urgency: -1 }, 'key "k" "urgency" is -1: want a whole number from 0 to 7'],
  [{ rate: 0 }, 'key "k" "rate" is 0: want a whole number from 1 to 10000'],
  [
    { rate: 10_001 },
    'key "k" "rate" is 10001: want a whole number from 1 to 10000',
  ],
  [{ rate: 1.5 }, 'key "k" "rate" is 1.5: want a whole number from 1 to 10000'],
  [
    { rate: "secret" },
    'key "k" "rate": want a whole number from 1 to 10000',
  ],
  [
    { concurrency: 0 },
    'key "k" "concurrency" is 0: want a whole number from 1 to 1000000',
  ],
  [{ admin: 1 }, 'key "k" "admin": want true or false'],
  [
    { readonly: true },
    'key "k" has an unknown member "readonly": want none but name, sha256, bots, read-only, routes, urgency, rate, concurrency, admin, rules',
  ],
  [
    { [HASH]: true },
    'key "k" has an unknown member: want none but name, sha256, bots, read-only, routes, urgency, rate, concurrency, admin, rules',
  ],
];

for (const [change, problem] of WRONG) {
  Deno.test(`${JSON.stringify(change).slice(0, 40)}: ${problem.slice(0, 60)}`, () => {
    assert.deepEqual(problemsWith(change), [`${FILE}: ${problem}`]);
  });
}

for (
  const change of [
    { urgency: 0 },
    { urgency: 7 },
    { rate: 1 },
    { rate: 10_000 },
    { concurrency: 1 },
    { concurrency: 1_000_000 },
    { bots: [] },
    { routes: [] },
    { name: "x".repeat(32) },
  ]
) {
  Deno.test(`${JSON.stringify(change)} is taken`, () => {
    assert.deepEqual(problemsWith(change), []);
  });
}

for (const name of ["default", "keyless", "manager", "proxy", "token"]) {
  Deno.test(`${name} is the name of somebody else`, () => {
    assert.deepEqual(problemsWith({ name }), [
      `${FILE}: key "${name}" has a name the proxy uses itself: want none of default, keyless, manager, proxy, token`,
    ]);
  });
}

Deno.test("every problem of every key is told at once", () => {
  const { problems } = read([
    { name: "a", rate: 0 },
    7,
    { name: "b", sha256: HASH, urgency: 9, "read-only": 1 },
  ]);
  assert.deepEqual(problems.map((line) => line.split(":")[1]), [
    ' key "a" has no "sha256"',
    ' key "a" "rate" is 0',
    " key 2 is not an object",
    ' key "b" "read-only"',
    ' key "b" "urgency" is 9',
  ]);
});

Deno.test("a name and a hash stand once", () => {
  const other = "f".repeat(64);
  assert.deepEqual(read([KEY, { ...KEY, sha256: other }]).problems, [
    `${FILE}: key "k" has the name or the hash of another key, "k"`,
  ]);
  assert.deepEqual(read([KEY, { ...KEY, name: "l" }]).problems, [
    `${FILE}: key "l" has the name or the hash of another key, "k"`,
  ]);
});

Deno.test("a hundred keys are taken, one more is too many", () => {
  const keys = (count: number) =>
    Array.from({ length: count }, (_, n) => ({
      name: `k${n}`,
      sha256: n.toString(16).padStart(64, "0"),
    }));
  assert.equal(read(keys(100)).keys.length, 100);
  assert.deepEqual(read(keys(101)).problems, [
    `${FILE} has 101 keys: want at most 100`,
  ]);
});

Deno.test("what is not a list is told", () => {
  assert.deepEqual(read({ k: KEY }).problems, [
    `${FILE}: want a JSON list of keys`,
  ]);
});

Deno.test("a file that is not there is told", () => {
  const problems: string[] = [];
  readKeys(missing(FILE), BOTS, problems);
  assert.deepEqual(problems, [`${FILE} is "/f": there is no such file`]);
});

Deno.test("what is not JSON is told by its place, and nothing of it is quoted", () => {
  for (const text of ["hunter2", '[{"name": hunter2}]', `["hunter2"`, ""]) {
    const { problems } = read(text);
    assert.equal(problems.length, 1);
    assert.match(
      problems[0] ?? "",
      /^REST_KEYS_FILE is "\/f": what is in it is not JSON( \(line \d+, column \d+\))?$/,
    );
  }
});
