import { Refusal } from "../../domain/refusal.ts";

/** A file that is sent to Discord as one part of a form. */
export interface FilePart {
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const TYPE_DEFAULT = "application/octet-stream";
/** A media type, perhaps with parameters. It is written into a header of the part. */
const MEDIA_TYPE = /^[\w.+!#$&^-]{1,80}\/[\w.+!#$&^-]{1,80}[ -~]{0,100}$/;

/**
 * Reads `files`. Each has its content as base64 (E4), or its size if `tail` has
 * the contents one after the other (E5).
 */
export function readFiles(
  files: unknown,
  tail: Uint8Array<ArrayBuffer> | undefined,
): readonly FilePart[] {
  if (files === undefined || files === null) return withoutFiles(tail);
  if (!Array.isArray(files)) throw bad("an array is wanted");
  let used = 0;
  const parts = files.map((entry: unknown, index) => {
    const file = readEntry(entry, index);
    if (tail === undefined) return { ...file, bytes: decoded(entry, index) };
    const size = sizeOf(entry, index, tail.byteLength - used);
    used += size;
    return { ...file, bytes: tail.subarray(used - size, used) };
  });
  if (tail !== undefined && used !== tail.byteLength) {
    throw bad(`the sizes add up to ${used}, ${tail.byteLength} bytes came`);
  }
  return parts;
}

function withoutFiles(tail: Uint8Array | undefined): readonly FilePart[] {
  if (tail === undefined || tail.byteLength === 0) return [];
  throw bad(`none is named, ${tail.byteLength} bytes came`);
}

function readEntry(
  entry: unknown,
  index: number,
): { readonly name: string; readonly type: string } {
  if (typeof entry !== "object" || entry === null) {
    throw bad(`entry ${index} must be an object`);
  }
  const { name, type = TYPE_DEFAULT }: { name?: unknown; type?: unknown } =
    entry;
  if (typeof name !== "string" || name === "") {
    throw bad(`entry ${index} must have a name`);
  }
  if (typeof type !== "string" || !MEDIA_TYPE.test(type)) {
    throw bad(`entry ${index} must have a media type such as image/png`);
  }
  return { name, type };
}

function decoded(entry: unknown, index: number): Uint8Array<ArrayBuffer> {
  const { base64 } = entry as { base64?: unknown };
  if (typeof base64 !== "string") {
    throw bad(`entry ${index} must have its content in base64`);
  }
  try {
    return Uint8Array.fromBase64(base64);
  } catch {
    throw bad(`the base64 of entry ${index} cannot be decoded`);
  }
}

function sizeOf(entry: unknown, index: number, left: number): number {
  const { size } = entry as { size?: unknown };
  if (typeof size === "number" && Number.isInteger(size) && size >= 0) {
    if (size <= left) return size;
    throw bad(`entry ${index} has size ${size}, only ${left} bytes are left`);
  }
  throw bad(`entry ${index} must have its size in bytes`);
}

function bad(problem: string): Refusal {
  return new Refusal("bad_data", `Invalid files: ${problem}`);
}
