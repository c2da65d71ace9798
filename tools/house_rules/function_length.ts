import { isWithin, placeOf } from "./place.ts";
import { TABLES } from "./tables.ts";

/** A screen: in a longer function the top is out of sight before the end is read. */
const FUNCTION_LINES_MAX = 60;

/** No function, arrow or method longer than a screen, whatever it nests; tests and tables aside. */
export const functionLength: Deno.lint.Rule = {
  create(context) {
    const place = placeOf(context.filename);
    if (isWithin(place, "tests") || TABLES.includes(place)) return {};
    const check = (node: Deno.lint.Node) => {
      const lines = context.sourceCode.getText(node).split("\n").length;
      if (lines <= FUNCTION_LINES_MAX) return;
      context.report({
        node,
        message:
          `Function has ${lines} lines, at most ${FUNCTION_LINES_MAX} are wanted`,
        hint: "Name a part of it and move that out",
      });
    };
    return {
      FunctionDeclaration: check,
      FunctionExpression: check,
      ArrowFunctionExpression: check,
    };
  },
};
