import type { WaitReason } from "../rest/domain/wait_reason.ts";
import type { LineRow, PageFigures, Point } from "../rest/metrics/types.ts";
import { bad, busy, good, type Verdict } from "./tones.ts";
import { clusterVerdictOf, doorWords } from "./cluster_verdict.ts";
import { counted, duration, REASON_WORDS, shortId } from "./words.ts";

/** From this share of the budget of invalid requests on, failing routes are held. */
const BUDGET_NEAR_SHARE = 0.8;
/** A line this long, and this much of all that waits, is what the wait is about. */
const HOT_LINE = 20;
const HOT_SHARE = 0.5;
/** Libraries give up after some 15 s. */
const LONG_WAIT_MS = 15_000;
/** Discord usually takes less than a quarter of a second. */
const SLOW_DISCORD_MS = 2_000;
const LAG_MS = 500;
/** Older points tell nothing of now. */
const LATELY_MS = 60_000;
/** What one or two seconds bring says little of Discord: so much is looked at. */
const ANSWERS_MS = 10_000;
const ANSWERS_MIN = 25;
/** Fewer failures happen on any day. */
const FAILED_MIN = 3;
const FAILING_SHARE = 0.5;
/** As in the alert of `ops/`. */
const UNWELL_SHARE = 0.05;

/** What matters most, the worst first. */
export function verdictOf(figures: PageFigures): Verdict {
  return blocked(figures) ?? troubled(figures) ?? calm(figures);
}

/** Something that keeps requests from leaving at all. */
function blocked({ reading }: PageFigures): Verdict | undefined {
  const { isDraining, breaker, breakerForMs, bots, invalid, journal } = reading;
  const left = counted(reading.waiting + reading.inFlight, "request");
  if (isDraining) return bad(`Draining: ${left} left, then the proxy ends.`);
  if (breaker !== "closed") {
    return bad(
      `Cloudflare blocks this address: nothing is sent, the next try is in ${
        duration(breakerForMs)
      }.`,
    );
  }
  const rejected = bots.filter((bot) => bot.isTokenRejected)
    .map(({ bot }) => bot);
  if (rejected.length > 0) {
    return bad(
      `Discord rejects the token of ${
        rejected.join(", ")
      }: set a valid one; it is asked again every minute.`,
    );
  }
  const { cluster } = reading;
  const amongProxies = cluster && clusterVerdictOf(cluster);
  if (amongProxies !== undefined) return amongProxies;
  if (journal?.isFailing === true) {
    return bad(
      "The journal does not take new requests: what has to survive a restart is refused with 503; the log says why.",
    );
  }
  if (invalid.count < invalid.ceiling * BUDGET_NEAR_SHARE) return undefined;
  return bad(
    `${invalid.count} of ${invalid.ceiling} invalid requests are spent: routes that keep failing are held, so that Discord does not block this address.`,
  );
}

/** Something that makes requests fail, or wait so long that their callers may give up. */
function troubled(figures: PageFigures): Verdict | undefined {
  const { reading, lines } = figures;
  const failures = failuresIn(figures);
  if (failures.share >= FAILING_SHARE) {
    return bad(`Discord fails: ${failures.text}.`);
  }
  const discord = discordIn(figures).text;
  if (reading.loopLagMs > LAG_MS) {
    return bad(
      `This process is short of breath: its event loop was ${
        duration(reading.loopLagMs)
      } late. ${discord}.`,
    );
  }
  const paused = lines.filter(({ isPaused }) => isPaused);
  if (paused.length > 0) {
    return busy(
      `${counted(paused.length, "line")} paused by an operator; ${
        counted(reading.waiting, "request")
      } waiting. ${discord}.`,
    );
  }
  const [line] = lines;
  if (line !== undefined && isHot(line, reading.waiting)) {
    const where = line.major === "" ? "" : ` in ${shortId(line.major)}`;
    // Before its first answer nobody knows when it will be clear.
    const clear = line.clearInMs === undefined
      ? ""
      : `, clear in ${duration(line.clearInMs)}`;
    return busy(
      `One limit is hot: ${
        counted(line.waiting, "request")
      } wait for ${line.label}${where}${clear}. ${discord}.`,
    );
  }
  const isLong = reading.waiting >= HOT_LINE ||
    reading.oldestWaitMs > LONG_WAIT_MS || lines.some(isSlow);
  return isLong ? busy(`${waitersIn(reading)}. ${discord}.`) : undefined;
}

function isHot(line: LineRow, allWaiting: number): boolean {
  const isLong = line.waiting >= HOT_LINE || line.waiting > 1 && isSlow(line);
  return isLong && line.waiting >= allWaiting * HOT_SHARE;
}

