/** `deno task page`: bundles the operators' page, which the proxy serves as text. */

import { bundle } from "./bundle.ts";

const ROOT = new URL("../", import.meta.url);

/** Its first line tells what it was made of, so that a test can hold both equal without making it anew. */
export const BUNDLE = "page/bundle.js";

if (import.meta.main) {
  await Deno.writeTextFile(new URL(BUNDLE, ROOT), await bundlePage());
}

async function bundlePage(): Promise<string> {
  const flags = ["--minify", "--platform=browser"];
  const text = await bundle("page/main.ts", flags);
  return `${await sourcesLine()}\n${text}`;
}

/** A comment with the digest of every source of the bundle and of the packages they name. */
export async function sourcesLine(): Promise<string> {
  const names = [];
  for await (const { name } of Deno.readDir(new URL("page/", ROOT))) {
    if (name.endsWith(".ts")) names.push(name);
  }
  let text = "";
  for (const name of names.sort()) {
    text += await Deno.readTextFile(new URL(`page/${name}`, ROOT));
  }
  const bytes = new TextEncoder().encode(text);
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return `// Bundled by \`deno task page\` from sources ${
    new Uint8Array(digest).toHex()
  }`;
}
