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

/** The example with another server in it. */
export function pointedAt(url: string, { code }: Example): string {
  if (!code.includes(ADDRESS)) throw new Error(`No ${ADDRESS} in:\n${code}`);
  return code.replaceAll(ADDRESS, url);
}
