import { isWithin, placeOf } from "./place.ts";

/** Words that claim nothing: a name with one of them is true of every test. */
const EMPTY_WORDS = /\b(?:works|correctly|properly|should|test|basic)\b/i;

/** Two words are a topic; a claim has at least a subject, a verb and something about it. */
const NAME_WORDS_MIN = 3;

/** Stands for the part of a name that a variable supplies and the rule cannot read. */
const UNREAD = "…";

/** A test's name is a claim that can be false, so that the list of tests reads as a specification. */
export const claimNames: Deno.lint.Rule = {
  create(context) {
    if (!isWithin(placeOf(context.filename), "tests")) return {};
    return {
      CallExpression(node) {
        if (!isTestCall(node.callee)) return;
        const [first] = node.arguments;
        const named = first === undefined ? undefined : nameNodeOf(first);
        if (named === undefined) return;
        const problem = problemOf(wordsOf(named));
        if (problem === undefined) return;
        context.report({
          node: named,
          message: problem,
          hint:
            "Say what must hold, and when: `decide() waits when all is spent`",
        });
      },
    };
  },
};

/** `Deno.test(…)`, `Deno.test.ignore(…)`, `Deno.test.only(…)` and `t.step(…)`. */
function isTestCall(callee: Deno.lint.Node): boolean {
  if (callee.type !== "MemberExpression") return false;
  const member = callee.property.type === "Identifier"
    ? callee.property.name
    : "";
  if (member === "ignore" || member === "only") {
    return isTestCall(callee.object);
  }
  if (member === "step") return true;
  return member === "test" && callee.object.type === "Identifier" &&
    callee.object.name === "Deno";
}

/** The node that spells the name, also in `Deno.test({ name: … })` and `Deno.test(function f() {})`. */
function nameNodeOf(first: Deno.lint.Node): Deno.lint.Node | undefined {
  if (first.type === "FunctionExpression") return first.id ?? first;
  if (first.type === "ArrowFunctionExpression") return first;
  if (first.type !== "ObjectExpression") return first;
  for (const member of first.properties) {
    if (member.type !== "Property") continue;
    if (member.key.type === "Identifier" && member.key.name === "name") {
      return member.value;
    }
  }
  return undefined;
}

/** What is spelt out of a name; undefined when it comes from elsewhere (a table of cases). */
function wordsOf(node: Deno.lint.Node): string | undefined {
  switch (node.type) {
    case "Literal":
      return String(node.value);
    case "TemplateLiteral":
      return node.quasis.map((quasi) => quasi.cooked).join(UNREAD);
    case "BinaryExpression":
      return (wordsOf(node.left) ?? UNREAD) + (wordsOf(node.right) ?? UNREAD);
    case "FunctionExpression":
    case "ArrowFunctionExpression":
      return "";
    case "Identifier":
      // Either a variable, or the name of a function: one word, no claim.
      return node.parent.type === "FunctionExpression" ? node.name : undefined;
    default:
      return undefined;
  }
}

function problemOf(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const empty = EMPTY_WORDS.exec(name)?.[0];
  if (empty !== undefined) return `"${empty}" in a test name claims nothing`;
  const words = name.split(/\s+/).filter((word) => word !== "").length;
  if (words >= NAME_WORDS_MIN || name.includes(UNREAD)) return undefined;
  return `"${name}" is no claim: want at least ${NAME_WORDS_MIN} words`;
}
