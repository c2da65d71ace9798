const MARKED = /\/\/ >>>\n(.*?)\n\s*\/\/ <<</s;

/** The lines of a program that point its library at the proxy, in one. */
export async function linesOf(program: string): Promise<string> {
  const path = new URL(`programs/${program}.mjs`, import.meta.url);
  const [, marked] = MARKED.exec(await Deno.readTextFile(path)) ?? [];
  if (marked === undefined) {
    throw new Error(`Cannot read programs/${program}.mjs: no >>> … <<< in it`);
  }
  return marked
    .replaceAll(/`\$\{origin\}(.*?)`/g, '"http://host:8000$1"')
    .replaceAll(/\borigin\b/g, '"http://host:8000"')
    .replaceAll(/`\$\{prefix\}(.*?)`/g, '"$1"')
    .replaceAll(/\s+/g, " ")
    .replaceAll(/, (?=[}\])])/g, " ")
    .replaceAll("( {", "({")
    .replaceAll("} )", "})")
    .trim();
}
