import type { Library } from "./_libraries.ts";

const MARKED = /\/\/ >>>\n(.*?)\n\s*\/\/ <<</s;
const LOADED = /^const \{ (.*) \} = await load\("(.*)"\);$/gm;
/** What programs have from `_serve.mjs`, by its place. */
const NODES_OWN = { Agent: "node:https" };

/** The lines of a program that point its library at the proxy, in one below the imports that they need. */
export async function linesOf(library: Library): Promise<string> {
  const { program } = library;
  const path = new URL(`programs/${program}.mjs`, import.meta.url);
  const text = await Deno.readTextFile(path);
  const [, marked] = MARKED.exec(text) ?? [];
  if (marked === undefined) {
    throw new Error(`Cannot read programs/${program}.mjs: no >>> … <<< in it`);
  }
  const line = marked
    .replaceAll(/`\$\{origin\}(.*?)`/g, '"http://host:8000$1"')
    .replaceAll(/\borigin\b/g, '"http://host:8000"')
    .replaceAll(/`\$\{prefix\}(.*?)`/g, '"$1"')
    .replaceAll(/\s+/g, " ")
    .replaceAll(/, (?=[}\])])/g, " ")
    .replaceAll("( {", "({")
    .replaceAll("} )", "})")
    .trim();
  return [...importsFor(line, text, library), line].join("\n");
}

function importsFor(line: string, text: string, library: Library): string[] {
  const isUsed = (name: string) => new RegExp(`\\b${name}\\b`).test(line);
  const loaded = [...text.matchAll(LOADED)].flatMap(([, names = "", from]) => {
    // Several versions of one package lie beside each other under other names.
    const place = from === library.package ? library.name : from;
    const [, own] = /^default: (\w+)$/.exec(names) ?? [];
    const used = names.split(", ").filter(isUsed);
    if (own !== undefined) return [`import ${own} from "${place}";`];
    return used.length === 0
      ? []
      : [`import { ${used.join(", ")} } from "${place}";`];
  });
  const nodes = Object.entries(NODES_OWN).filter(([name]) => isUsed(name))
    .map(([name, place]) => `import { ${name} } from "${place}";`);
  return [...loaded, ...nodes];
}
