import { isRelative, isWithin, placeOf, targetOf } from "./place.ts";
import { areaOf, MAY_IMPORT } from "./modules.ts";
import { specifierVisitor } from "./specifiers.ts";

/** Arrows point inward: a module imports only what its line in the table names. */
export const importDirection: Deno.lint.Rule = {
  create(context) {
    const place = placeOf(context.filename);
    const area = areaOf(place);
    if (area === undefined) return reportUnknownArea(context, place);
    const allowed = [area, ...MAY_IMPORT[area] ?? []];

    return specifierVisitor((specifier, node) => {
      if (!isRelative(specifier)) return;
      const target = targetOf(specifier, place);
      if (allowed.some((open) => mayReach(target, open))) return;
      context.report({
        node,
        message: `${area} must not import ${areaOf(target) ?? target}`,
        hint: `It may import ${allowed.slice(1).join(", ") || "nothing"}`,
      });
    }, (node) => {
      if (area === "tests" || area === "tools") return;
      context.report({
        node,
        message: "Cannot tell what a computed import reaches",
        hint: "Name the file in a string",
      });
    });
  },
};

/** Only the area's own `deps.ts` (or the project's) opens packages to it. */
function mayReach(target: string, open: string): boolean {
  // `mod.ts` and `serve.ts` start things when they are imported.
  if (open === "rest" && isEntry(target)) return false;
  return isWithin(target, open);
}

function isEntry(target: string): boolean {
  return target === "rest/mod.ts" || target === "rest/serve.ts";
}

function reportUnknownArea(
  context: Deno.lint.RuleContext,
  place: string,
): Deno.lint.LintVisitor {
  return {
    Program(node) {
      context.report({
        node,
        message: `${place} stands in no known module`,
        hint: "Give its module a line in tools/house_rules/modules.ts",
      });
    },
  };
}
