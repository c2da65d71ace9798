import type { LimitSpec, RouteRule, RuleChange } from "./limit_rule.ts";
import { bare } from "./router.ts";

/** A limiter as a route uses it: its counter and the hash it shows. */
export interface Limiter extends LimitSpec {
  readonly counter: string;
  readonly hash: string;
}

/** Bounds the memory of routes seen; unknown paths may be of any number. */
const ROUTES_MAX = 10_000;

interface Compiled {
  readonly method: string;
  readonly template: string;
  readonly rule: RouteRule;
}

/** Answers which limiters a route has; later rules win over earlier ones. */
export class RuleBook {
  readonly #rules: readonly Compiled[];
  readonly #changes: readonly RuleChange[];
  readonly #cache = new Map<string, readonly Limiter[]>();

  constructor(rules: readonly RouteRule[], changes: readonly RuleChange[]) {
    this.#rules = rules.map((rule) => ({ ...split(rule.match), rule }));
    // A rule that says nothing is found now, not by the first request it matches.
    for (const rule of rules) if (!rule.headerless) specsOf(rule);
    this.#changes = changes;
  }

  limitersOf(routeKey: string): readonly Limiter[] {
    const known = this.#cache.get(routeKey);
    if (known !== undefined) return known;
    if (this.#cache.size >= ROUTES_MAX) this.#cache.clear();
    const limiters = this.#compile(routeKey);
    this.#cache.set(routeKey, limiters);
    return limiters;
  }

  #compile(routeKey: string): readonly Limiter[] {
    const found = this.#rules.findLast((each) => isMatch(each, routeKey));
    if (found === undefined || found.rule.headerless) return [];
    const changes = this.#changes.filter((change) =>
      isMatch(split(change.match), routeKey)
    );
    return specsOf(found.rule).map((spec, index) =>
      limiterOf(spec, routeKey, index === 0 ? changes : [])
    );
  }
}

/** Splits `GET /users/{id}` into its method and its bare template. */
export function split(match: string): { method: string; template: string } {
  if (typeof match !== "string") {
    throw new TypeError(
      'Cannot read a rule: want a method and a template as "match"',
    );
  }
  const [method = "*", template = "*"] = match.split(" ");
  return { method, template: bare(template) };
}

/** True when a rule's `match` names this route. */
export function isMatch(
  match: { readonly method: string; readonly template: string },
  routeKey: string,
): boolean {
  const [method, template] = routeKey.split(" ");
  return (match.method === "*" || match.method === method) &&
    (match.template === "*" || match.template === template);
}

function specsOf(rule: RouteRule): readonly LimitSpec[] {
  if (rule.limits !== undefined) return rule.limits;
  const { limit, periodMs } = rule;
  if (limit === undefined || periodMs === undefined) {
    throw new Error(
      `Cannot read rule "${rule.match}": wants limit and periodMs, or limits, or headerless`,
    );
  }
  return [{ ...rule, limit, periodMs }];
}

function limiterOf(
  spec: LimitSpec,
  routeKey: string,
  changes: readonly RuleChange[],
): Limiter {
  const changed: LimitSpec = Object.assign({}, spec, ...changes);
  const salt = changes.map((change) => change.rotateHash ?? "").join("");
  const own = `${spec.bucket ?? `${routeKey}|${spec.name ?? ""}`}|${salt}`;
  return {
    ...changed,
    counter: own,
    hash: hashOf(spec.hash === undefined ? own : `${spec.hash}|${salt}`),
  };
}

/** 32 hex digits, as Discord's hashes look; they are opaque, so FNV-1a does. */
export function hashOf(text: string): string {
  return [0x811c9dc5, 0x01000193, 0xdeadbeef, 0x12345678].map((basis) => {
    let hash = basis;
    for (let i = 0; i < text.length; i++) {
      hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    }
    // A last mix, or texts that differ in the last letter would look alike.
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    return ((hash ^ (hash >>> 13)) >>> 0).toString(16).padStart(8, "0");
  }).join("");
}
