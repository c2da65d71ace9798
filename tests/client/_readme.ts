/** A code block of the README. */
export interface Example {
  /** What stands behind `ts` on the fence, or "". */
  readonly kind: string;
  readonly code: string;
}

/** The address and the key every example uses. */
const ADDRESS = "ws://127.0.0.1:8000/rep";
export const README_KEY = "the proxy's key";

/** Every example of the client's README. */
export async function readmeExamples(): Promise<Example[]> {
  const readme = await Deno.readTextFile(
    new URL("../../client/README.md", import.meta.url),
  );
  return [...readme.matchAll(/^```ts ?(\w*)\n(.*?)^```$/gms)]
    .map(([, kind = "", code = ""]) => ({ kind, code }));
}

/** Every example in the docstrings of what the client exports. */
export async function docstringExamples(): Promise<Example[]> {
  const examples: Example[] = [];
  for (const place of MODULES_WITH_EXAMPLES) {
    const url = new URL(`../../client/${place}`, import.meta.url);
    const source = await Deno.readTextFile(url);
    for (const [, lines = ""] of source.matchAll(DOCSTRING_EXAMPLE)) {
      const code = lines.replaceAll(/^ *\* ?/gm, "");
      examples.push({ kind: place, code });
    }
  }
  return examples;
}

const MODULES_WITH_EXAMPLES = [
  "api/errors.ts",
  "discordeno.ts",
  "rep_client.ts",
  "wire/close_codes.ts",
];

const DOCSTRING_EXAMPLE = /^ *\* ```ts\n((?: *\*.*\n)*?) *\* ```$/gm;

/** The example with another server in it. */
export function pointedAt(url: string, { code }: Example): string {
  if (!code.includes(ADDRESS)) throw new Error(`No ${ADDRESS} in:\n${code}`);
  return code.replaceAll(ADDRESS, url);
}
