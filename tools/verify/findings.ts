/** How a route's window moves, as two answers close to each other tell. */
export type WindowKind = "sliding" | "fixed" | "unknown";

/** What answers of one route said of its limit. */
export interface RouteFinding {
  readonly route: string;
  /** The simulator has no reported numbers for it, only a guess. */
  readonly isGuess: boolean;
  /** Undefined: no answer carried rate-limit headers. */
  readonly limit: RouteLimit | undefined;
  /** Undefined when it succeeded; else its status, and Discord's code. */
  readonly refused: string | undefined;
}

export interface RouteLimit {
  readonly limit: number;
  /** `Reset-After` of the first answer; undefined where it depends on earlier requests. */
  readonly resetAfterMs: number | undefined;
  readonly kind: WindowKind;
  /** Discord's hash. It is never shown; that two routes have the same one is. */
  readonly bucket: string;
}

/** Everything a programme found. */
export interface Findings {
  readonly routes: readonly RouteFinding[];
  /** What was seen, by what was tried, in words of a closed list. */
  readonly facts: ReadonlyMap<string, string>;
  readonly requests: number;
  readonly invalid: number;
  /** Why it ended early; undefined when it did not. */
  readonly stopped: string | undefined;
}

/** One thing that is not as the simulator has it. */
export interface Difference {
  readonly what: string;
  readonly simulated: string;
  readonly real: string;
}

/** `Reset-After` is a promise about a moment: an answer's way takes from it. */
const RESET_TOLERANCE_MS = 250;
const RESET_TOLERANCE = 0.2;

/** What the real Discord does otherwise. Only what both programmes got to is compared. */
export function compare(simulated: Findings, real: Findings): Difference[] {
  const pairs = real.routes.flatMap((there) => {
    const here = simulated.routes.find((each) => each.route === there.route);
    return here === undefined || there.isGuess ? [] : [[here, there] as const];
  });
  return [
    ...pairs.flatMap(([here, there]) => compareRoute(here, there)),
    ...compareGroups(pairs),
    ...[...real.facts].flatMap(([what, there]) => {
      const here = simulated.facts.get(what);
      return here === undefined || here === there
        ? []
        : [{ what, simulated: here, real: there }];
    }),
  ];
}

function compareRoute(here: RouteFinding, there: RouteFinding): Difference[] {
  if (there.refused !== undefined || here.refused !== undefined) return [];
  const differs = here.limit === undefined || there.limit === undefined
    ? here.limit !== there.limit
    : !isAlike(here.limit, there.limit);
  return differs
    ? [{
      what: there.route,
      simulated: limitText(here.limit),
      real: limitText(there.limit),
    }]
    : [];
}

function isAlike(here: RouteLimit, there: RouteLimit): boolean {
  const isSameKind = here.kind === there.kind || here.kind === "unknown" ||
    there.kind === "unknown";
  return here.limit === there.limit && isSameKind &&
    isSameReset(here.resetAfterMs, there.resetAfterMs);
}

function isSameReset(
  here: number | undefined,
  there: number | undefined,
): boolean {
  if (here === undefined || there === undefined) return true;
  const tolerance = Math.max(RESET_TOLERANCE_MS, here * RESET_TOLERANCE);
  return Math.abs(here - there) <= tolerance;
}

/** Routes that share a bucket in one world and not in the other. */
function compareGroups(
  pairs: ReadonlyArray<readonly [here: RouteFinding, there: RouteFinding]>,
): Difference[] {
  const isOne = (a: RouteFinding, b: RouteFinding) =>
    a.limit === undefined || b.limit === undefined
      ? undefined
      : a.limit.bucket === b.limit.bucket;
  return pairs.flatMap(([here, there], at) =>
    pairs.slice(at + 1).flatMap(([otherHere, otherThere]) => {
      const simulated = isOne(here, otherHere);
      const real = isOne(there, otherThere);
      if (simulated === undefined || real === undefined) return [];
      if (simulated === real) return [];
      return [{
        what: `${there.route} and ${otherThere.route}`,
        simulated: groupText(simulated),
        real: groupText(real),
      }];
    })
  );
}

function groupText(isOne: boolean): string {
  return isOne ? "one bucket" : "two buckets";
}

/** A limit in words: `5, sliding, reset after 1.0 s`. */
export function limitText(limit: RouteLimit | undefined): string {
  if (limit === undefined) return "no headers";
  const { resetAfterMs, kind } = limit;
  const reset = resetAfterMs === undefined
    ? ""
    : `, reset after ${timeText(resetAfterMs)}`;
  return `${limit.limit}, ${
    kind === "unknown" ? "kind unknown" : kind
  }${reset}`;
}

function timeText(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
