import { isRelative, isWithin, placeOf } from "./place.ts";
import { specifierVisitor } from "./specifiers.ts";

/** The only files that name packages, so that what comes from outside is read in one place each. */
const DEPS_FILES: readonly string[] = [
  "deps.ts",
  "tests/deps.ts",
  "bench/deps.ts",
  "tools/deps.ts",
  "tools/release/deps.ts",
  "page/deps.ts",
  "tests/page/deps.ts",
  "tests/ops/deps.ts",
  "tests/workflows/deps.ts",
  "rest/cluster/deps.ts",
];

/**
 * These name only what is built in: the simulated Discord and the supervisor
 * are run by Node, and the journal's worker thread loads no upstream client.
 */
const BUILT_IN_DEPS: readonly string[] = [
  "sim/deps.ts",
  "supervisor/deps.ts",
  "rest/journal/store/deps.ts",
];

/** Built into the runtime and needed by every test: a detour would be noise. */
const TEST_BUILT_IN = "node:assert/strict";

/** Packages, built-in modules and URLs are named in a `deps.ts` and nowhere else. */
export const packagesOnlyInDeps: Deno.lint.Rule = {
  create(context) {
    const place = placeOf(context.filename);
    if (DEPS_FILES.includes(place)) return {};
    return specifierVisitor((specifier, node) => {
      if (isRelative(specifier)) return;
      if (
        BUILT_IN_DEPS.includes(place) && specifier.startsWith("node:")
      ) return;
      if (specifier === TEST_BUILT_IN && isWithin(place, "tests")) return;
      context.report({
        node,
        message: `"${specifier}" is named outside deps.ts`,
        hint: isWithin(place, "client")
          ? "The client library stands alone: do without"
          : `Export what is needed from ${nearestDeps(place)}`,
      });
    });
  },
};

function nearestDeps(place: string): string {
  const folders = place.split("/").slice(0, -1);
  const places = [folders.join("/"), folders[0]].map((at) => `${at}/deps.ts`);
  return places.find((at) => DEPS_FILES.includes(at)) ?? "deps.ts";
}
