import { Refusal } from "../../domain/refusal.ts";
import { type JsonChild, jsonChildren } from "./json_children.ts";

/** A parameter is a value or an array of values; nothing nests deeper. */
const DEPTH_MAX = 2;

/**
 * Writes the `data` of a GET as query parameters (C26): `a=1&b=2`, or "". It
 * works on the JSON text, so that numbers keep every digit.
 */
export function queryOf(dataText: string): string {
  if (!dataText.startsWith("{")) throw notAnObject();
  const members = jsonChildren(dataText, DEPTH_MAX);
  if (members === undefined) throw tooMuch();
  const parts: string[] = [];
  for (const [name, text] of lastOfEachName(members)) {
    if (text.startsWith("[")) {
      const elements = jsonChildren(text, 1);
      if (elements === undefined) throw tooMuch();
      for (const element of elements) addPart(parts, name, element.text);
    } else {
      addPart(parts, name, text);
    }
  }
  return parts.join("&");
}

/** Appends parameters to a path that may have a query already. */
export function withQuery(path: string, query: string): string {
  if (query === "") return path;
  const at = path.indexOf("?");
  if (at === -1) return `${path}?${query}`;
  return at === path.length - 1 || path.endsWith("&")
    ? path + query
    : `${path}&${query}`;
}

function lastOfEachName(members: readonly JsonChild[]): Map<string, string> {
  return new Map(members.map(({ name, text }) => [name ?? "", text]));
}

function addPart(parts: string[], name: string, text: string): void {
  if (text === "null") return;
  if (text.startsWith("{") || text.startsWith("[")) throw tooMuch();
  // Only strings are written differently in a query and in JSON.
  const value = text.startsWith('"') ? String(JSON.parse(text)) : text;
  parts.push(`${escaped(name)}=${escaped(value)}`);
}

function escaped(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function notAnObject(): Refusal {
  return new Refusal(
    "bad_data",
    "Invalid data: with GET it must be an object of query parameters",
  );
}

function tooMuch(): Refusal {
  return new Refusal(
    "bad_data",
    "Invalid data: with GET a parameter must be a value or an array of some values",
  );
}
