import {
  brotliDecompressSync,
  gunzipSync,
  inflateSync,
  zstdDecompressSync,
} from "../../deps.ts";
import type { AnswerBody } from "../domain/answer.ts";
import { type HeaderList, headerOf } from "../domain/headers.ts";

/** Errors are far smaller; the bound is what a hostile one may blow itself up to. */
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
 * What a compressed error says, for us to read: callers ask for compression,
 * and a 429's exact wait stands in its body alone. The caller still gets the
 * bytes as they came. Undefined where there is nothing to undo or it fails.
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
