import type { Method } from "../../domain/request.ts";

/** The five verbs of REP and their HTTP methods. */
export const VERBS = {
  GET: "GET",
  CREATE: "PUT",
  DELETE: "DELETE",
  UPDATE: "PATCH",
  ACTION: "POST",
} as const satisfies Record<string, Method>;

/** What a request does, as REP spells it (C19). */
export type Verb = keyof typeof VERBS;

/** All spellings in upper case; the HTTP methods are aliases (C22). */
const SPELLINGS: ReadonlyMap<string, Verb> = new Map<string, Verb>([
  ["GET", "GET"],
  ["CREATE", "CREATE"],
  ["DELETE", "DELETE"],
  ["UPDATE", "UPDATE"],
  ["ACTION", "ACTION"],
  ["PUT", "CREATE"],
  ["PATCH", "UPDATE"],
  ["POST", "ACTION"],
]);

/** Only ASCII letters: `toUpperCase` would make the dotless "ı" of "actıon" an "I". */
const WORD = /^[A-Za-z]{3,6}$/;

/** The verb that a method names in upper or lower case; undefined if it names none. */
export function verbOf(spelt: string): Verb | undefined {
  const verb = SPELLINGS.get(spelt);
  if (verb !== undefined || !WORD.test(spelt)) return verb;
  return SPELLINGS.get(spelt.toUpperCase());
}
