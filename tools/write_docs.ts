/** `deno task readme`: writes the tables of docs/ and `.env.example` anew from the code that holds them. */
import {
  envExample,
  settingsMarkdown,
} from "../rest/config/describe_settings.ts";
import { REFUSALS } from "../rest/domain/refusal.ts";
import { REFUSAL_NOTES } from "./refusal_notes.ts";

const ROOT = new URL("../", import.meta.url);

/** The generated part of each page, by the page's place. */
const TABLES: ReadonlyArray<
  readonly [place: string, name: string, make: () => string]
> = [
  ["docs/settings.md", "settings", settingsMarkdown],
  ["docs/answers.md", "refusals", refusalsMarkdown],
];

if (import.meta.main) {
  for (const { place, made } of pagesWithTables()) {
    Deno.writeTextFileSync(new URL(place, ROOT), made);
  }
  Deno.writeTextFileSync(new URL(".env.example", ROOT), envExample());
}

/** Each page with a generated table: as it is, and as it has to be. */
export function pagesWithTables(): ReadonlyArray<{
  readonly place: string;
  readonly found: string;
  readonly made: string;
}> {
  return TABLES.map(([place, name, make]) => {
    const found = Deno.readTextFileSync(new URL(place, ROOT));
    return { place, found, made: withTable(found, name, make()) };
  });
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
  if (from < 0 || to < 0) throw new Error(`The page has no ${begin} … ${end}`);
  return `${text.slice(0, from)}${begin}\n\n${table}\n\n${text.slice(to)}`;
}
