import type { PageFigures } from "../rest/metrics/types.ts";
import { counted, duration, REASON_WORDS, shortId } from "./words.ts";

/** How things are, in one sentence. */
export interface Verdict {
  readonly tone: "good" | "busy" | "bad";
  readonly text: string;
}

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

/** What matters most, the worst first. */
export function verdictOf(figures: PageFigures): Verdict {
  return blocked(figures) ?? waiting(figures) ?? calm(figures);
}

/** Something that keeps requests from leaving at all. */
function blocked({ reading }: PageFigures): Verdict | undefined {
  const { isDraining, breaker, breakerForMs, bots, invalid } = reading;
  const left = counted(reading.waiting + reading.inFlight, "request");
  if (isDraining) return bad(`Draining: ${left} left, nothing new is taken.`);
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
  if (invalid.count < invalid.ceiling * BUDGET_NEAR_SHARE) return undefined;
  return bad(
    `${invalid.count} of ${invalid.ceiling} invalid requests are spent: routes that keep failing are held, so that Discord does not block this address.`,
  );
}

/** Something that makes requests wait. */
function waiting(figures: PageFigures): Verdict | undefined {
  const { reading, lines } = figures;
  const discord = discordIn(figures);
  if (reading.loopLagMs > LAG_MS) {
    return bad(
      `This process is short of breath: its event loop was ${
        duration(reading.loopLagMs)
      } late. ${discord}.`,
    );
  }
  const paused = lines.filter(({ isPaused }) => isPaused);
  const [line] = lines;
  if (paused.length > 0) {
    return busy(
      `${counted(paused.length, "line")} paused by an operator; ${
        counted(reading.waiting, "request")
      } waiting. ${discord}.`,
    );
  }
  const isHot = line !== undefined && line.waiting >= HOT_LINE &&
    line.waiting >= reading.waiting * HOT_SHARE;
  if (isHot) {
    const where = line.major === "" ? "" : ` in ${shortId(line.major)}`;
    return busy(
      `One limit is hot: ${
        counted(line.waiting, "request")
      } wait for ${line.label}${where}, clear in ${
        duration(line.clearInMs)
      }. ${discord}.`,
    );
  }
  const [reason] = mainReasons(reading.reasons);
  if (reason === undefined || reading.waiting < HOT_LINE) {
    return reading.oldestWaitMs > LONG_WAIT_MS
      ? busy(
        `The oldest request has waited for ${
          duration(reading.oldestWaitMs)
        }. ${discord}.`,
      )
      : undefined;
  }
  return busy(
    `${counted(reading.waiting, "request")} wait, most of them for ${
      REASON_WORDS[reason]
    }, the oldest for ${duration(reading.oldestWaitMs)}. ${discord}.`,
  );
}

function calm(figures: PageFigures): Verdict {
  const { reading, points } = figures;
  const sent = points.slice(-10).reduce((sum, point) => sum + point.sent, 0);
  const discord = discordIn(figures);
  const isSlow = (lastDiscordMs(figures) ?? 0) > SLOW_DISCORD_MS;
  if (isSlow) return busy(`Nothing waits here, but ${discord}.`);
  if (sent === 0 && reading.inFlight === 0) {
    return good("All quiet: nothing waits, and nothing has been sent lately.");
  }
  if (reading.waiting === 0) {
    return good(`All well: requests leave at once. ${discord}.`);
  }
  return good(
    `All well: ${
      counted(reading.waiting, "request")
    } wait for a moment. ${discord}.`,
  );
}

function mainReasons(
  reasons: PageFigures["reading"]["reasons"],
): readonly (keyof typeof REASON_WORDS)[] {
  return Object.entries(reasons).sort((a, b) => b[1] - a[1])
    .map(([reason]) => reason as keyof typeof REASON_WORDS);
}

function lastDiscordMs({ points }: PageFigures): number | undefined {
  return points.findLast((point) => point.discordP95Ms !== undefined)
    ?.discordP95Ms;
}

function discordIn(figures: PageFigures): string {
  const ms = lastDiscordMs(figures);
  if (ms === undefined) return "Discord has not been asked lately";
  return ms > SLOW_DISCORD_MS
    ? `Discord is slow (${duration(ms)})`
    : `Discord is fine (${duration(ms)})`;
}

const good = (text: string): Verdict => ({ tone: "good", text });
const busy = (text: string): Verdict => ({ tone: "busy", text });
const bad = (text: string): Verdict => ({ tone: "bad", text });
