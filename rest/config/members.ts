import {
  parseRoutePattern,
  type RoutePattern,
} from "../domain/route_pattern.ts";
import { ENTRY_NAME } from "./setting_file.ts";

/** Takes in what is wrong with an entry of a file, in words that follow its name. */
export type Tell = (problem: string) => void;

/** Discord has some 250 routes; patterns are fewer. */
const ROUTES_MAX = 250;

/** The member "routes" of an entry; undefined: every route. */
export function readRoutes(
  given: unknown,
  tell: Tell,
): readonly RoutePattern[] | undefined {
  if (given === undefined) return undefined;
  if (!Array.isArray(given) || given.length > ROUTES_MAX) {
    tell(`"routes": want a list of at most ${ROUTES_MAX} patterns`);
    return [];
  }
  const patterns: RoutePattern[] = [];
  for (const [at, text] of given.entries()) {
    const pattern = typeof text === "string"
      ? parseRoutePattern(text)
      : undefined;
    if (pattern !== undefined) patterns.push(pattern);
    else {
      tell(
        `"routes", pattern ${at + 1}: want a method or * and a path without ` +
          "/api and version, such as GET /guilds/*/members/**",
      );
    }
  }
  return patterns;
}

/** A member that is a whole number within bounds; undefined where it is left out or none. */
export function wholeOf(
  given: Record<string, unknown>,
  member: string,
  min: number,
  max: number,
  tell: Tell,
): number | undefined {
  const value = given[member];
  if (value === undefined) return undefined;
  const isWhole = typeof value === "number" && Number.isInteger(value);
  if (isWhole && value >= min && value <= max) return value;
  // A value that is not a number may be anything, even a misplaced secret: it is not shown.
  const shown = typeof value === "number" ? ` is ${value}` : "";
  tell(`"${member}"${shown}: want a whole number from ${min} to ${max}`);
  return undefined;
}

/** What is said of a member that an entry cannot have. */
export function unknownMember(
  member: string,
  members: readonly string[],
): string {
  const shown = ENTRY_NAME.test(member) ? ` "${member}"` : "";
  return `has an unknown member${shown}: want none but ${members.join(", ")}`;
}
