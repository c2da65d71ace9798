import assert from "node:assert/strict";
import { CLOSE_CODES } from "../../../rest/rep/connections/close_codes.ts";

const ROOT = new URL("../../../", import.meta.url);

/** A rule as PROTOCOL.md introduces it: in bold, at the head of its item. */
const RULE = /^- \*\*([A-J]\d+)\*\* /gm;

/** The rules a claim begins with. */
const NAMED = /Deno\.test\(\s*["`]((?:[A-J]\d+(?:, )?)+): /g;

function textOf(path: string | URL): string {
  return Deno.readTextFileSync(new URL(path, ROOT));
}

function rulesOf(text: string): string[] {
  return [...text.matchAll(RULE)].map((match) => match[1] ?? "");
}

/** Every rule named by a test, with one file that names it. */
function namedRules(folder: URL): Map<string, string> {
  const named = new Map<string, string>();
  for (const entry of Deno.readDirSync(folder)) {
    const place = new URL(entry.name + (entry.isDirectory ? "/" : ""), folder);
    if (entry.isDirectory) {
      for (const [rule, file] of namedRules(place)) named.set(rule, file);
    } else if (entry.name.endsWith("_test.ts")) {
      for (const [, rules = ""] of textOf(place).matchAll(NAMED)) {
        for (const rule of rules.split(", ")) named.set(rule, entry.name);
      }
    }
  }
  return named;
}

/** A section as PROTOCOL.md introduces it: `### A. Authentication`. */
const SECTION = /^### ([A-J])\. /gm;

/** A citation as comments make it: rules in brackets, alone, in lists or in ranges. */
const CITED = /\((?:rules )?((?:RULE(?:, | to | and )?)+)\)/.source
  .replace("RULE", String.raw`(?:[A-J]\d{0,2}|\d\.\d)\b`);

function rulesCitedIn(text: string): string[] {
  return [...text.matchAll(new RegExp(CITED, "g"))].flatMap(
    ([, cited = ""]) => cited.split(/, | to | and /),
  );
}

/** What the comments of all modules in a folder cite. */
function citations(folder: URL): { rule: string; file: string }[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    if (isDirectory) return citations(new URL(`${name}/`, folder));
    if (!name.endsWith(".ts")) return [];
    const comments = textOf(new URL(name, folder))
      .match(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm) ?? [];
    return rulesCitedIn(comments.join("\n")).map((rule) => ({
      rule,
      file: name,
    }));
  });
}

const SECTIONS = [...textOf("PROTOCOL.md").matchAll(SECTION)]
  .map(([, letter = ""]) => letter);

const RULES = rulesOf(textOf("PROTOCOL.md"));

Deno.test("every rule of PROTOCOL.md has a claim that names it, and no claim names another", () => {
  const named = namedRules(new URL("tests/", ROOT));
  const untested = RULES.filter((rule) => !named.has(rule));
  assert.deepEqual(untested, []);
  const unknown = [...named].filter(([rule]) => !RULES.includes(rule));
  assert.deepEqual(unknown, []);
});

Deno.test("every rule and section that a comment cites stands in PROTOCOL.md", () => {
  const known = new Set([...RULES, ...SECTIONS]);
  const unknown = ["rest/", "client/", "tests/"].flatMap((folder) =>
    citations(new URL(folder, ROOT))
  ).filter(({ rule }) => !known.has(rule));
  assert.deepEqual(unknown.map(({ rule, file }) => `${file}: ${rule}`), []);
});

Deno.test("rulesCitedIn() reads single rules, lists, ranges and sections, and no RFC", () => {
  const text = "(B5, F3) (C13 to C27, E) (2.2) (rules B3, I3) (RFC 9110, 9.3)";
  const cited = ["B5", "F3", "C13", "C27", "E", "2.2", "B3", "I3"];
  assert.deepEqual(rulesCitedIn(text), cited);
});

Deno.test("the rules of PROTOCOL.md are numbered without gaps or repetitions", () => {
  assert.equal(new Set(RULES).size, RULES.length);
  for (
    const [letter, count] of Object.entries({
      A: 9,
      B: 13,
      C: 58,
      D: 4,
      E: 7,
      F: 4,
      G: 3,
      H: 4,
      I: 8,
      J: 1,
    })
  ) {
    const numbers = RULES.filter((rule) => rule[0] === letter);
    const expected = Array.from(
      { length: count },
      (_, at) => `${letter}${at + 1}`,
    );
    assert.deepEqual(numbers, expected);
  }
});

Deno.test("every close code of the server's stands in PROTOCOL.md's table", () => {
  const text = textOf("PROTOCOL.md");
  for (const code of Object.keys(CLOSE_CODES)) {
    assert.match(text, new RegExp(`^\\| ${code} `, "m"));
  }
});

Deno.test("the frames of PROTOCOL.md's conversations are JSON with a target and a method", () => {
  const lines = textOf("PROTOCOL.md").match(/^[<>] \{.*\}$/gm) ?? [];
  assert.ok(lines.length >= 30);
  for (const line of lines) {
    const frame = JSON.parse(line.slice(2).replace("{…}", "{}"));
    assert.equal(typeof frame.target, "string", line);
    assert.equal(typeof frame.method, "string", line);
  }
});
