import assert from "node:assert/strict";
import { isWithin } from "../../tools/house_rules/place.ts";
import { PURE_MODULES } from "../../tools/house_rules/pure_modules.ts";
import { areaOf, MAY_IMPORT } from "../../tools/house_rules/modules.ts";
import { TABLES } from "../../tools/house_rules/tables.ts";
import { newMembers } from "./_members.ts";
import {
  allPlaces,
  type Exported,
  isThere,
  readSource,
  type SourceFile,
  textOf,
} from "./_source_files.ts";

const SOURCES: readonly SourceFile[] = allPlaces().map((place) =>
  readSource(place)
);

/** Doors: what they export is for people outside, whoever uses it here. */
const DOORS: ReadonlySet<string> = new Set([
  "rest/proxy.ts",
  "rest/serve.ts",
  "client/mod.ts",
  "client/discordeno.ts",
  "tools/house_rules.ts",
]);

/** Types whose values go to people outside, who may read what they like. */
const PUBLIC_TYPES: ReadonlySet<string> = new Set([
  // Whoever embeds the proxy is handed these.
  "Fact",
  "SchedulerSnapshot",
  // A user of the REP client gets it.
  "MissedReply",
]);

/** Members that are read where names do not show it, and by whom. */
const READ_UNSEEN: ReadonlyMap<string, string> = new Map([
  ["toJSON", "JSON.stringify()"],
  ["_read", "node:stream"],
  ["_write", "node:stream"],
  ["_writev", "node:stream"],
  ["_final", "node:stream"],
  ["_destroy", "node:stream"],
  ["setKeepAlive", "node:http"],
  ["ref", "node:http"],
  ["maxOutputLength", "node:zlib"],
  ["binaryType", "the runtime's WebSocket"],
  ["unauthorized", "discordeno"],
  ["repeated", "nextTry(), by the kind of its cause"],
  ["isAtOnce", "the program in tests/tls/_node_caller.ts"],
]);

Deno.test("no file reaches itself through what it imports, types included", () => {
  assert.deepEqual(cyclesIn(SOURCES), []);
});

Deno.test("cyclesIn() finds a circle of three files", () => {
  const a = readSource("rest/a.ts", `import { b } from "./b.ts";`);
  const b = readSource("rest/b.ts", `export { c } from "./c.ts";`);
  const c = readSource("rest/c.ts", `import { a } from "./a.ts";`);
  const circle = "rest/a.ts -> rest/b.ts -> rest/c.ts -> rest/a.ts";
  assert.deepEqual(cyclesIn([a, b, c]), [circle]);
});

Deno.test("cyclesIn() finds a circle that a type closes, and passes two ways to one file", () => {
  const a = readSource("rest/a.ts", `import { b } from "./b.ts";`);
  const b = readSource("rest/b.ts", `import type { A } from "./a.ts";`);
  assert.deepEqual(cyclesIn([a, b]), ["rest/a.ts -> rest/b.ts -> rest/a.ts"]);
  const c = readSource(
    "rest/c.ts",
    `import "./d.ts"; export * from "./e.ts";`,
  );
  const d = readSource("rest/d.ts", `import type { E } from "./e.ts";`);
  assert.deepEqual(cyclesIn([c, d, readSource("rest/e.ts", "")]), []);
});

Deno.test("no export is without somebody who uses it", () => {
  assert.deepEqual(deadExportsIn(SOURCES), []);
});

Deno.test("deadExportsIn() spares what is imported and the types of signatures", () => {
  const a = readSource(
    "rest/a.ts",
    `export interface Options { x: number }
     export type Lonely = string;
     export function used(options: Options): void {}
     export const unused = 1;
     unused;`,
  );
  const b = readSource("rest/b.ts", `import { used } from "./a.ts";`);
  const dead = ["rest/a.ts: Lonely", "rest/a.ts: unused"];
  assert.deepEqual(deadExportsIn([a, b]), dead);
});

Deno.test("no member of a type, class or constant is without somebody who reads it", () => {
  assert.deepEqual(deadMembersIn(SOURCES), []);
});

Deno.test("deadMembersIn() finds what is only declared and written, wherever it is declared", () => {
  const a = readSource(
    "rest/a.ts",
    `export interface Options { used: number; unused: number }
     class Counter {
       #count = 0;
       #seen = 0;
       add(): void { this.#count++; this.#seen++; }
       get seen(): number { return this.#seen; }
     }
     const TABLE = { some: 1, none: 2 };
     const WHOLE = { any: 1 };
     export const sum = (key: keyof typeof WHOLE) => TABLE.some + WHOLE[key];`,
  );
  const b = readSource(
    "rest/b.ts",
    `options.unused = 1; const { used } = options; counter.add(); counter.seen;`,
  );
  const dead = ["Options.unused", "Counter.#count", "TABLE.none"];
  assert.deepEqual(
    deadMembersIn([a, b]),
    dead.map((name) => `rest/a.ts: ${name}`),
  );
});