/**
 * Whether the last request of a line will have waited too long when it leaves.
 * While a line drains, what the oldest has waited grows as what is left
 * shrinks: so the verdict does not change to and fro.
 */
function isSlow({ oldestWaitMs, clearInMs }: LineRow): boolean {
  return oldestWaitMs + (clearInMs ?? 0) > LONG_WAIT_MS;
}

function calm(figures: PageFigures): Verdict {
  const { reading } = figures;
  const { text: discord, isWell } = discordIn(figures);
  if (reading.waiting > 0) {
    const waiters = waitersIn(reading);
    return isWell
      ? good(`${waiters}; nothing is stuck. ${discord}.`)
      : busy(`${waiters}, and ${discord}.`);
  }
  if (!isWell) return busy(`Nothing waits here, but ${discord}.`);
  const door = reading.cluster && doorWords(reading.cluster);
  if (door !== undefined && reading.inFlight === 0) return good(door);
  if (reading.inFlight === 0 && lastDiscordMs(figures) === undefined) {
    return good("All quiet: nothing waits, and nothing has been sent lately.");
  }
  return good(`All well: requests leave at once. ${discord}.`);
}

/** `11 requests wait for their limits, the oldest for 5.8 s`. */
function waitersIn(
  { waiting, oldestWaitMs, reasons }: PageFigures["reading"],
): string {
  const counts = new Map<string, number>();
  for (const [reason, requests] of Object.entries(reasons)) {
    const words = wordsOf(reason as WaitReason, waiting);
    counts.set(words, (counts.get(words) ?? 0) + requests);
  }
  const [main] = [...counts].sort((a, b) => b[1] - a[1]);
  const [words, requests] = main ?? [wordsOf("bucket", waiting), waiting];
  const share = requests < waiting ? ", most of them" : "";
  const wait = waiting === 1 ? "waits" : "wait";
  const oldest = waiting === 1 ? "" : "the oldest ";
  return `${
    counted(waiting, "request")
  } ${wait}${share} for ${words}, ${oldest}for ${duration(oldestWaitMs)}`;
}

/** What holds a request back that is neither failing nor blocked. */
const LIMITS: ReadonlySet<WaitReason> = new Set([
  "bucket",
  "first_answer",
  "hidden_limit",
  "common_limit",
]);

function wordsOf(reason: WaitReason, waiting: number): string {
  const isOne = waiting === 1;
  if (LIMITS.has(reason)) return isOne ? "its limits" : "their limits";
  const words = REASON_WORDS[reason];
  return isOne ? words : words.replace(/^its /, "their ");
}

/** The points of the last minute. */
function lastPoints({ reading, points }: PageFigures): readonly Point[] {
  return points.filter(({ atMs }) => atMs >= reading.atMs - LATELY_MS);
}

function lastDiscordMs(figures: PageFigures): number | undefined {
  return lastPoints(figures)
    .findLast((point) => point.discordP95Ms !== undefined)?.discordP95Ms;
}

/** Which share of what was asked failed, in the last ten seconds; where that is little, in up to a minute. */
function failuresIn(
  figures: PageFigures,
): { readonly share: number; readonly text: string } {
  const sinceMs = figures.reading.atMs - ANSWERS_MS;
  let [asked, failed, unanswered] = [0, 0, 0];
  for (const point of lastPoints(figures).toReversed()) {
    if (point.atMs <= sinceMs && asked >= ANSWERS_MIN) break;
    failed += point.failed ?? 0;
    unanswered += point.unanswered ?? 0;
    asked += (point.answered ?? 0) + (point.unanswered ?? 0);
  }
  const bad = failed + unanswered;
  const of = `${bad} of the last ${asked}`;
  const text = unanswered === 0
    ? `${of} answers were 5xx`
    : `${of} requests got ${failed === 0 ? "" : "a 5xx or "}no answer`;
  return { share: bad < FAILED_MIN ? 0 : bad / asked, text };
}

function discordIn(
  figures: PageFigures,
): { readonly text: string; readonly isWell: boolean } {
  const failures = failuresIn(figures);
  if (failures.share > UNWELL_SHARE) {
    return { text: `Discord fails at times (${failures.text})`, isWell: false };
  }
  const ms = lastDiscordMs(figures);
  if (ms === undefined) {
    return { text: "Discord has not been asked lately", isWell: true };
  }
  return ms > SLOW_DISCORD_MS
    ? { text: `Discord is slow (${duration(ms)})`, isWell: false }
    : { text: `Discord is fine (${duration(ms)})`, isWell: true };
}
