import type { Frame } from "./frame.ts";

/**
 * The key of a request within its session. Only strings and numbers make one
 * (I1), and equal JSON values make equal keys.
 */
export function reqKeyOf(req: unknown, reqText: string): string | undefined {
  if (typeof req === "string") return `s${req}`;
  if (typeof req !== "number") return undefined;
  // 1, 1.0 and 1e0 are the same number; beyond 2^53 only the digits distinguish numbers.
  return `n${Number.isSafeInteger(req) ? req : reqText}`;
}

/** Whether two JSON texts have the same value. */
export function isSameReq(one: string, other: string): boolean {
  return one === other ||
    JSON.stringify(JSON.parse(one)) === JSON.stringify(JSON.parse(other));
}

/** The parts of a frame that distinguish a repeated request from another one with the same `req` (I4). */
export function fingerprintParts(
  frame: Frame,
  verb: string,
  path: string,
): ReadonlyArray<string | Uint8Array<ArrayBuffer>> {
  const texts = [verb, path, frame.dataText ?? "", frame.filesText ?? ""];
  // None of the texts can contain a raw NUL, so the parts cannot run into each other.
  const joined = texts.join("\0");
  return frame.fileBytes === undefined ? [joined] : [joined, frame.fileBytes];
}
