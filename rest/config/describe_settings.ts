import { SETTING_GROUPS, type SettingGroup } from "./setting_groups.ts";
import { type Setting, SETTINGS } from "./settings.ts";

const ENV_HEAD =
  `# Settings of the proxy: copy this file to .env and fill it in.
# What stands in the environment wins over what stands here. An empty value
# counts as not set. Lines that begin with # show the defaults.
`;

/** Characters of a comment line in `.env.example`, "# " included. */
const LINE_CHARS_MAX = 78;

/** The whole text of `.env.example`. */
export function envExample(): string {
  const blocks = SETTING_GROUPS.flatMap((group) => [
    `# --- ${group.title} ---\n`,
    ...rowsOf(group).map(envBlock),
  ]);
  return [ENV_HEAD, ...blocks].join("\n");
}

/** The tables of settings for the documents, one for each group. */
export function settingsMarkdown(): string {
  return SETTING_GROUPS.map((group) =>
    [
      `## ${group.title}\n`,
      "| Setting | Default | Values | What it is for |",
      "| --- | --- | --- | --- |",
      ...rowsOf(group).map(markdownRow),
    ].join("\n")
  ).join("\n\n");
}

function rowsOf({ members }: SettingGroup): ReadonlyArray<Setting<unknown>> {
  return members.map((member) => SETTINGS[member]);
}

function envBlock(setting: Setting<unknown>): string {
  const { name, kind, fallback, need, about, example } = setting;
  const isDefault = need === "defaulted" && example === undefined;
  const mark = isDefault ? "# " : "";
  const text = comment(`${plain(about)} (${kind.values})`);
  return `${text}\n${mark}${name}=${example ?? fallback}\n`;
}

function markdownRow(setting: Setting<unknown>): string {
  const { name, kind, fallback, need, about } = setting;
  const unset = need === "required" ? "required" : "none";
  const value = fallback === "" ? unset : `\`${fallback}\``;
  return `| \`${name}\` | ${value} | ${kind.values} | ${about} |`;
}

/** Backticks are for Markdown. */
function plain(text: string): string {
  return text.replaceAll("`", "");
}

function comment(text: string): string {
  const lines: string[] = [];
  let line = "#";
  for (const word of text.split(" ")) {
    if (line.length + 1 + word.length > LINE_CHARS_MAX) {
      lines.push(line);
      line = "#";
    }
    line += ` ${word}`;
  }
  return [...lines, line].join("\n");
}
