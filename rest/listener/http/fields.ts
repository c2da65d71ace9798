import { type HeaderList, headerOf } from "../../domain/headers.ts";

/** Spellings seen lately and their lower case; a bound on what callers can make us keep. */
const SPELLINGS_MAX = 500;
const lowerCases = new Map<string, string>();

/** The field of that name (lower case), or null as `Headers` has it. */
export function fieldOf(fields: HeaderList, name: string): string | null {
  return headerOf(fields, name) ?? null;
}

/**
 * A request's header fields out of names and values in turn. A name that comes
 * twice becomes one field with both values, as the section on field order of RFC 9110 lets anybody do:
 * nobody behind can then take the first and nobody the second.
 */
export function fieldsOf(raw: readonly string[]): HeaderList {
  const fields: Array<readonly [string, string]> = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = lowerCaseOf(raw[at] ?? "");
    // What HTTP/2 says beside the headers.
    if (name.charCodeAt(0) === COLON) continue;
    const value = raw[at + 1] ?? "";
    const twinAt = placeIn(fields, name);
    if (twinAt < 0) fields.push([name, value]);
    else fields[twinAt] = [name, `${fields[twinAt]?.[1]}, ${value}`];
  }
  return fields;
}

function placeIn(fields: HeaderList, name: string): number {
  for (let at = 0; at < fields.length; at++) {
    if (fields[at]?.[0] === name) return at;
  }
  return -1;
}

const COLON = 0x3a;

function lowerCaseOf(spelling: string): string {
  const known = lowerCases.get(spelling);
  if (known !== undefined) return known;
  const name = spelling.toLowerCase();
  if (lowerCases.size < SPELLINGS_MAX) lowerCases.set(spelling, name);
  return name;
}
