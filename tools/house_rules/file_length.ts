import { isWithin, placeOf } from "./place.ts";
import { TABLES } from "./tables.ts";

/** Five screens: above it a file holds more than one idea. */
const FILE_LINES_MAX = 300;

/** No file longer than a reader keeps in mind; tests and tables aside. */
export const fileLength: Deno.lint.Rule = {
  create(context) {
    const place = placeOf(context.filename);
    if (isWithin(place, "tests") || TABLES.includes(place)) return {};
    return {
      Program(node) {
        const lines = context.sourceCode.text.trimEnd().split("\n").length;
        if (lines <= FILE_LINES_MAX) return;
        context.report({
          node,
          message:
            `File has ${lines} lines, at most ${FILE_LINES_MAX} are wanted`,
          hint: "Find its second idea and give it a file",
        });
      },
    };
  },
};
