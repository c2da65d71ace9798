import type { PageFigures, Point } from "../rest/metrics/types.ts";
import { batch, computed, signal } from "./deps.ts";
import type { Verdict } from "./tones.ts";
import { verdictOf } from "./verdict.ts";

/** How the page gets its figures now. */
export type Feed = "live" | "polling" | "paused" | "lost";

/** Ten minutes of charts, as the proxy keeps them: the page stays flat for hours. */
const POINTS_MAX = 600;

/** False until a key was given; undefined until it is known. */
export const isSignedIn = signal<boolean | undefined>(undefined);
/** What the program around the proxy adds to press. */
export const buttons = signal<readonly string[]>([]);
export const feed = signal<Feed>("lost");
export const figures = signal<PageFigures | undefined>(undefined);
export const points = signal<readonly Point[]>([]);
/** The bot that tables show; empty: all. */
export const chosenBot = signal("");
/** The line whose requests are listed. */
export const openLine = signal<string | undefined>(undefined);
/** What came of the last thing the operator did; each has a number of its own, so that the same is told twice. */
export const notice = signal({ text: "", number: 0 });
/** Long enough to be read aloud; what stays for ever is taken for the state of things. */
const NOTICE_MS = 8_000;

export const verdict = computed<Verdict>(() =>
  figures.value === undefined
    ? { tone: "busy", text: "Waiting for the first figures." }
    : verdictOf({ ...figures.value, points: points.value })
);

/** Takes new figures in. */
export function take(next: PageFigures): void {
  const known = points.peek();
  // Drawn once, not for each of the two.
  batch(() => {
    points.value = [...known, ...next.points].slice(-POINTS_MAX);
    figures.value = next;
  });
}

/** When the newest point was taken; 0 before there is one. */
export function newestAtMs(): number {
  return points.peek().at(-1)?.atMs ?? 0;
}

/** Tells what came of an action, for some seconds. */
export function tell(
  text: string,
  later: (action: () => void, ms: number) => void = setTimeout,
): void {
  const number = notice.peek().number + 1;
  notice.value = { text, number };
  later(() => {
    if (notice.peek().number === number) notice.value = { text: "", number };
  }, NOTICE_MS);
}
