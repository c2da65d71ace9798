import type { ReceivedRequest } from "../../../sim/server.ts";
import type { Told } from "./caller.ts";

/** What is done to a proxy: signal 9, a stop of some seconds, SIGTERM; and a stop of Redis. All are there again after it. */
export type Disturbance = "kill" | "stop" | "term" | "redis";

/** What a run is judged by. */
export interface ClusterEvidence {
  readonly told: readonly Told[];
  readonly moments: readonly (readonly [Disturbance, number])[];
  readonly faults: readonly string[];
  readonly requests: readonly ReceivedRequest[];
}

/** What it came to. */
export interface ClusterVerdict {
  /** Empty: nothing lost, doubled, reordered, over a limit or told wrongly. */
  readonly problems: readonly string[];
  readonly messages: number;
  /** Messages of which nobody could say whether they were made, by the last disturbance before that and by what was told. */
  readonly unknown: Readonly<Record<string, number>>;
  /** 429s of Discord's. */
  readonly limited: number;
  /** The longest that a message took which began within some seconds of each disturbance. */
  readonly slowestMs: readonly (readonly [Disturbance, number])[];
  readonly disturbances: number;
}

/** A message belongs to the last disturbance that began before its answer, within this. */
const NEAR_MS = 12_000;

const decoder = new TextDecoder();

/** Judges a run. */
export function verdictOn(evidence: ClusterEvidence): ClusterVerdict {
  const { told, moments, faults, requests } = evidence;
  const made = madeIn(requests);
  const counts = new Map<string, number>();
  for (const content of made) {
    counts.set(content, (counts.get(content) ?? 0) + 1);
  }
  const sent = told.filter(({ as }) => as === "sent");
  const lost = sent.filter(({ content }) => !counts.has(content));
  const doubled = [...counts].filter(([, count]) => count > 1);
  const failed = told.filter(({ as }) => as === "failed");
  const limited = requests.filter(({ status }) => status === 429).length;
  const problems = [
    ...faults,
    ...problem(lost.length, "messages were told as sent and never made"),
    ...problem(doubled.length, "messages were made twice"),
    ...problem(reordered(made), "messages of a channel overtook another"),
    ...problem(limited, "429s from Discord"),
    ...problem(failed.length, `calls failed: ${failed[0]?.why}`),
  ];
  return {
    problems,
    messages: told.length,
    unknown: unknownIn(told, moments),
    limited,
    slowestMs: moments.map(([what, atMs], index) => {
      const nextMs = moments[index + 1]?.[1] ?? Infinity;
      const endMs = Math.min(nextMs, atMs + NEAR_MS);
      const near = told.filter((one) => one.atMs > atMs && one.atMs < endMs);
      return [what, Math.max(0, ...near.map(({ tookMs }) => tookMs))] as const;
    }),
    disturbances: moments.length,
  };
}

function problem(count: number, what: string): string[] {
  return count === 0 ? [] : [`${count} ${what}`];
}

/** The messages that Discord made, in its order. */
function madeIn(requests: readonly ReceivedRequest[]): string[] {
  return requests.flatMap(({ executed, body, method }) => {
    if (!executed || method !== "POST") return [];
    return /"content":"([^"]+)"/.exec(decoder.decode(body))?.[1] ?? [];
  });
}

/** How many came after a later one of their channel; what is unknown to its caller may come late, but not twice. */
function reordered(made: readonly string[]): number {
  const last = new Map<string, number>();
  let count = 0;
  for (const content of made) {
    const [channel = "", number = ""] = content.split("-");
    const at = Number(number);
    if (at < (last.get(channel) ?? -1)) count++;
    else last.set(channel, at);
  }
  return count;
}

function unknownIn(
  told: readonly Told[],
  moments: ClusterEvidence["moments"],
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { as, atMs, why = "" } of told) {
    if (as !== "unknown") continue;
    const before = moments.findLast(([, beganAtMs]) => beganAtMs <= atMs);
    const name = `${before?.[0] ?? "before all"}: ${why}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
