import type { ClientResult } from "./_result.ts";

const BEGIN = "<!-- clients -->";
const END = "<!-- /clients -->";

/** The README's text with the client matrix made from these results. */
export function withMatrix(
  readme: string,
  results: readonly ClientResult[],
): string {
  const from = readme.indexOf(BEGIN);
  const to = readme.indexOf(END);
  if (from < 0 || to < 0) throw new Error(`README has no ${BEGIN} … ${END}`);
  const tables = `${linesTable(results)}\n\n${findingsTable(results)}`;
  return `${readme.slice(0, from)}${BEGIN}\n\n${tables}\n\n${readme.slice(to)}`;
}

function linesTable(results: readonly ClientResult[]): string {
  return table(
    ["Library", "Lines"],
    results.map((result) => [nameOf(result), code(result.lines)]),
  );
}

function findingsTable(results: readonly ClientResult[]): string {
  return table(
    [
      "Library",
      "Two files",
      "Audit-log reason",
      "Key where the path has a token",
      "Error of Discord's",
      "Calls of one route",
      "429 of the proxy's",
      "503 of the proxy's",
      "Own time-out",
    ],
    results.map((result) => [
      nameOf(result),
      result.files,
      result.reason,
      keyCell(result),
      result.discordError,
      result.burst.isSideBySide ? "side by side" : "one at a time",
      result.refused429,
      refused503Cell(result),
      timeoutCell(result),
    ]),
  );
}

function nameOf({ library, version }: ClientResult): string {
  return `${library} ${version}`;
}

function keyCell({ callback, webhook, showsKey }: ClientResult): string {
  const callbacks = callback === "yes" ? sent(showsKey.callback) : callback;
  const webhooks = webhook === "yes" ? sent(showsKey.webhook) : webhook;
  return callbacks === webhooks
    ? callbacks
    : `callbacks: ${callbacks}; webhooks: ${webhooks}`;
}

function sent(isShown: boolean): string {
  return isShown ? "sent" : "not sent";
}

function refused503Cell({ refused503 }: ClientResult): string {
  const { thrown, tries, isUnhandledToo } = refused503;
  const after = tries === 1 ? "" : ` after ${tries} tries`;
  const besides = isUnhandledToo ? ", and an unhandled rejection" : "";
  const [name = ""] = thrown.split(":");
  return `${code(name)}${after}${besides}`;
}

function timeoutCell({ timeout }: ClientResult): string {
  if (timeout === undefined) return "none";
  const { isSentAgain, messagesArrived } = timeout;
  const who = isSentAgain ? "sends again" : "thrown; sent again by the caller";
  const count = messagesArrived === 1 ? "one" : String(messagesArrived);
  return `${who}, ${count} message arrives`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(
  head: readonly string[],
  rows: ReadonlyArray<readonly string[]>,
): string {
  return [head, head.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}
