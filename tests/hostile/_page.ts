import { ANSWERS } from "./_answers.ts";
import { HTTP2_ATTEMPTS } from "./_http2_requests.ts";
import { ATTEMPTS } from "./_requests.ts";

const PAGE = new URL("../../SECURITY.md", import.meta.url);

const START = "<!-- attempts -->";
const END = "<!-- /attempts -->";

interface Row {
  readonly tried: string;
  readonly cameBack: string;
  readonly reached?: readonly string[];
}

export function readPage(): string {
  return Deno.readTextFileSync(PAGE);
}

/** The page with its tables as the tests have them. */
export function withAttempts(page: string): string {
  const from = page.indexOf(START) + START.length;
  const to = page.indexOf(END);
  if (to < from) throw new Error(`SECURITY.md has no ${START} and ${END}`);
  return `${page.slice(0, from)}\n\n${tables()}\n\n${page.slice(to)}`;
}

function tables(): string {
  const callers = ATTEMPTS.map(({ title, attempts }) =>
    `### ${title}\n\n${callerTable(attempts)}`
  );
  return [
    ...callers,
    `### HTTP/2\n\n${callerTable(HTTP2_ATTEMPTS)}`,
    `### Something hostile in Discord's place, answering a POST\n\n${
      table(
        ["It answers", "The caller gets"],
        ANSWERS.map(({ tried, cameBack }) => [tried, cameBack]),
      )
    }`,
  ].join("\n\n");
}

function callerTable(rows: readonly Row[]): string {
  return table(
    ["Tried", "What came back", "Reached Discord"],
    rows.map(({ tried, cameBack, reached }) => [
      tried,
      cameBack,
      reachedText(reached),
    ]),
  );
}

function reachedText(reached: readonly string[] = []): string {
  if (reached.length === 0) return "nothing";
  return reached.length === 1 ? "the request" : `${reached.length} requests`;
}

function table(
  head: readonly string[],
  rows: ReadonlyArray<readonly string[]>,
): string {
  return [head, head.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.map(escaped).join(" | ")} |`).join("\n");
}

function escaped(cell: string): string {
  return cell.replaceAll("|", "\\|");
}

if (import.meta.main) Deno.writeTextFileSync(PAGE, withAttempts(readPage()));
