import type { Frame } from "./frame.ts";

/**
 * The name a `req` gives its request within a session: only strings and
 * numbers name one (I1). Equal JSON values give equal names.
 */
export function reqKeyOf(req: unknown, reqText: string): string | undefined {
  if (typeof req === "string") return `s${req}`;
  if (typeof req !== "number") return undefined;
  // 1, 1.0 and 1e0 are one number; beyond 2^53 only the digits tell two apart.
  return `n${Number.isSafeInteger(req) ? req : reqText}`;
}

/** Whether both texts spell the same JSON value. */
export function isSameReq(one: string, other: string): boolean {
  return one === other ||
    JSON.stringify(JSON.parse(one)) === JSON.stringify(JSON.parse(other));
}

/** What tells a re-sent frame from another one with the same `req` (I4). */
export function fingerprintParts(
  frame: Frame,
  verb: string,
  path: string,
): ReadonlyArray<string | Uint8Array<ArrayBuffer>> {
  const texts = [verb, path, frame.dataText ?? "", frame.filesText ?? ""];
  // A zero cannot stand raw in any of them, so the seams are plain to see.
  const joined = texts.join("\0");
  return frame.fileBytes === undefined ? [joined] : [joined, frame.fileBytes];
}
