import {
  brotliDecompressSync,
  gunzipSync,
  inflateSync,
  zstdDecompressSync,
} from "../../deps.ts";
import type { AnswerBody } from "../domain/answer.ts";
import { type HeaderList, headerOf } from "../domain/headers.ts";

/** Largest decompressed error. Discord's are far smaller; the bound is against a decompression bomb. */
const PLAIN_BYTES_MAX = 64 * 1024;

const READERS: Readonly<
  Record<
    string,
    (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array
  >
> = {
  gzip: gunzipSync,
  "x-gzip": gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
};

/**
 * Decompresses the body of an error, for the proxy itself to read: callers ask for
 * compression, and only the body of a 429 has the exact wait. The caller gets the
 * bytes as they came. Undefined if the body is not compressed or is invalid.
 */
export function plainBodyOf(
  status: number,
  headers: HeaderList,
  body: AnswerBody,
): Uint8Array | undefined {
  if (status < 400 || !(body instanceof Uint8Array)) return undefined;
  const encoding = headerOf(headers, "content-encoding")?.trim().toLowerCase();
  const read = encoding === undefined ? undefined : READERS[encoding];
  if (read === undefined) return undefined;
  try {
    return read(body, { maxOutputLength: PLAIN_BYTES_MAX });
  } catch {
    return undefined;
  }
}
