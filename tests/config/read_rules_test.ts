import assert from "node:assert/strict";
import { readKeys } from "../../rest/config/read_keys.ts";
import { readRulesFile } from "../../rest/config/read_rules.ts";
import type { SettingFile } from "../../rest/config/setting_file.ts";
import { parseRoutePattern } from "../../rest/domain/route_pattern.ts";

function fileOf(value: unknown): SettingFile {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return {
    setting: "REST_RULES_FILE",
    path: "rules.json",
    read: { ok: true, text, mode: 0o600 },
  };
}

function problemsOf(value: unknown): readonly string[] {
  const problems: string[] = [];
  readRulesFile(fileOf(value), problems);
  return problems;
}

const NAME = "REST_RULES_FILE";

Deno.test("readRulesFile() reads seconds, leaving, urgency and routes, and what is left out", () => {
  const problems: string[] = [];
  const rules = readRulesFile(
    fileOf([
      {
        routes: ["POST /guilds/*/emojis"],
        wait: 2.5,
        onLeave: "cancel",
        urgency: 7,
      },
      {},
    ]),
    problems,
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(rules, [
    {
      routes: [parseRoutePattern("POST /guilds/*/emojis")],
      waitMs: 2_500,
      onLeave: "cancel",
      urgency: 7,
    },
    {
      routes: undefined,
      waitMs: undefined,
      onLeave: "run",
      urgency: undefined,
    },
  ]);
  assert.deepEqual(readRulesFile(undefined, problems), []);
});

for (
  const [what, value, told] of [
    ["no list", {}, "want a JSON list of at most 50 rules"],
    [
      "no JSON",
      "[",
      'REST_RULES_FILE is "rules.json": what is in it is not JSON',
    ],
    [
      "a rule that is no object",
      [{}, 1],
      'rule 2: want an object such as { "routes": ["GET /users/**"], "wait": 5 }',
    ],
    [
      "a name it does not know",
      [{ waits: 1 }],
      'rule 1: has an unknown member "waits": want none but routes, wait, onLeave, urgency',
    ],
    [
      "a pattern with a version",
      [{ routes: ["GET /users/**", "GET /v10/users"] }],
      'rule 1: "routes", pattern 2: want a method or * and a path without /api and version, such as GET /guilds/*/members/**',
    ],
    [
      "a wait below zero",
      [{ wait: -1 }],
      'rule 1: "wait" is -1: want seconds from 0 to 3600',
    ],
    [
      "a wait that is text",
      [{ wait: "5" }],
      'rule 1: "wait": want seconds from 0 to 3600',
    ],
    [
      "another word for leaving",
      [{ onLeave: "stop" }],
      'rule 1: "onLeave": want "run" or "cancel"',
    ],
    [
      "an urgency beyond 7",
      [{ urgency: 8 }],
      'rule 1: "urgency" is 8: want a whole number from 0 to 7',
    ],
  ] as const
) {
  Deno.test(`readRulesFile() refuses ${what} and says what is wanted`, () => {
    const sentence = told.startsWith(NAME) ? told : `${NAME}: ${told}`;
    assert.deepEqual(problemsOf(value), [sentence]);
  });
}

Deno.test("a wait is taken from 0 to 3600 s, and a list of up to 50 rules", () => {
  assert.deepEqual(problemsOf([{ wait: 0 }, { wait: 3_600 }]), []);
  assert.equal(problemsOf([{ wait: 3_600.5 }]).length, 1);
  assert.deepEqual(problemsOf(Array(50).fill({})), []);
  assert.equal(problemsOf(Array(51).fill({})).length, 1);
});

Deno.test("a key's entry holds rules by the same words", () => {
  const key = { name: "bot", sha256: "0".repeat(64) };
  const problems: string[] = [];
  const [read] = readKeys(
    fileOf([{ ...key, rules: [{ wait: 1 }] }]),
    [],
    problems,
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(read?.rights.rules.map(({ waitMs }) => waitMs), [1_000]);
  readKeys(fileOf([{ ...key, rules: [{ wait: 9_999 }] }]), [], problems);
  assert.deepEqual(problems, [
    'REST_RULES_FILE: key "bot" "rules": rule 1: "wait" is 9999: want seconds from 0 to 3600',
  ]);
});
