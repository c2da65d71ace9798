import { type Difference, type Findings, limitText } from "./findings.ts";

export interface ReportContext {
  readonly version: string;
  readonly atMs: number;
}

/**
 * The report, as Markdown fit for a bug report: templates, numbers and words of
 * closed lists. No id, name, hash or token gets into it, since nothing of an
 * answer's text does.
 */
export function reportOf(
  simulated: Findings,
  real: Findings,
  differences: readonly Difference[],
  { version, atMs }: ReportContext,
): string {
  const { requests, invalid, stopped } = real;
  return [
    "# Discord beside the simulated Discord",
    "",
    `Sluice ${version}, ${new Date(atMs).toISOString().slice(0, 16)}Z, ` +
    `${requests} requests, ${invalid} of them answered 401, 403 or 429.`,
    ...stopped === undefined ? [] : ["", `**It ended early.** ${stopped}.`],
    "",
    "## What differs",
    "",
    ...differences.length === 0 ? ["Nothing of what was tried."] : table(
      ["What", "Simulated", "Discord"],
      differences.map(({ what, simulated, real }) => [what, simulated, real]),
    ),
    "",
    "## Limits",
    "",
    "Routes with the same letter share a bucket. The simulator only guesses the numbers in brackets.",
    "",
    ...table(
      ["Route", "Simulated", "Discord", "Bucket"],
      limitRows(simulated, real),
    ),
    "",
    "## Facts",
    "",
    ...table(
      ["What was tried", "Simulated", "Discord"],
      [...real.facts].map(([what, there]) => [
        what,
        simulated.facts.get(what) ?? "not reached",
        there,
      ]),
    ),
    "",
    "## Not tried",
    "",
    "The global limit, real interactions and their follow-ups, limits of an hour and more, deletions of messages older than 10 s, uploads, and what Cloudflare does.",
    "",
  ].join("\n");
}

function limitRows(simulated: Findings, real: Findings): string[][] {
  const buckets = real.routes.flatMap(({ limit }) => limit?.bucket ?? []);
  const letters = [...new Set(buckets)];
  return real.routes.map(({ route, isGuess, limit, refused }) => {
    const here = simulated.routes.find((each) => each.route === route);
    const said = here === undefined ? "not reached" : limitText(here.limit);
    return [
      route,
      isGuess ? `(${said})` : said,
      refused === undefined ? limitText(limit) : `refused: ${refused}`,
      limit === undefined ? "" : letterOf(letters.indexOf(limit.bucket)),
    ];
  });
}

/** A, B … Z, A1, B1 … */
function letterOf(at: number): string {
  const letter = String.fromCharCode(65 + at % 26);
  return at < 26 ? letter : `${letter}${Math.floor(at / 26)}`;
}

function table(
  head: readonly string[],
  rows: ReadonlyArray<readonly string[]>,
): string[] {
  return [head, head.map(() => "---"), ...rows]
    .map((cells) =>
      `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`
    );
}
