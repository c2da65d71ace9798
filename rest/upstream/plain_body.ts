import type { AnswerBody } from "../domain/answer.ts";
import type { HeaderList } from "../domain/headers.ts";
import { codingsOf, decode } from "../streams/content_codings.ts";

/** Largest decompressed error. Discord's are far smaller; the bound is against a decompression bomb. */
const PLAIN_BYTES_MAX = 64 * 1024;

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
  const codings = codingsOf(headers);
  if (codings.length === 0) return undefined;
  const decoded = decode(body, codings, PLAIN_BYTES_MAX);
  return decoded.kind === "plain" ? decoded.bytes : undefined;
}
