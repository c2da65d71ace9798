import type { ClientResult } from "./_result.ts";

const BEGIN = "<!-- clients -->";
const END = "<!-- /clients -->";

/** The page's text with the client matrix made from these results. */
export function withMatrix(
  page: string,
  results: readonly ClientResult[],
): string {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from < 0 || to < 0) throw new Error(`The page has no ${BEGIN} … ${END}`);
  const matrix = [findingsTable(results), ...results.map(entryOf)].join("\n\n");
  return `${page.slice(0, from)}${BEGIN}\n\n${matrix}\n\n${page.slice(to)}`;
}

/** What differs in a word each: narrow enough for a phone. */
function findingsTable(results: readonly ClientResult[]): string {
  return table(
    ["Library", "Files", "Reason", "Key", "429", "Time-out"],
    results.map((result) => [
      `${result.library} ${result.version.split(".")[0]}`,
      yesOrNo(result.files),
      yesOrNo(result.reason),
      keyWord(result),
      result.refused429 === "thrown" ? "throws" : "waits",
      timeoutWord(result),
    ]),
  );
}

/** One library: the lines that point it at the proxy, and the rest in words. */
function entryOf(result: ClientResult): string {
  const { burst, lines, discordError } = result;
  const words = [
    ...result.files === "yes" ? [] : [`Two files: ${result.files}.`],
    ...result.reason === "yes" ? [] : [`Audit-log reason: ${result.reason}.`],
    `Key where the path has a token: ${keyWords(result)}.`,
    `Of an error of Discord's the caller gets: ${discordError}.`,
    `Calls of one route: ${
      burst.isSideBySide ? "side by side" : "one at a time"
    }.`,
    `503 of the proxy's: ${refused503Words(result)}.`,
    `Own time-out: ${timeoutWords(result)}.`,
  ];
  return `**${nameOf(result)}**\n\n\`\`\`\n${lines}\n\`\`\`\n\n${
    words.join(" ")
  }`;
}

function yesOrNo(came: string): string {
  return came === "yes" ? "yes" : "no";
}

function keyWord({ showsKey }: ClientResult): string {
  const { callback, webhook } = showsKey;
  if (callback === webhook) return callback ? "yes" : "no";
  return "in part";
}

function timeoutWord({ timeout }: ClientResult): string {
  if (timeout === undefined) return "none";
  return timeout.isSentAgain ? "resends" : "throws";
}

function nameOf({ library, version }: ClientResult): string {
  return `${library} ${version}`;
}

function keyWords({ callback, webhook, showsKey }: ClientResult): string {
  const callbacks = callback === "yes" ? sent(showsKey.callback) : callback;
  const webhooks = webhook === "yes" ? sent(showsKey.webhook) : webhook;
  return callbacks === webhooks
    ? callbacks
    : `callbacks: ${callbacks}; webhooks: ${webhooks}`;
}

function sent(isShown: boolean): string {
  return isShown ? "sent" : "not sent";
}

function refused503Words({ refused503 }: ClientResult): string {
  const { thrown, tries, isUnhandledToo } = refused503;
  const after = tries === 1 ? "" : ` after ${tries} tries`;
  const besides = isUnhandledToo ? ", and an unhandled rejection" : "";
  const [name = ""] = thrown.split(":");
  return `${code(name)}${after}${besides}`;
}

function timeoutWords({ timeout }: ClientResult): string {
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
