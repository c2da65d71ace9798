import {
  brotliDecompressSync,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
} from "../../deps.ts";
import { GrowingBytes } from "../collections/growing_bytes.ts";
import type { HeaderList } from "../domain/headers.ts";
import { zstdFramesOf } from "./zstd_frames.ts";

type Bytes = Uint8Array<ArrayBuffer>;
interface Bound {
  readonly maxOutputLength: number;
}
type Decoder = (bytes: Uint8Array, bound: Bound) => Uint8Array;

const DECODERS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ["gzip", gunzipSync],
  ["x-gzip", gunzipSync],
  ["deflate", inflateEither],
  ["br", wholeBrotli],
  ["zstd", wholeZstd],
]);

/**
 * Nobody compresses more often than twice (an origin, and an edge in front of
 * it). Each coding costs up to the bound in memory and time.
 */
const CODINGS_MAX = 3;

/** What came of removing the codings of a body. */
export type Decoded =
  | { readonly kind: "plain"; readonly bytes: Bytes }
  /** A coding is none that is known here, or there are too many. */
  | { readonly kind: "unknown" }
  /** It has more bytes than the bound. */
  | { readonly kind: "large" }
  /** It is not what `coding` says, or breaks off. */
  | { readonly kind: "broken"; readonly coding: string };

/** The content codings that `Content-Encoding` names, in lower case, in the order in which they were applied. */
export function codingsOf(headers: HeaderList): readonly string[] {
  return headers
    .filter(([name]) => name === "content-encoding")
    .flatMap(([, value]) => value.split(","))
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== "" && coding !== "identity");
}

/** Removes the codings of a body, the last one first; at no step may it have more than `bytesMax`. */
export function decode(
  body: Bytes,
  codings: readonly string[],
  bytesMax: number,
): Decoded {
  const isKnown = codings.length <= CODINGS_MAX &&
    codings.every((coding) => DECODERS.has(coding));
  if (!isKnown) return { kind: "unknown" };
  let bytes: Uint8Array = body;
  for (const coding of codings.toReversed()) {
    try {
      bytes = DECODERS.get(coding)?.(bytes, { maxOutputLength: bytesMax }) ??
        bytes;
    } catch (error) {
      return isTooLarge(error) ? { kind: "large" } : { kind: "broken", coding };
    }
  }
  // The decoders' memory is never shared, though their types allow for it.
  return { kind: "plain", bytes: bytes as Bytes };
}

/** `deflate` means the zlib format (RFC 9110, 8.4.1.2), but some servers leave its two-byte header out. */
function inflateEither(bytes: Uint8Array, bound: Bound): Uint8Array {
  const [method = 0, flags = 0] = bytes;
  const hasZlibHeader = (method & 15) === 8 &&
    (method * 256 + flags) % 31 === 0;
  return hasZlibHeader
    ? inflateSync(bytes, bound)
    : inflateRawSync(bytes, bound);
}

/**
 * The runtime's brotli and zstd give what they have of a body that breaks off,
 * without an error (Deno 2.9.6, seen 2026-11). A brotli decoder that reached the
 * end does not read the byte behind it; one that wants more does.
 */
function wholeBrotli(bytes: Uint8Array, bound: Bound): Uint8Array {
  const longer = new Uint8Array(bytes.length + 1);
  longer.set(bytes);
  const read: unknown = brotliDecompressSync(longer, { ...bound, info: true });
  const { buffer, engine } = read as InfoOfDecoder;
  if (engine.bytesWritten !== bytes.length) throw new Error("Not its end");
  return buffer;
}

/** One by one: of several frames together the runtime may leave out all but the first. */
function wholeZstd(bytes: Uint8Array, bound: Bound): Uint8Array {
  const frames = zstdFramesOf(bytes);
  if (frames === undefined) throw new Error("Not its end");
  const whole = new GrowingBytes(0);
  for (const frame of frames) {
    whole.add(zstdDecompressSync(frame, bound));
    if (whole.length > bound.maxOutputLength) throw new RangeError("Too large");
  }
  return whole.take();
}

/** What `info: true` gives; the runtime's types leave it out. */
interface InfoOfDecoder {
  readonly buffer: Uint8Array;
  /** Its `bytesWritten` are those of the input that were read. */
  readonly engine: { readonly bytesWritten: number };
}

/** What exceeds `maxOutputLength` is a range error. */
function isTooLarge(error: unknown): boolean {
  return error instanceof RangeError;
}
