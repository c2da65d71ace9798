import { RecentMap } from "../../collections/recent_map.ts";
import { Refusal } from "../../domain/refusal.ts";
import { type Method, METHODS, type Target } from "../../domain/request.ts";
import type { RouteFacts } from "../../domain/route.ts";
import { parseTarget } from "../../routes/parse_target.ts";
import { routeOf } from "../../routes/route_of.ts";
import { type ReservedPath, reservedPathOf } from "../operators.ts";

/** Where at Discord a request wants to go. */
export interface RequestTarget {
  readonly method: Method;
  readonly target: Target;
  readonly route: RouteFacts;
}

/** What decides how a target is read. */
export interface PlaceRules {
  readonly apiVersion: number;
  /** True where something takes WebSocket upgrades on `/rep`. */
  readonly hasUpgrade: boolean;
}

/** Reads where a request wants to go; see `targetOf`. */
export type TargetReader = (
  method: string,
  target: string,
  wallMs: number,
) => RequestTarget | Refusal;

/** Places remembered per method: a bot's busy channels, and a bound on what callers can make us keep. */
const PLACES_KEPT = 1_024;
/** Longer targets are rare and would be what memory goes to. */
const REMEMBERED_CHARS_MAX = 512;

/** Remembers the targets it has read lately: bots ask for the same few again and again. */
export function createTargetReader(rules: PlaceRules): TargetReader {
  // A deletion's route depends on the age of its message, which changes.
  const books = new Map(
    METHODS.filter((method) => method !== "DELETE").map((method) =>
      [
        method as string,
        new RecentMap<string, RequestTarget>(PLACES_KEPT),
      ] as const
    ),
  );
  return (method, target, wallMs) => {
    const book = mayComeAgain(target) ? books.get(method) : undefined;
    const known = book?.get(target);
    if (known !== undefined) return known;
    const place = targetOf(method, target, rules, wallMs);
    if (!(place instanceof Refusal)) book?.set(target, place);
    return place;
  };
}

/** An interaction is called back once: remembered, it would only push out what is asked for again. */
function mayComeAgain(target: string): boolean {
  return target.length <= REMEMBERED_CHARS_MAX &&
    !target.includes("/interactions/");
}

/**
 * Reads where a request wants to go. The refusal is returned, not thrown:
 * whoever has no key is told only that.
 */
function targetOf(
  method: string,
  target: string,
  rules: PlaceRules,
  wallMs: number,
): RequestTarget | Refusal {
  const reserved = reservedPathOf(target);
  if (reserved !== undefined) return reservedRefusal(reserved, rules);

  const parsed = parseTarget(target, rules.apiVersion);
  if (!parsed.ok) {
    return new Refusal("bad_path", `Cannot read path: ${parsed.problem}`);
  }
  if (!isMethod(method)) {
    return new Refusal(
      "bad_method",
      `Cannot send ${method.slice(0, METHOD_CHARS_MAX)}: Discord takes ${
        METHODS.join(", ")
      }`,
    );
  }
  const route = routeOf(method, parsed.target.path, wallMs);
  return { method, target: parsed.target, route };
}

/** As much of a made-up method as a sentence bears; the longest registered one has 17. */
const METHOD_CHARS_MAX = 20;

function isMethod(method: string): method is Method {
  return (METHODS as readonly string[]).includes(method);
}

function reservedRefusal(path: ReservedPath, rules: PlaceRules): Refusal {
  if (path === "/rep" && rules.hasUpgrade) {
    return new Refusal(
      "upgrade_required",
      "Cannot answer here: /rep takes WebSocket upgrades only",
    );
  }
  return new Refusal("no_such_target", nothingAt(path));
}

function nothingAt(path: ReservedPath): string {
  switch (path) {
    case "/key":
      return "Cannot take the key from the path: REST_KEY_IN_PATH is not true, or the key is there twice";
    case "/_rep":
      return "Cannot answer here: below /_rep there are GET /_rep/requests, GET /_rep/limits?target=<path>&method=<method>, and GET or DELETE /_rep/requests/<id>; a WebSocket to /rep has its own";
    default:
      return `Cannot answer here: nothing is served at this place below ${path}`;
  }
}
