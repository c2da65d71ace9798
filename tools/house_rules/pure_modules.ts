import { isWithin, placeOf } from "./place.ts";

/** Same input, same output, at once: these modules can be tested without waiting or mocking. */
export const PURE_MODULES: readonly string[] = [
  "rest/domain",
  "rest/collections",
  "rest/config",
  "rest/routes",
  "rest/scheduler",
  "rest/idempotency",
  "rest/rep",
  "rest/journal/codec",
  "rest/cluster/ownership",
  "sim/model",
  "supervisor/restarts.ts",
];

/** Ports name the promises that impure modules keep. */
const MAY_NAME_PROMISES: readonly string[] = [
  "rest/domain/ports.ts",
  "rest/domain/journal.ts",
  "rest/domain/journal_store.ts",
  "rest/domain/owners.ts",
];

const NO_CLOCK = "Take `nowMs` as an argument";
const NO_TIMER = "Return the moment to wake at";
const NO_IO = "Return what to do and let an outer module do it";

/** Globals that read or change the world, each with what to do instead. */
const AMBIENT: ReadonlyMap<string, string> = new Map([
  ["Date", NO_CLOCK],
  ["Temporal", NO_CLOCK],
  ["performance", NO_CLOCK],
  ["setTimeout", NO_TIMER],
  ["setInterval", NO_TIMER],
  ["clearTimeout", NO_TIMER],
  ["clearInterval", NO_TIMER],
  ["setImmediate", NO_TIMER],
  ["queueMicrotask", NO_TIMER],
  ["crypto", "Take a source of ids or hashes as an argument"],
  ["Deno", NO_IO],
  ["process", NO_IO],
  ["globalThis", NO_IO],
  ["self", NO_IO],
  ["fetch", NO_IO],
  ["WebSocket", NO_IO],
  ["Worker", NO_IO],
  ["BroadcastChannel", NO_IO],
  ["localStorage", NO_IO],
  ["sessionStorage", NO_IO],
  ["console", "Return what is worth telling"],
  ["Promise", "Answer at once"],
]);

type Visitor = Deno.lint.LintVisitor;
type Report = (node: Deno.lint.Node, what: string, hint: string) => void;

/** No clock, chance, timer, input, output or waiting in a pure module. */
export const pureModules: Deno.lint.Rule = {
  create(context) {
    const place = placeOf(context.filename);
    const module = PURE_MODULES.find((pure) => isWithin(place, pure));
    if (module === undefined) return {};
    const report: Report = (node, what, hint) =>
      context.report({ node, message: `${what} in the pure ${module}`, hint });
    return {
      ...ambientVisitor(report),
      ...waitingVisitor(report),
      ...MAY_NAME_PROMISES.includes(place) ? {} : promiseTypeVisitor(report),
    };
  },
};

function ambientVisitor(report: Report): Visitor {
  let reportedAt = -1;
  return {
    Identifier(node) {
      const hint = AMBIENT.get(node.name);
      if (hint === undefined || !isValue(node)) return;
      // In `{ Date }` key and value are the same word, visited twice.
      if (node.range[0] === reportedAt) return;
      reportedAt = node.range[0];
      report(node, `\`${node.name}\``, hint);
    },
    MemberExpression(node) {
      if (
        nameOf(node.object) !== "Math" || nameOf(node.property) !== "random"
      ) {
        return;
      }
      report(node, "`Math.random`", "Take a `Random` as an argument");
    },
  };
}

function waitingVisitor(report: Report): Visitor {
  const hint = "Only outer modules wait";
  const unlessSync = (node: Deno.lint.Node & { async: boolean }) => {
    if (node.async) report(node, "An async function", hint);
  };
  return {
    FunctionDeclaration: unlessSync,
    FunctionExpression: unlessSync,
    ArrowFunctionExpression: unlessSync,
    AwaitExpression: (node) => report(node, "`await`", hint),
    ImportExpression: (node) => report(node, "A dynamic import", hint),
    ForOfStatement(node) {
      if (node.await) report(node, "`for await`", hint);
    },
  };
}

function promiseTypeVisitor(report: Report): Visitor {
  return {
    TSTypeReference(node) {
      const name = nameOf(node.typeName);
      if (name !== "Promise" && name !== "PromiseLike") return;
      report(
        node,
        `\`${name}\``,
        `Ports stand in ${MAY_NAME_PROMISES.join(" and ")}`,
      );
    },
  };
}

/** False for member names, keys and types, which only look like the global. */
function isValue(node: Deno.lint.Identifier): boolean {
  const { parent } = node;
  switch (parent.type) {
    case "MemberExpression":
      return parent.computed || !isSame(parent.property, node);
    case "Property":
      return !isSame(parent.key, node) || parent.computed || parent.shorthand;
    case "MethodDefinition":
    case "PropertyDefinition":
      return parent.computed || !isSame(parent.key, node);
    case "TSAsExpression":
    case "TSSatisfiesExpression":
    case "TSNonNullExpression":
      return true;
    default:
      return !parent.type.startsWith("TS");
  }
}

function isSame(one: Deno.lint.Node, other: Deno.lint.Node): boolean {
  return one.range[0] === other.range[0] && one.range[1] === other.range[1];
}

function nameOf(node: Deno.lint.Node): string | undefined {
  return node.type === "Identifier" ? node.name : undefined;
}