Deno.test("every member that is said to be read unseen is declared", () => {
  const declared = new Set(
    SOURCES.flatMap(({ members }) =>
      members.declared.flatMap(({ owner, name }) => [name, owner])
    ),
  );
  const unseen = [...READ_UNSEEN.keys(), ...PUBLIC_TYPES];
  assert.deepEqual(unseen.filter((name) => !declared.has(name)), []);
});

Deno.test("the modules' table draws no circle", () => {
  const modules = Object.entries(MAY_IMPORT).map((
    [place, areas],
  ): SourceFile => ({
    place,
    imports: areas.map((area) => ({
      place: areaOf(area) ?? area,
      name: "*",
      isType: false,
    })),
    exports: [],
    words: new Map(),
    members: newMembers(),
  }));
  assert.deepEqual(cyclesIn(modules), []);
});

Deno.test("every area of the modules' table exists, and every pure module", () => {
  const areas = Object.entries(MAY_IMPORT).flat(2);
  assert.deepEqual([...areas, ...PURE_MODULES].filter(isMissing), []);
});

Deno.test("every arrow of the modules' table is used", () => {
  const unused = Object.entries(MAY_IMPORT).flatMap(([area, allowed]) => {
    const taken = SOURCES.filter(({ place }) => areaOf(place) === area)
      .flatMap(({ imports }) => imports.map(({ place }) => place));
    return allowed
      .filter((open) => !taken.some((place) => isWithin(place, open)))
      .map((open) => `${area} -> ${open}`);
  });
  assert.deepEqual(unused, []);
});

Deno.test("every file that is excepted as a table exists", () => {
  assert.deepEqual(TABLES.filter(isMissing), []);
});

const DOCUMENTS = [
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "PROTOCOL.md",
  "README.md",
] as const;

for (const document of DOCUMENTS) {
  Deno.test(`every file and folder that ${document} names exists`, () => {
    assert.deepEqual(namedPaths(document).filter(isMissing), []);
  });
}

/** Paths in backticks: with a slash in them, or with an ending of ours. */
function namedPaths(document: string): string[] {
  const spans = textOf(document).matchAll(/`([\w.-]+(?:\/[\w.-]*)*)`/g);
  return [...new Set([...spans].map(([, span = ""]) => span))]
    .filter((span) => /^(?:rest|sim|client|tests|tools|bench)\//.test(span));
}

function isMissing(place: string): boolean {
  return !isThere(place);
}

function cyclesIn(sources: readonly SourceFile[]): string[] {
  const next = new Map(sources.map((source) => [
    source.place,
    source.imports.map((taken) => taken.place),
  ]));
  const cycles: string[] = [];
  const finished = new Set<string>();
  const walk = (place: string, path: readonly string[]) => {
    const seenAt = path.indexOf(place);
    if (seenAt >= 0) cycles.push([...path.slice(seenAt), place].join(" -> "));
    if (seenAt >= 0 || finished.has(place)) return;
    for (const target of next.get(place) ?? []) walk(target, [...path, place]);
    finished.add(place);
  };
  for (const { place } of sources) walk(place, []);
  return cycles;
}

function deadExportsIn(sources: readonly SourceFile[]): string[] {
  const used = new Set(
    sources.flatMap(({ imports }) =>
      imports.map(({ place, name }) => `${place}: ${name}`)
    ),
  );
  return sources.flatMap((source) => {
    const { place, exports, words } = source;
    if (DOORS.has(place) || used.has(`${place}: *`)) return [];
    return exports
      .filter((exported) => !isSignature(exported, words))
      .map(({ name }) => `${place}: ${name}`)
      .filter((label) => !used.has(label));
  });
}

function deadMembersIn(sources: readonly SourceFile[]): string[] {
  const read = new Set(sources.flatMap(({ members }) => [...members.read]));
  const usedWhole = new Set(
    sources.flatMap(({ members }) => [...members.usedWhole]),
  );
  return sources.flatMap(({ place, members }) =>
    members.declared
      .filter(({ owner, name, isOfConstant }) =>
        !read.has(name) && !(isOfConstant && usedWhole.has(owner)) &&
        !PUBLIC_TYPES.has(owner) && !READ_UNSEEN.has(name)
      )
      .map(({ owner, name }) => `${place}: ${owner}.${name}`)
  );
}

/** A type that its own file uses belongs to another export's signature. */
function isSignature(
  { name, isType }: Exported,
  words: SourceFile["words"],
): boolean {
  return isType && (words.get(name) ?? 0) > 1;
}
