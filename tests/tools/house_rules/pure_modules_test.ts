import assert from "node:assert/strict";
import { breachesOf } from "./_breaches.ts";

const PURE = "rest/scheduler/decide.ts";

const BREACHES: ReadonlyArray<[source: string, what: string]> = [
  ["const at = Date.now();", "`Date`"],
  ["const at = new Date();", "`Date`"],
  ["const at = performance.now();", "`performance`"],
  ["setTimeout(run, 5);", "`setTimeout`"],
  ["const later = setInterval;", "`setInterval`"],
  ["queueMicrotask(run);", "`queueMicrotask`"],
  ["const id = crypto.randomUUID();", "`crypto`"],
  ["const chance = Math.random();", "`Math.random`"],
  ["const { env } = Deno;", "`Deno`"],
  ["const world = { Deno };", "`Deno`"],
  ["const now = globalThis.performance;", "`globalThis`"],
  ["fetch(url);", "`fetch`"],
  ["console.log(1);", "`console`"],
  ["const socket = new WebSocket(url);", "`WebSocket`"],
  ["const done = Promise.resolve(1);", "`Promise`"],
  ["let done: Promise<void>;", "`Promise`"],
  ["async function run() {}", "An async function"],
  ["const run = async () => {};", "An async function"],
  ["class Runner { async run() {} }", "An async function"],
  ["await run();", "`await`"],
  ["for await (const item of items) use(item);", "`for await`"],
  [`const module = import("./lines.ts");`, "A dynamic import"],
];

const CLEAN: readonly string[] = [
  "function decide(nowMs: number): number { return nowMs + 1; }",
  "const width = Math.max(1, 2);",
  "const when = options.Date;",
  "const table = { performance: 1 };",
  "class Clock { crypto() {} }",
  "interface Port { fetch(): void; readonly console: string }",
  "type Global = typeof Deno;",
  `const word = "Date";`,
  "function* items() { yield 1; }",
];

Deno.test("pure-modules reports whatever reads the world or waits", () => {
  for (const [source, what] of BREACHES) {
    const found = breachesOf("pure-modules", PURE, source);
    assert.deepEqual(found, [`${what} in the pure rest/scheduler`], source);
  }
});

Deno.test("pure-modules lets names pass that only look like the world", () => {
  for (const source of CLEAN) {
    assert.deepEqual(breachesOf("pure-modules", PURE, source), [], source);
  }
});

Deno.test("pure-modules holds in eight places and nowhere else", () => {
  const pure = ["domain", "collections", "config", "routes", "scheduler", "rep"]
    .map((module) => `rest/${module}/a.ts`).concat(
      "rest/cluster/ownership/a.ts",
      "sim/model/a.ts",
    );
  const impure = ["rest/dispatcher/a.ts", "rest/proxy.ts", "sim/server.ts"];
  const count = (place: string) =>
    breachesOf("pure-modules", place, "Date.now();").length;
  assert.deepEqual(pure.map(count), [1, 1, 1, 1, 1, 1, 1, 1]);
  assert.deepEqual(impure.map(count), [0, 0, 0]);
});

Deno.test("pure-modules lets the ports name promises but not make them", () => {
  const ports = "rest/domain/ports.ts";
  const named = "interface Port { send(): Promise<void> }";
  assert.deepEqual(breachesOf("pure-modules", ports, named), []);
  const made = "const done = Promise.resolve();";
  assert.equal(breachesOf("pure-modules", ports, made).length, 1);
});
