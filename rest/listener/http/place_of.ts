import { Refusal } from "../../domain/refusal.ts";
import { type Method, METHODS, type Target } from "../../domain/request.ts";
import type { RouteFacts } from "../../domain/route.ts";
import { parseTarget } from "../../routes/parse_target.ts";
import { routeOf } from "../../routes/route_of.ts";
import { type ReservedPath, reservedPathOf } from "../operators.ts";

/** Where at Discord a request wants to go. */
export interface Place {
  readonly method: Method;
  readonly target: Target;
  readonly route: RouteFacts;
}

export interface PlaceRules {
  readonly apiVersion: number;
  /** True where something takes WebSocket upgrades on `/rep`. */
  readonly hasUpgrade: boolean;
}

/**
 * Reads where a request wants to go. The refusal is returned, not thrown:
 * whoever has no key is told only that.
 */
export function placeOf(
  method: string,
  target: string,
  rules: PlaceRules,
  wallMs: number,
): Place | Refusal {
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
  return new Refusal(
    "no_such_target",
    path === "/key"
      ? "Cannot take the key from the path: REST_KEY_IN_PATH is not true, or the key is there twice"
      : `Cannot answer here: nothing is served at this place below ${path}`,
  );
}
