import type { KeyEntry, KeyRights, RoutePattern } from "../domain/access.ts";
import { parseRoutePattern } from "../domain/route_pattern.ts";
import type { Urgency } from "../domain/request.ts";
import {
  ENTRY_NAME,
  ENTRY_NAME_WANTED,
  isObject,
  jsonIn,
  type SettingFile,
} from "./setting_file.ts";

/** Every key is compared with what every caller shows, some 0.4 µs each. */
const KEYS_MAX = 100;
/** Discord has some 250 routes; patterns are fewer. */
const ROUTES_MAX = 250;
/** Ten thousand a second are more than the proxy takes in. */
const RATE_MAX = 10_000;
/** The longest queue there can be. */
const CONCURRENCY_MAX = 1_000_000;

/** Names that stand for somebody already: the key of `REST_AUTHORIZATION`, callers without a key, the proxy itself. */
const RESERVED_NAMES: readonly string[] = [
  "default",
  "keyless",
  "manager",
  "proxy",
  "token",
];

const MEMBERS: readonly string[] = [
  "name",
  "sha256",
  "bots",
  "read-only",
  "routes",
  "urgency",
  "rate",
  "concurrency",
  "admin",
];

/** All keys of the file. Every problem in it is added to `problems`, without anything secret. */
export function readKeys(
  file: SettingFile | undefined,
  bots: readonly string[],
  problems: string[],
): KeyEntry[] {
  if (file === undefined) return [];
  const before = problems.length;
  const value = jsonIn(file, problems);
  if (problems.length > before) return [];
  const { setting } = file;
  if (!Array.isArray(value)) {
    problems.push(`${setting}: want a JSON list of keys`);
    return [];
  }
  if (value.length > KEYS_MAX) {
    problems.push(
      `${setting} has ${value.length} keys: want at most ${KEYS_MAX}`,
    );
    return [];
  }
  const keys: KeyEntry[] = [];
  for (const [at, given] of value.entries()) {
    const label = `${setting}: ${labelOf(given, at)}`;
    const tell = (problem: string) => void problems.push(`${label} ${problem}`);
    const key = readKey(given, bots, tell);
    if (key === undefined) continue;
    const same = keys.find((other) =>
      other.name === key.name || other.sha256 === key.sha256
    );
    if (same === undefined) keys.push(key);
    else tell(`has the name or the hash of another key, "${same.name}"`);
  }
  return keys;
}

type Tell = (problem: string) => void;

function readKey(
  given: unknown,
  bots: readonly string[],
  tell: Tell,
): KeyEntry | undefined {
  if (!isObject(given)) {
    tell("is not an object: want what `deno task key` prints");
    return undefined;
  }
  for (const member of Object.keys(given)) {
    if (!MEMBERS.includes(member)) tell(unknownMember(member));
  }
  const { name, sha256 } = given;
  const isNamed = typeof name === "string" && ENTRY_NAME.test(name);
  if (!isNamed) tell(`has no "name": want ${ENTRY_NAME_WANTED}`);
  else if (RESERVED_NAMES.includes(name)) {
    tell(
      `has a name the proxy uses itself: want none of ${list(RESERVED_NAMES)}`,
    );
  }
  const isHashed = typeof sha256 === "string" && /^[0-9a-f]{64}$/i.test(sha256);
  if (!isHashed) {
    tell('has no "sha256": want 64 hex digits, as `deno task key` prints them');
  }
  const rights = readRights(given, bots, tell);
  return isNamed && isHashed
    ? { name, sha256: sha256.toLowerCase(), rights }
    : undefined;
}

function readRights(
  given: Record<string, unknown>,
  bots: readonly string[],
  tell: Tell,
): KeyRights {
  const whole = (member: string, min: number, max: number) =>
    wholeOf(given, member, min, max, tell);
  return {
    bots: readBotNames(given["bots"], bots, tell),
    isReadOnly: readSwitch(given, "read-only", tell),
    routes: readRoutes(given["routes"], tell),
    urgency: (whole("urgency", 0, 7) ?? 0) as Urgency,
    rate: whole("rate", 1, RATE_MAX),
    concurrency: whole("concurrency", 1, CONCURRENCY_MAX),
    isAdmin: readSwitch(given, "admin", tell),
  };
}

function readSwitch(
  given: Record<string, unknown>,
  member: string,
  tell: Tell,
): boolean {
  const value = given[member] ?? false;
  if (typeof value !== "boolean") tell(`"${member}": want true or false`);
  return value === true;
}

function readBotNames(
  given: unknown,
  bots: readonly string[],
  tell: Tell,
): readonly string[] | undefined {
  if (given === undefined) return undefined;
  const known = bots.length === 0 ? "none is configured" : list(bots);
  const isKnown = Array.isArray(given) &&
    given.every((name) => bots.includes(name));
  if (!isKnown) tell(`"bots": want a list of names of bots (${known})`);
  return isKnown ? given : [];
}

function readRoutes(
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

function wholeOf(
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

function unknownMember(member: string): string {
  const shown = ENTRY_NAME.test(member) ? ` "${member}"` : "";
  return `has an unknown member${shown}: want none but ${list(MEMBERS)}`;
}

function labelOf(given: unknown, at: number): string {
  const name = isObject(given) ? given["name"] : undefined;
  return typeof name === "string" && ENTRY_NAME.test(name)
    ? `key "${name}"`
    : `key ${at + 1}`;
}

function list(names: readonly string[]): string {
  return names.join(", ");
}
