import plugin from "../../../tools/house_rules.ts";

/** What the linter says about `source` if it stood at `place`, messages of one rule only. */
export function breachesOf(
  rule: keyof typeof plugin.rules,
  place: string,
  source: string,
): string[] {
  return Deno.lint.runPlugin(plugin, place, source)
    .filter((found) => found.id === `${plugin.name}/${rule}`)
    .map((found) => found.message);
}

/** `count` lines of code that do nothing. */
export function linesOf(count: number): string {
  return "void 0;\n".repeat(count);
}
