import type { KeyEntry, KeyRights } from "../domain/access.ts";
import type { Urgency } from "../domain/urgency.ts";
import { readRoutes, type Tell, unknownMember, wholeOf } from "./members.ts";
import { readRules } from "./read_rules.ts";
import {
  ENTRY_NAME,
  ENTRY_NAME_WANTED,
  isObject,
  jsonIn,
  type SettingFile,
} from "./setting_file.ts";

/** Every key is compared with what every caller shows, some 0.4 µs each. */
const KEYS_MAX = 100;
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
  "rules",
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
    if (!MEMBERS.includes(member)) tell(unknownMember(member, MEMBERS));
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
    const fault = sha256 === undefined
      ? 'has no "sha256"'
      : 'has a "sha256" that is none';
    tell(`${fault}: want 64 hex digits, as \`deno task key\` prints them`);
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
    rules: readRules(given["rules"], (problem) => tell(`"rules": ${problem}`)),
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

function labelOf(given: unknown, at: number): string {
  const name = isObject(given) ? given["name"] : undefined;
  return typeof name === "string" && ENTRY_NAME.test(name)
    ? `key "${name}"`
    : `key ${at + 1}`;
}

function list(names: readonly string[]): string {
  return names.join(", ");
}
