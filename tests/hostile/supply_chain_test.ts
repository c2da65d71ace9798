import assert from "node:assert/strict";

const ROOT = new URL("../../", import.meta.url);

/** The only files that name packages; the lint plugin holds that. */
const DEPS_FILES = [
  "deps.ts",
  "rest/cluster/deps.ts",
  "tests/deps.ts",
  "bench/deps.ts",
  "tools/deps.ts",
  "page/deps.ts",
  "tests/page/deps.ts",
  "tools/release/deps.ts",
  "tests/ops/deps.ts",
  "tests/workflows/deps.ts",
];

const CLIENTS = "tests/clients/packages";

function textOf(place: string): string {
  return Deno.readTextFileSync(new URL(place, ROOT));
}

interface DenoLock {
  readonly version: string;
  readonly specifiers: Readonly<Record<string, string>>;
  readonly npm: Readonly<Record<string, LockedPackage>>;
}

interface LockedPackage {
  readonly integrity?: string;
  /** True where a package wants to run something when it is installed. */
  readonly scripts?: boolean;
  readonly dependencies?: readonly string[];
}

const LOCK: DenoLock = JSON.parse(textOf("deno.lock"));

/** SHA-512 in base64. */
const INTEGRITY = /^sha512-[A-Za-z0-9+/]{86}==$/;
const EXACT = /^npm:(?:@[\w-]+\/)?[\w.-]+@[0-9]+\.[0-9]+\.[0-9]+$/;

function named(): string[] {
  const specifiers = DEPS_FILES.flatMap((place) =>
    textOf(place).match(/(?<=")npm:[^"]+(?=")/g) ?? []
  );
  // A file of a package is locked with it.
  const packages = specifiers.map((specifier) =>
    specifier.replace(/(?<=@\d+\.\d+\.\d+)\/.*$/, "")
  );
  return [...new Set(packages)].sort();
}

Deno.test("every package is named with one exact version", () => {
  assert.deepEqual(named().filter((specifier) => !EXACT.test(specifier)), []);
});

Deno.test("the lock file has exactly the packages that a deps.ts names", () => {
  assert.deepEqual(Object.keys(LOCK.specifiers).sort(), named());
});

Deno.test("the lock file locks npm packages and nothing else", () => {
  assert.deepEqual(Object.keys(LOCK).sort(), ["npm", "specifiers", "version"]);
});

Deno.test("nothing but `deno task lock` writes the lock file: in every other task what it lacks is an error", () => {
  const { lock, tasks } = JSON.parse(textOf("deno.json"));
  // `deno task` would download all that it locks before any task.
  assert.ok(lock === false);
  const unlocked = Object.entries<string>(tasks).filter(([, task]) =>
    (task.match(/deno (?:run|test|check|install|bench|audit)\b/g) ?? [])
      .length !==
      (task.match(/ --lock=deno\.lock --frozen(?= |$)/g) ?? []).length
  );
  assert.deepEqual(unlocked.map(([name]) => name), ["lock"]);
  assert.match(tasks.lock, / --lock=deno\.lock --frozen=false /);
  assert.ok(tasks.lock.endsWith(` --entrypoint ${DEPS_FILES.join(" ")}`));
});

Deno.test("every locked package has its hash, and none runs anything when it is installed", () => {
  for (const [name, { integrity, scripts }] of Object.entries(LOCK.npm)) {
    assert.match(integrity ?? "", INTEGRITY, name);
    assert.equal(scripts, undefined, name);
  }
});

Deno.test("what the proxy itself loads is four packages and what they need", () => {
  const direct = textOf("deps.ts").match(/(?<="npm:)[^"]+(?=")/g) ?? [];
  const needed = new Set<string>();
  const walk = (name: string) => {
    if (needed.has(name)) return;
    needed.add(name);
    for (const next of LOCK.npm[name]?.dependencies ?? []) {
      walk(lockedName(next));
    }
  };
  direct.forEach(walk);
  assert.deepEqual(
    [...needed].sort().map((name) => name.replace(/@[^@]*$/, "")),
    [
      "@discordeno/rest",
      "@discordeno/types",
      "@discordeno/utils",
      "@logtape/logtape",
      "@opentelemetry/api",
      "bintrees",
      "prom-client",
      "tdigest",
      "undici",
      "ws",
    ],
  );
});

/** Where only one version is locked, dependencies leave it out. */
function lockedName(name: string): string {
  if (Object.hasOwn(LOCK.npm, name)) return name;
  const [found] = Object.keys(LOCK.npm).filter((key) =>
    key.startsWith(`${name}@`)
  );
  assert.ok(found !== undefined, name);
  return found;
}

Deno.test("every client library that tests drive has its hash, and none is let run anything when it is installed", () => {
  const lock = JSON.parse(textOf(`${CLIENTS}/package-lock.json`));
  const packages: Record<string, { integrity?: string }> = lock.packages;
  for (const [name, { integrity }] of Object.entries(packages)) {
    if (name !== "") assert.match(integrity ?? "", INTEGRITY, name);
  }
  assert.match(textOf("tests/clients/_packages.ts"), /"--ignore-scripts"/);
});

Deno.test("no task asks for all permissions, and none asks at a prompt", () => {
  const tasks: Record<string, string> = JSON.parse(textOf("deno.json")).tasks;
  for (const [name, task] of Object.entries(tasks)) {
    assert.doesNotMatch(task, /(?:^| )(?:-A|--allow-all)(?: |$)/, name);
    for (const part of task.split("&&")) {
      if (!/deno (?:run|test) /.test(part)) continue;
      assert.match(part, / --no-prompt /, name);
    }
  }
});
