import { manifestOf, type PackageInfo, packagesOf } from "./packages_of.ts";

/** What the proxy and its page are made of. */
export const BUNDLED: readonly string[] = ["rest/mod.ts", "page/main.ts"];

const LICENCE_FILE = /^licen[cs]e(?:\.\w+)?$/i;

/** The licences of all packages that are bundled, which ask to go along. */
export async function licenceTexts(): Promise<string> {
  const packages = await packagesOf(BUNDLED);
  const parts = await Promise.all(packages.map(licenceOf));
  return `# Licences\n\n${parts.join("\n")}`;
}

async function licenceOf(info: PackageInfo): Promise<string> {
  const { license = "unknown" } = await manifestOf(info);
  const [file] = [...Deno.readDirSync(info.localPath)]
    .filter(({ name }) => LICENCE_FILE.test(name));
  const text = file === undefined
    ? "(The package holds no text of it.)"
    : await Deno.readTextFile(`${info.localPath}/${file.name}`);
  return `## ${info.name} ${info.version} (${license})\n\n${text.trim()}\n`;
}
