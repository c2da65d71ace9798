/** `deno task readme`: writes the README's tables and `.env.example` anew from the code that holds them. */
import {
  envExample,
  settingsMarkdown,
} from "../rest/config/describe_settings.ts";
import { REFUSALS } from "../rest/domain/refusal.ts";
import { REFUSAL_NOTES } from "./refusal_notes.ts";

const README = new URL("../README.md", import.meta.url);
const ENV_EXAMPLE = new URL("../.env.example", import.meta.url);

if (import.meta.main) {
  const text = Deno.readTextFileSync(README);
  Deno.writeTextFileSync(README, withTables(text));
  Deno.writeTextFileSync(ENV_EXAMPLE, envExample());
}

/** The README's text with every generated table brought up to date. */
export function withTables(readme: string): string {
  return withTable(
    withTable(readme, "settings", settingsMarkdown()),
    "refusals",
    refusalsMarkdown(),
  );
}

/** The table of the proxy's own words, in the order of their statuses. */
function refusalsMarkdown(): string {
  const rows = Object.entries(REFUSALS)
    .sort(([, a], [, b]) => a.status - b.status)
    .map(([code, { status, sent }]) =>
      `| ${status} | \`${code}\` | ${sent} | ${
        REFUSAL_NOTES[code as keyof typeof REFUSALS]
      } |`
    );
  return [
    "| Status | Code | `sent` | When |",
    "| --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

function withTable(text: string, name: string, table: string): string {
  const begin = `<!-- ${name} -->`;
  const end = `<!-- /${name} -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < 0) throw new Error(`README has no ${begin} … ${end}`);
  return `${text.slice(0, from)}${begin}\n\n${table}\n\n${text.slice(to)}`;
}
