const UNRELEASED = "## Unreleased";

/** The changelog with what is unreleased under the name of a version, and room for what comes next. Throws one sentence where nothing is unreleased. */
export function releasedChangelog(
  text: string,
  version: string,
  date: string,
): string {
  const [before, section] = aroundUnreleased(text);
  if (section.trim() === "") {
    throw new Error(
      `Cannot release ${version}: CHANGELOG.md has nothing under Unreleased`,
    );
  }
  const rest = text.slice(before.length + UNRELEASED.length);
  return `${before}${UNRELEASED}\n\n## ${version} - ${date}${rest}`;
}

/** What the changelog says of a version, without its heading; "" where it says nothing. */
export function notesOf(text: string, version: string): string {
  const [, section = ""] = text.split(`\n## ${version} - `);
  const [lines = ""] = section.split(/\n## /);
  return lines.slice(lines.indexOf("\n")).trim();
}

/** The text before the heading, and the section under it. */
function aroundUnreleased(text: string): [before: string, section: string] {
  const at = text.indexOf(`${UNRELEASED}\n`);
  if (at < 0) {
    throw new Error(
      'Cannot release: CHANGELOG.md has no heading "## Unreleased"',
    );
  }
  const [section = ""] = text.slice(at + UNRELEASED.length).split(/\n## /);
  return [text.slice(0, at), section];
}
